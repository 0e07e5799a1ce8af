package task

import (
	"context"
	"errors"
	"fmt"

	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/constraint"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/sites"
	"example.org/demote/internal/unroll"
	"example.org/demote/onnx"
	"example.org/demote/result"
)

// PrepareFloat finds the holders of a float network and refuses one in which none is worth having. What it computes
// in another type than float32 it computes in that from then on; axes that --unroll has fixed are fixed of the model
// as well.
func PrepareFloat(ctx context.Context, m *onnx.Model, c config.Config) (*onnx.Network, error) {
	prepare := func() (*onnx.Network, error) {
		return onnx.Prepare(m, onnx.Options{OutputHolder: c.OutputHolder, Unroll: unrolling(c, ctx, m)})
	}
	var widened []ir.DType
	n, err := prepare()
	for other := (*onnx.PrecisionError)(nil); errors.As(err, &other) && len(widened) < 3; {
		widened = append(widened, other.Type)
		if err = onnx.Widen(m, other.Type); err == nil {
			n, err = prepare()
		}
	}
	if err == nil {
		err = sites.CheckQuantizable(n)
	}
	if err != nil {
		return nil, err
	}
	if err := constraint.SetWeights(n, c.WeightBits); err != nil {
		return nil, err
	}
	n.Widened = widened
	unroll.FixAxes(m, n.FixedAxes)
	return n, nil
}

// PreparedNotes say, to the user too, what a network computed in before, and what --unroll has made of it and which
// of its axes have been fixed for that.
func PreparedNotes(c config.Config, n *onnx.Network) []result.Warning {
	var notes []result.Warning
	note := func(id, text string) {
		notes = append(notes, result.Warning{ID: id, Text: text})
		c.Say("warning: " + text)
	}
	for _, t := range n.Widened {
		note("computed-in-float32", fmt.Sprintf("the network computes in %s: it is searched in float32, which files that are written take, compute in and give", ir.TypeName(t)))
	}
	if text := unroll.Text(n); text != "" {
		c.Say(text)
	}
	for _, v := range n.FixedAxes {
		note("axes-fixed", fmt.Sprintf("--unroll fixes input %s to %s, as the samples of --calib have it: files that are written take no other", v.Name, blocks.AxesText(v.Dims)))
	}
	return notes
}
