package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"example.org/demote/backend"
	"example.org/demote/crash"
	"example.org/demote/engine"
	"example.org/demote/internal/external"
	"example.org/demote/internal/memory"
	"example.org/demote/internal/sandbox"
	"example.org/demote/internal/segments"
)

// RuntimeEnv is the environment variable that names the ONNX Runtime library or its folder.
const RuntimeEnv = engine.RuntimeEnv

// OpenRuntime is engine.OpenRuntime.
func OpenRuntime(library string) (path, how string, err error) { return engine.OpenRuntime(library) }

// RuntimeVersion is the version of the open ONNX Runtime; empty before OpenRuntime.
func RuntimeVersion() string { return engine.RuntimeVersion() }

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

// Explained is an error, or what it means where it is a fault of reading: external data that lie in a file which was
// cut short while it was mapped are a mistake of whoever cut it, not of this program. Such a fault ends a program
// that has not set debug.SetPanicOnFault in the goroutine that calls this package; here its own goroutines have it
// set.
func Explained(err error) error {
	var e *crash.Error
	if !errors.As(err, &e) {
		return err
	}
	if at, ok := e.Address(); ok {
		if changed := external.ChangedAt(at); changed != nil {
			return changed
		}
	}
	return err
}

// A Device is something that searches can run on.
type Device struct {
	Name string `json:"name"`
	Text string `json:"text"`
	Why  string `json:"unusable,omitempty"` // it cannot be used because; empty: it can
}

// Found is what `demote devices` says.
type Found struct {
	Runtime string   `json:"onnxruntime"`
	Library string   `json:"library"`
	How     string   `json:"found"`
	Devices []Device `json:"devices"`
}

// Devices is the command devices: the runtime that was found, and what searches can run on.
func Devices(ort string) (*Found, error) {
	path, how, err := OpenRuntime(ort)
	if err != nil {
		return nil, err
	}
	f := &Found{Runtime: backend.RuntimeVersion(), Library: path, How: how, Devices: []Device{{Name: backend.DeviceCPU,
		Text: fmt.Sprintf("%d cores, FakeQuant by %s, %s free", runtime.GOMAXPROCS(0), backend.Instructions(), memory.Text(memory.Free()))}}}
	gpus, err := backend.GPUs()
	if err != nil {
		return nil, err
	}
	for _, g := range gpus {
		if g.Why == "" { // that a provider can be made says little: it has to compute
			proof, err := segments.Proof()
			if err != nil {
				return nil, err
			}
			if err := backend.ProveGPU(context.Background(), g.Name, proof); err != nil {
				g.Why = err.Error()
			}
		}
		f.Devices = append(f.Devices, Device{Name: g.Name, Text: g.Text, Why: g.Why})
	}
	return f, nil
}

// BuiltFor says which devices this program was built for.
func BuiltFor() string {
	if backend.WithCUDA {
		return "the CPU and NVIDIA GPUs"
	}
	return "the CPU"
}
