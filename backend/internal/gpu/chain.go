//go:build cuda

package gpu

import (
	"fmt"
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/cuda"
	"example.org/demote/quant"
)

// part is a compiled segment: a session on the CUDA provider, bound to fixed places in the device's
// memory, so that its runs can be captured as one graph and replayed.
type part struct {
	*device.Segment
	session *cgo.Session
	model   device.Model // to make the session again, see engines.go; empty once the part is settled
	engines int          // of cgo.Engines: how cuDNN is asked for engines
	loose   bool         // its runs did not repeat with the engines before
	binding *cgo.Binding
	network *network // to make the session again
	proved  bool     // it has been seen to write its outputs, see runChecked
	data    bool     // it reads inputs of the network
	plainly string   // why its runs are not captured and replayed; empty: they are
}

// network is a network on a GPU with its one lane.
type network struct {
	device.NetworkBase
	g     *gpu
	lane  *lane
	parts []*part
	grids *cuda.Buffer[quant.Params] // by holder, as the lane's mask chooses: what the nodes read
	once  constants                  // that several parts have
}

// tensor is device memory as the runtime and as kernels see it.
type tensor struct {
	device.Tensor
	memory *cuda.Buffer[uint8]
	floats *cuda.Buffer[float32] // the same memory; nil if it is of another type
	value  *cgo.DeviceTensor
}

// Compile makes a session a segment. There is at most one lane: the device's queue keeps it busy.
func (g *gpu) Compile(parts []*device.Segment, inputs []device.Tensor, lanes int) (device.Network, error) {
	c := &network{g: g}
	err := g.worker.Do(func(d *cuda.Device) (err error) {
		if c.grids, err = cuda.NewBuffer[quant.Params](d, "the chosen grids", max(1, len(g.opts.Records))); err != nil {
			return err
		}
		if err = c.once.open(g, parts); err != nil {
			return err
		}
		for i, s := range parts {
			p := &part{Segment: s, network: c}
			model := s.Model
			if len(s.Followed) > 0 {
				if model, err = s.Open(); err != nil {
					return err
				}
			}
			if p.session, p.plainly, err = c.session(model, cgo.Engines[0]); err != nil {
				return fmt.Errorf("cannot compile part %d of %d: %w", i+1, len(parts), err)
			}
			p.model = model
			c.parts = append(c.parts, p)
			s.Model = device.Model{} // the session has its own
			g.opts.Stepped()
		}
		if lanes > 0 {
			c.lane, err = newLane(g, c.parts, inputs, c.grids)
		}
		return err
	})
	if err != nil {
		c.Close()
		return nil, gpuError(err)
	}
	return c, nil
}

// tensor makes device memory for a tensor.
func (g *gpu) tensor(t device.Tensor) (_ *tensor, err error) {
	v := &tensor{Tensor: t}
	if v.memory, err = cuda.NewBuffer[uint8](g.d, t.Name, t.Elems()*t.Type.Size()); err != nil {
		return nil, err
	}
	if t.Type == cgo.Float32 {
		v.floats = cuda.Reinterpret[float32](v.memory)
	}
	if v.value, err = g.value(t, v.memory); err != nil {
		v.close()
		return nil, err
	}
	return v, nil
}

// value is device memory as the runtime sees it.
func (g *gpu) value(t device.Tensor, memory *cuda.Buffer[uint8]) (*cgo.DeviceTensor, error) {
	at := g.ordinal
	if g.standIn {
		at = cgo.HostReadable
	}
	return cgo.NewDeviceTensor(memory.Address(), at, t.Type, t.Dims...)
}

func (v *tensor) close() {
	if v == nil {
		return
	}
	v.value.Close()
	_ = v.memory.Close()
}

func (c *network) Lanes() []device.Lane {
	if c.lane == nil {
		return nil
	}
	return c.lane.list
}

// Narrow implements device.Network.
func (c *network) Narrow(chosen []int) {
	_ = c.g.worker.Do(func(*cuda.Device) error {
		all := c.parts
		c.parts = nil
		for _, at := range chosen {
			c.parts = append(c.parts, all[at])
		}
		for _, p := range all {
			if !slices.Contains(c.parts, p) {
				p.binding.Close()
				p.session.Close()
			}
		}
		if c.lane != nil {
			c.lane.parts = c.parts
		}
		return nil
	})
}

// Close gives sessions and memory back, on the worker's thread. It may be called more than once.
func (c *network) Close() {
	_ = c.g.worker.Do(func(*cuda.Device) error {
		for _, p := range c.parts {
			p.binding.Close()
		}
		if c.lane != nil {
			c.lane.close()
		}
		for _, p := range c.parts {
			p.session.Close()
		}
		c.once.close()
		_ = c.grids.Close()
		c.parts = nil
		return nil
	})
}
