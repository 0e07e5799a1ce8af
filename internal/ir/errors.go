package ir

import (
	"errors"
	"fmt"
	"io/fs"
)

// ErrInput marks errors whose cause is the user's file: missing, damaged, of an unsupported version, or a network that
// cannot be quantized. The text of such an error names the file, and the node, tensor or attribute where there is one.
var ErrInput = errors.New("onnx: bad input")

// inputError is an error that reads as its own text alone and still matches ErrInput and what it wraps.
type inputError struct{ err error }

func (e *inputError) Error() string   { return e.err.Error() }
func (e *inputError) Unwrap() []error { return []error{ErrInput, e.err} }

// BadInput makes an ErrInput error; %w works as in fmt.Errorf.
func BadInput(format string, args ...any) error { return &inputError{fmt.Errorf(format, args...)} }

// Bare takes the operation and the path off an error of the file system, for texts that name the file themselves.
func Bare(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	return err
}

// InFile puts the name of the model's file in front of an error of a later step.
func (m *Model) InFile(err error) error {
	if err == nil || m.Path == "" {
		return err
	}
	return fmt.Errorf("%s: %w", m.Path, err)
}

// NodeName returns what a message calls a node: its operator and its name or, if it has none, its first output that has one.
func NodeName(n Node) string {
	name := n.GetName()
	for _, out := range n.GetOutput() {
		if name == "" {
			name = out
		}
	}
	return fmt.Sprintf("%s node %q", n.GetOpType(), name)
}
