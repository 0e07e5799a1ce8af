package backend

import (
	"fmt"

	"demote/cgo"
)

// TryOptions say how Try loads and runs a network.
type TryOptions struct {
	Level  int               // optimization level of the session
	Config map[string]string // session configuration entries
	Loaded func()            // called between loading and running
}

// Try loads a model and runs it once, on zeros. It is for a process that may die of that.
func Try(model []byte, inputs []Tensor, o TryOptions) error {
	session, err := cgo.NewSession(model, cgo.Options{Level: o.Level, IntraThreads: 1, Config: o.Config})
	if err != nil {
		return fmt.Errorf("onnx runtime cannot load the network: %w", err)
	}
	defer session.Close()
	o.Loaded()
	_, err = runOnZeros(session, inputs)
	return err
}

// DieOfFaults lets a fault end this process by its signal, for a parent to see.
func DieOfFaults() { cgo.DieOfFaults() }

// RuntimePath is the absolute path of the open ONNX Runtime library; empty before OpenRuntime.
func RuntimePath() string { return cgo.Path() }
