package prepare

import (
	"example.org/demote/internal/ir"
	"example.org/demote/internal/sites"
	"example.org/demote/mistake"
)

// dropouts are the operators that leave values out by chance in training mode, with the operand that says so. Without
// it, or with the operand that holds their share at 0, they leave none out.
// https://onnx.ai/onnx/operators/onnx__Dropout.html,
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
var dropouts = map[string]struct{ ratio, training int }{
	"Dropout": {1, 2}, "BitmaskDropout": {1, 2}, "BiasDropout": {3, 4}, "BitmaskBiasDropout": {3, 4},
}

// refuseTraining refuses a network that gives other outputs whenever it runs, or outputs that depend on the other
// samples of a batch: operators in training mode, and numbers drawn by lot. It looks into the bodies of If, Loop and
// Scan, too. What no output of the network depends on may stay.
func refuseTraining(m *ir.Model) error {
	live, err := sites.LiveNodes(m)
	if err != nil {
		return err
	}
	return m.Walk(func(p *ir.Place, n ir.Node) error {
		if !live[n] {
			return nil
		}
		op := n.GetOpType()
		switch {
		case ir.Is(n, ir.Random):
			return mistake.Errorf("%s draws its values by lot, so that no score could be repeated: export the network for inference, without it", p.Name(n))
		case ir.IsBatchNorm(n) && (ir.AttrInt(n, "training_mode", 0) != 0 || ir.Output(n, 1) != ""):
			return mistake.Errorf("%s is in training mode: export the network in evaluation mode", p.Name(n))
		}
		d, ok := dropouts[op]
		if !ok || !ir.Standard(n) && n.GetDomain() != ir.ContribDomain || ir.Input(n, d.training) == "" {
			return nil
		}
		if ratio := p.Constant(ir.Input(n, d.ratio)); ratio != nil && ir.IsZero(ratio) {
			return nil
		}
		switch training := p.Constant(ir.Input(n, d.training)); {
		case training == nil:
			return mistake.Errorf("%s leaves values out by lot where tensor %q says so, and its training mode is not known before the network runs: export the network in evaluation mode", p.Name(n), ir.Input(n, d.training))
		case !ir.IsZero(training):
			return mistake.Errorf("%s is in training mode, in which it leaves values out by lot: export the network in evaluation mode", p.Name(n))
		}
		return nil
	})
}
