package onnx

// dropouts are the operators that leave values out by chance in training mode, with the operand that says so. Without it, or
// with the operand that holds their share at 0, they leave none out.
// https://onnx.ai/onnx/operators/onnx__Dropout.html, https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
var dropouts = map[string]struct{ ratio, training int }{
	"Dropout": {1, 2}, "BitmaskDropout": {1, 2}, "BiasDropout": {3, 4}, "BitmaskBiasDropout": {3, 4},
}

// refuseTraining refuses a network that gives other outputs whenever it runs, or outputs that depend on the other samples of
// a batch: operators in training mode, and numbers drawn by lot. It looks into the bodies of If, Loop and Scan, too. What no
// output of the network depends on may stay.
func refuseTraining(m *Model) error {
	live, err := living(m)
	if err != nil {
		return err
	}
	return m.walk(func(p *place, n node) error {
		if !live[n] {
			return nil
		}
		op := n.GetOpType()
		switch {
		case is(n, random):
			return badf("%s draws its values by lot, so that no score could be repeated: export the network for inference, without it", p.name(n))
		case isBatchNorm(n) && (attrInt(n, "training_mode", 0) != 0 || output(n, 1) != ""):
			return badf("%s is in training mode: export the network in evaluation mode", p.name(n))
		}
		d, ok := dropouts[op]
		if !ok || !standard(n) && n.GetDomain() != contribDomain || input(n, d.training) == "" {
			return nil
		}
		if ratio := p.constant(input(n, d.ratio)); ratio != nil && isZero(ratio) {
			return nil
		}
		switch training := p.constant(input(n, d.training)); {
		case training == nil:
			return badf("%s leaves values out by lot where tensor %q says so, and its training mode is not known before the network runs: export the network in evaluation mode", p.name(n), input(n, d.training))
		case !isZero(training):
			return badf("%s is in training mode, in which it leaves values out by lot: export the network in evaluation mode", p.name(n))
		}
		return nil
	})
}
