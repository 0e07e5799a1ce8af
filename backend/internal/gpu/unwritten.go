//go:build cuda

package gpu

import (
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/cuda"
)

// runChecked is the first run of a part, see writtenCheck. It is the one time that whole tensors are copied up and
// down.
func (l *lane) runChecked(p *part) error {
	buffer := func(t device.Tensor) []byte { return make([]byte, t.Elems()*t.Type.Size()) }
	err := device.WrittenCheck{
		Put: func(t device.Tensor, pattern uint64) error {
			b := buffer(t)
			device.Poison(b, pattern)
			return l.buffers[t.Name].memory.Upload(l.g.stream, b)
		},
		Run: func() error { return cuda.Explain(p.binding.RunWith(l.plain)) },
		Kept: func(t device.Tensor, pattern uint64) (bool, error) {
			b := buffer(t)
			err := l.buffers[t.Name].memory.Download(l.g.stream, b)
			return device.Poisoned(b, t.Type.Size(), pattern), err
		},
	}.Check(slices.Concat(p.Outputs, p.Left))
	p.proved = err == nil
	return err
}
