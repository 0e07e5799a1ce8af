package trial

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"example.org/demote/backend"
	"example.org/demote/backend/direct"
	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/task"
	"example.org/demote/internal/variants"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// RefuseNaN is the error for a network that gives NaN for a sample; which says what network it is.
func (s *Runner) RefuseNaN(e *backend.Evaluator, which string, sample int) error {
	tensor, err := e.FirstNaN(sample)
	if err != nil {
		return err
	}
	return mistake.Errorf("%s: the %s network gives NaN for %s, first in tensor %s; mend the network, leave out the sample, or go on with --allow-nan",
		s.Config.Networks(), which, s.Data.Name(sample), tensor)
}

// findHiddenNaN refuses a float network with NaN in a holder's tensor, where some operator may hide it from the
// outputs. open opens the network once more, to name the tensor.
func (s *Runner) findHiddenNaN(ctx context.Context, sources []*segments.Source, open func() (*backend.Evaluator, error)) error {
	if s.Config.AllowNaN {
		return nil
	}
	var suspects []int
	for at, q := range s.Members() {
		if !sources[at].Model.MayHideNaN() {
			continue
		}
		found, err := sieve(q, ctx, sources[at], s.Config, s.pass)
		if err != nil {
			return err
		}
		for _, i := range found {
			if q.Own != nil {
				i = q.Own.Of[i]
			}
			suspects = append(suspects, i)
		}
	}
	if len(suspects) == 0 {
		return nil
	}
	e, err := open()
	if err != nil {
		return err
	}
	defer e.Close()
	slices.Sort(suspects)
	for _, i := range suspects { // a sum may be NaN by infinities alone
		if tensor, err := e.FirstNaN(i); err != nil || tensor != "" {
			if err != nil {
				return err
			}
			return s.RefuseNaN(e, "float", i)
		}
	}
	return nil
}

// sieve runs the float network once with the sums of the tensors that are read where a NaN may be lost as its
// outputs, a number a sample, and returns the samples with one that is NaN: no sample is left out in which a NaN is
// lost.
func sieve(p *task.Task, ctx context.Context, src *segments.Source, c config.Config, pass time.Duration) ([]int, error) {
	m := src.Model.Clone()
	g := m.Graph()
	var names []string
	out := &backend.Segment{Inputs: p.Inputs}
	for i, name := range m.HidingReads() {
		t, known := src.Tensors[name]
		if !known || t.Type != backend.DType(ir.Float) || len(t.Dims) == 0 {
			continue
		}
		axis := segments.AxisOf(m, name)
		switch {
		case p.Block == 1: // all of it is the one sample's
			axis = -1
		case axis < 0 || t.Dims[axis] != int64(p.Block):
			continue
		}
		sum := fmt.Sprintf("demote.sum:%d", i)
		sumRows(g, t, axis, sum, m.OpsetOf("") >= 13)
		names = append(names, sum)
		out.Outputs = append(out.Outputs, backend.Tensor{Name: sum, Type: t.Type, Dims: sumDims(t, axis)})
	}
	if names == nil {
		return nil, nil
	}
	var err error
	for _, name := range variants.WithStates(m) {
		t, err := src.Tensor(name)
		if err != nil {
			return nil, err
		}
		out.Outputs = append(out.Outputs, t)
	}
	if out.Model, err = blocks.ModelOf(variants.WithOutputs(m, variants.WithStates(m, names...)...)); err != nil {
		return nil, err
	}
	found, seen := map[int]bool{}, 0
	work := c.Begin(stage.NaN, "samples", p.Data.Len()*backend.StepsOf(p.Inputs), pass)
	defer work.End()
	err = direct.PassApart(ctx, out, p.Data, blocks.Optimization, func(first, count int, sums [][]float32) error {
		for slot := range count {
			for _, row := range sums[:len(names)] {
				if row[slot] != row[slot] {
					found[first+slot] = true
					break
				}
			}
		}
		seen += count
		work.At(seen)
		return nil
	})
	return slices.Sorted(maps.Keys(found)), err
}

// sumDims are the dimensions of what sumRows makes.
func sumDims(t backend.Tensor, batch int) []int64 {
	dims := make([]int64, len(t.Dims))
	for i := range dims {
		dims[i] = 1
		if i == batch {
			dims[i] = t.Dims[i]
		}
	}
	return dims
}

// sumRows adds the sum of every sample's part of a tensor to a graph: over all axes but that of the samples; -1: over
// all. The axes are an input since opset 13, and an attribute before.
func sumRows(g *onnxpb.GraphProto, t backend.Tensor, batch int, sum string, asInput bool) {
	var axes []int64
	for i := range t.Dims {
		if i != batch {
			axes = append(axes, int64(i))
		}
	}
	n := &onnxpb.NodeProto{OpType: proto.String("ReduceSum"), Name: &sum, Input: []string{t.Name}, Output: []string{sum}}
	if axes == nil { // a number a sample
		n.OpType = proto.String("Identity")
		g.Node = append(g.Node, n)
		return
	}
	if asInput {
		n.Input = append(n.Input, sum+":axes")
		g.Initializer = append(g.Initializer, ir.NewInts(sum+":axes", ir.Int64, []int64{int64(len(axes))}, axes))
	} else {
		n.Attribute = append(n.Attribute, &onnxpb.AttributeProto{Name: proto.String("axes"), Type: onnxpb.AttributeProto_INTS.Enum(), Ints: axes})
	}
	g.Node = append(g.Node, n)
}
