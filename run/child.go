package run

import (
	"fmt"
	"os"

	"example.org/demote/internal/sandbox"
)

// Child makes the process a child that tries a network, if that is what the command line asks for; then main must end
// the process with the code, and do nothing else before. A program that calls it has networks that this machine has
// not loaded before tried in a child: ONNX Runtime dies of some files, and takes the process with it that loads them.
// The child is this very program and no other: on Linux also where another has taken its place on disk, elsewhere
// os.Executable.
func Child(args []string) (code int, child bool) {
	child, err := sandbox.Child(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return ExitInternal, true
	}
	return ExitFound, child
}
