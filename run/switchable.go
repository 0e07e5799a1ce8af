package run

import (
	"context"
	"unsafe"

	"example.org/demote/backend"
	"example.org/demote/internal/rewrite"
	"example.org/demote/onnx"
)

// measured is what the runtime says of the shapes of the network's tensors. It is asked once.
func (p *prepared) measured(ctx context.Context) (*shapes, error) {
	var err error
	if p.shapes == nil {
		p.shapes, err = measureShapes(ctx, p.network.Model, p.inputs, p.block)
		if p.own != nil {
			p.own.shapes = p.shapes
		}
	}
	return p.shapes, p.ofShape(err)
}

// fixed is the network with shapes for blocks of the chosen size, see shapes.fix.
func (p *prepared) fixed(ctx context.Context, open ...string) (*onnx.Model, error) {
	s, err := p.measured(ctx)
	if err != nil {
		return nil, err
	}
	return s.fix(p.network.Model, p.inputs, p.block, open)
}

// source is the switchable network, cut for the metric's output.
func (p *prepared) source(ctx context.Context) (*source, error) {
	src, _, err := p.sourceFor(ctx, false, false)
	return src, err
}

// sourceFor is source with the samples that it takes: bytes where the data have them, if it is asked for.
func (p *prepared) sourceFor(ctx context.Context, bytes, gpu bool) (*source, backend.Samples, error) {
	var open []string
	for _, f := range p.network.Followed {
		open = append(open, f.Name)
	}
	for _, h := range p.network.Holders { // a class token that is repeated for each sample is a constant, with a holder
		open = append(open, h.Tensor)
	}
	fixed, err := p.fixed(ctx, open...)
	if err != nil {
		return nil, nil, err
	}
	n := *p.network
	n.Model = fixed
	var given samples = p.data
	var fed map[string]string
	if bytes {
		given, fed = p.bytesIn(fixed, gpu)
	}
	if !p.fixShapes {
		n.Model = p.shapes.asOpen(fixed, p.network.Model)
	}
	switchable, err := rewrite.Switchable(&n, p.records)
	if err != nil {
		return nil, nil, err
	}
	src, err := newSource(switchable, len(n.Holders), []string{p.output})
	if err == nil {
		src.followed, src.first = n.Followed, map[string]func([]byte, int) error{}
		for i, in := range p.inputs {
			if name, is := fed[in.Name]; is {
				src.first[name] = firstOf(given, i, in.Pieces())
				continue
			}
			src.first[in.Name] = in.First
		}
	}
	return src, given, err
}

// plainSource is any model that runs as it is: a network without holders.
func plainSource(ctx context.Context, m *onnx.Model, inputs []backend.Tensor, block int, output string) (*source, error) {
	s, err := measureShapes(ctx, m, inputs, block)
	if err != nil {
		return nil, err
	}
	fixed, err := s.fix(m, inputs, block, nil)
	if err != nil {
		return nil, err
	}
	return newSource(s.asOpen(fixed, m), 0, []string{output})
}

// floatBytes is the memory of a slice as bytes.
func floatBytes(v []float32) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), 4*len(v))
}
