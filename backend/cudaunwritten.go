//go:build cuda

package backend

import "example.org/demote/cuda"

// runChecked is the first run of a part, see writtenCheck. It is the one time that whole tensors are copied up and down.
func (l *gpuLane) runChecked(p *gpuPart) error {
	buffer := func(t Tensor) []byte { return make([]byte, t.elems()*t.Type.Size()) }
	err := writtenCheck{
		put: func(t Tensor, pattern uint64) error {
			b := buffer(t)
			poison(b, pattern)
			return l.buffers[t.Name].memory.Upload(l.g.stream, b)
		},
		run: func() error { return cuda.Explain(p.binding.RunWith(l.plain)) },
		kept: func(t Tensor, pattern uint64) (bool, error) {
			b := buffer(t)
			err := l.buffers[t.Name].memory.Download(l.g.stream, b)
			return poisoned(b, t.Type.Size(), pattern), err
		},
	}.check(p.Outputs)
	p.proved = err == nil
	return err
}
