package direct

import (
	"fmt"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
)

// TryOptions say how Try loads and runs a network.
type TryOptions struct {
	Level  int               // optimization level of the session
	Config map[string]string // session configuration entries
	Loaded func()            // called between loading and running
}

// Try loads a model and runs it once, on the first samples of its inputs or zeros. It is for a process that may die
// of that: a fault of ONNX Runtime ends it by its signal, for a parent to see. The caller must not hold on to model,
// of which the session has a copy.
func Try(model []byte, inputs []device.Tensor, o TryOptions) error {
	var session *cgo.Session
	var err error
	cgo.DieOfFaults(func() {
		session, err = cgo.NewSession(model, cgo.Options{Level: o.Level, IntraThreads: 1, Config: o.Config})
	})
	if err != nil {
		return fmt.Errorf("onnx runtime cannot load the network: %w", err)
	}
	defer session.Close()
	o.Loaded()
	_, err = runOnce(session.Measure, inputs, cgo.DieOfFaults)
	return err
}
