package run

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/rewrite"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
)

// measured is what the runtime says of the shapes of the network's tensors. It is asked once.
func (p *prepared) measured(ctx context.Context) (*blocks.Shapes, error) {
	var err error
	if p.shapes == nil {
		p.shapes, err = blocks.Measure(ctx, p.network.Model, p.inputs, p.block)
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
	return s.Fix(p.network.Model, p.inputs, p.block, open)
}

// source is the switchable network, cut for the metric's output.
func (p *prepared) source(ctx context.Context) (*segments.Source, error) {
	src, _, err := p.sourceFor(ctx, false, false)
	return src, err
}

// sourceFor is source with the samples that it takes: bytes where the data have them, if it is asked for.
func (p *prepared) sourceFor(ctx context.Context, bytes, gpu bool) (*segments.Source, backend.Samples, error) {
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
	var given blocks.Samples = p.data
	var fed map[string]string
	if bytes {
		given, fed = p.bytesIn(fixed, gpu)
	}
	if !p.fixShapes {
		n.Model = p.shapes.AsOpen(fixed, p.network.Model)
	}
	switchable, err := rewrite.Switchable(&n, p.records)
	if err != nil {
		return nil, nil, err
	}
	src, err := segments.New(switchable, len(n.Holders), []string{p.output})
	if err == nil {
		src.Followed, src.First = n.Followed, map[string]func([]byte, int) error{}
		for i, in := range p.inputs {
			if name, is := fed[in.Name]; is {
				src.First[name] = blocks.FirstOf(given, i, in.Pieces())
				continue
			}
			src.First[in.Name] = in.First
		}
	}
	return src, given, err
}

// bytesIn lets a network whose shapes are fixed be fed with bytes where the data have them, and returns its samples, and the names
// of its inputs in the place of those that it had. gpu: where there is a division, which not every GPU rounds as the formula wants it,
// the network looks up what the host makes of each byte.
func (p *prepared) bytesIn(m *onnx.Model, gpu bool) (blocks.Samples, map[string]string) {
	out := blocks.ByteSamples{Set: p.data}
	names := map[string]string{}
	for i, in := range p.inputs {
		a, is := p.data.Bytes(i)
		is = is && in.Fed == "" // a step makes floats of it
		out.Bytes = append(out.Bytes, is)
		switch {
		case !is:
		case gpu && a.Std != nil:
			table := a.Table()
			names[in.Name] = variants.ByteTable(m, in.Name, table, blocks.ChannelDims(len(table)/256, a.Inner, in.Sample()))
		default:
			names[in.Name] = variants.ByteInput(m, in.Name, blocks.ByteSteps(a, in.Sample()))
		}
	}
	if len(names) == 0 {
		return p.data, nil
	}
	return out, names
}
