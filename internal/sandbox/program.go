package sandbox

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"example.org/demote/backend"
	"example.org/demote/backend/direct"
	"example.org/demote/internal/memory"
)

// tryWord is the hidden command of a child that tries a network: its only argument.
const tryWord = "try-network-of-parent"

// TryHere says that this program has called Child, so that a copy of it can be such a child.
var TryHere bool

// A tryOrder is what a child is to do. On its standard input the model follows it.
type tryOrder struct {
	Runtime string            `json:"runtime"` // path of the library
	Level   int               `json:"level"`
	Config  map[string]string `json:"config"`
	Inputs  []backend.Tensor  `json:"inputs"`
	Size    int               `json:"size"`   // of the model, in bytes
	Values  []int             `json:"values"` // bytes that follow the model for each input; 0: it is fed with zeros
}

// What a child says on its standard output, a line each; the last is followed by the text of an error.
const tryLoaded, tryRan, tryFailed = "loaded", "ran", "failed: "

// Child makes this process a child that tries a network, if the command line asks for that. Then main must end the
// process with the code. Call it before anything else in main. A program that calls it tries networks that are new on
// this machine in a child, since some files crash ONNX Runtime and its process. The child is this same program: on
// Linux even if its file on disk was replaced, elsewhere os.Executable.
func Child(args []string) (child bool, err error) {
	if len(args) != 2 || args[1] != tryWord {
		TryHere = true
		return false, nil
	}
	return true, tryAsTold(os.Stdin, os.Stdout)
}

// tryAsTold reads an order and a model, and tries it. It ends the process when in ends: the parent is gone then.
func tryAsTold(in io.Reader, out io.Writer) error {
	from := bufio.NewReader(in)
	line, err := from.ReadString('\n')
	if err != nil {
		return errors.New("this command is for demote itself: it reads a network from its standard input")
	}
	var o tryOrder
	if err := json.Unmarshal([]byte(line), &o); err != nil {
		return err
	}
	memory.Limit()
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP) // they are for the parent, which ends this process
	model := make([]byte, o.Size)
	if _, err := io.ReadFull(from, model); err != nil {
		return err
	}
	for i, size := range o.Values[:min(len(o.Values), len(o.Inputs))] {
		values := make([]byte, size)
		if _, err := io.ReadFull(from, values); err != nil {
			return err
		}
		o.Inputs[i].First = func(dst []byte, _ int) error { copy(dst, values); return nil }
	}
	if err := backend.OpenRuntime(o.Runtime); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, from)
		os.Exit(1) // the parent is gone
	}()
	err = direct.Try(model, o.Inputs, direct.TryOptions{Level: o.Level, Config: o.Config, Loaded: func() {
		debug.FreeOSMemory() // of the model, which nothing reads any more
		fmt.Fprintln(out, tryLoaded)
	}})
	if err != nil {
		fmt.Fprintln(out, tryFailed+strings.Join(strings.Fields(err.Error()), " "))
		return nil
	}
	fmt.Fprintln(out, tryRan)
	return nil
}
