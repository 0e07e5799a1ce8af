//go:build cuda

package gpu

import (
	"errors"
	"fmt"
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
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
	}.Check(p.Outputs)
	p.proved = err == nil
	return err
}

// prove runs a part for the first time. Where cuDNN's heuristics know no engine for a convolution in full float32, the
// session is made again with cuDNN asked another way.
func (l *lane) prove(p *part) error {
	err := l.runChecked(p)
	for errors.Is(err, cuda.ErrNoEngine) && p.engines+1 < len(cgo.Engines) {
		p.engines++
		if err = l.remake(p); err == nil {
			err = l.runChecked(p)
		}
	}
	if err == nil {
		p.model = device.Model{}
	}
	return err
}

// Remark implements device.Lane: it says for how many parts cuDNN was asked otherwise than for the others.
func (l *lane) Remark() string {
	other, by := 0, 0
	for _, p := range l.parts {
		if p.engines > 0 {
			other, by = other+1, max(by, p.engines)
		}
	}
	if other == 0 {
		return ""
	}
	return fmt.Sprintf("cuDNN's heuristics know no engine for convolutions of %d of %d parts: they use cudnn_conv_algo_search=%s", other, len(l.parts), cgo.Engines[by])
}

// remake makes the session of a part again, for its way of asking for engines.
func (l *lane) remake(p *part) (err error) {
	p.binding.Close()
	p.session.Close()
	if p.session, p.plainly, err = l.g.session(p.model, cgo.Engines[p.engines]); err != nil {
		return err
	}
	return l.bind(p, slices.Index(l.parts, p))
}
