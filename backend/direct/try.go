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

// Try loads a model and runs it once, on the first samples of its inputs or zeros. It is for a child process: a fault
// of ONNX Runtime kills the process by its signal, which the parent sees. The caller must not keep model, of which the
// session has a copy.
func Try(model []byte, inputs []device.Tensor, o TryOptions) error {
	var session *cgo.Session
	var err error
	cgo.FaultsKill(func() {
		session, err = cgo.NewSession(model, cgo.Options{Level: o.Level, IntraThreads: 1, Config: o.Config})
	})
	if err != nil {
		return fmt.Errorf("onnx runtime cannot load the network: %w", err)
	}
	defer session.Close()
	o.Loaded()
	_, err = runOnce(session.Measure, inputs, cgo.FaultsKill)
	return err
}
