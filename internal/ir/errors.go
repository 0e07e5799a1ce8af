package ir

import (
	"errors"
	"fmt"
	"io/fs"
)

// Bare returns the error inside an *fs.PathError, without operation and path, for messages that name the file
// themselves. Other errors it returns as they are.
func Bare(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	return err
}

// InFile wraps the error of a later step with the path of the model's file. nil stays nil.
func (m *Model) InFile(err error) error {
	if err == nil || m.Path == "" {
		return err
	}
	return fmt.Errorf("%s: %w", m.Path, err)
}

// NodeName returns the name of a node for messages: its operator with its name or, if it has none, its first output,
// such as `Conv node "conv1"`. Names of nodes are optional (IR specification, Nodes), those of outputs are not.
func NodeName(n Node) string {
	name := n.GetName()
	for _, out := range n.GetOutput() {
		if name == "" {
			name = out
		}
	}
	return fmt.Sprintf("%s node %q", n.GetOpType(), name)
}
