package ir

import (
	"errors"
	"fmt"
	"io/fs"
)

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
