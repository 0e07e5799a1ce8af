//go:build cuda

package gpu

import (
	"slices"
	"unsafe"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
)

// constants are the large weights that several parts of a network have, once on the device: sessions read them where
// they lie (cgo.CUDAOptions.Initializers). Entries into a network would have each of them four and a half times
// otherwise, where there are eight.
type constants struct {
	values map[string]*tensor // by name
	data   map[string]*byte   // by name: where the bytes lie on the host, which says that it is the same constant
}

// open brings them to the device, on the worker's thread.
func (c *constants) open(g *gpu, parts []*device.Segment) error {
	c.values, c.data = map[string]*tensor{}, map[string]*byte{}
	met := map[string]*byte{}
	for _, s := range parts {
		for _, w := range s.Model.Weights {
			if slices.ContainsFunc(s.Followed, func(f device.Followed) bool { return f.Name == w.Name }) {
				continue // weights has them
			}
			at := unsafe.SliceData(w.Data)
			if met[w.Name] == nil {
				met[w.Name] = at
				continue
			}
			if met[w.Name] != at || c.values[w.Name] != nil || w.Type != cgo.Float32 {
				continue
			}
			v, err := g.tensor(device.Tensor{Name: w.Name, Type: w.Type, Dims: w.Dims})
			if err != nil {
				return err
			}
			c.values[w.Name], c.data[w.Name] = v, at
			if err := v.memory.Upload(g.stream, w.Data); err != nil {
				return err
			}
		}
	}
	return nil
}

// of are those that a model has.
func (c *constants) of(model device.Model) map[string]*cgo.DeviceTensor {
	list := map[string]*cgo.DeviceTensor{}
	for _, w := range model.Weights {
		if v := c.values[w.Name]; v != nil && c.data[w.Name] == unsafe.SliceData(w.Data) {
			list[w.Name] = v.value
		}
	}
	return list
}

// close gives the memory back, on the worker's thread. It may be called more than once.
func (c *constants) close() {
	for _, v := range c.values {
		v.close()
	}
	*c = constants{}
}
