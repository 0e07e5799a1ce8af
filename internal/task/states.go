package task

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/variants"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
)

// takeStates reads --state for a network: what a step of a sequence hands to the next one. fixed are the inputs that
// --input gives a value.
func takeStates(c config.Config, m *onnx.Model, fixed []FixedInput) error {
	for _, text := range c.State {
		s, err := parseState(m, text, fixed)
		if err != nil {
			return err
		}
		if other := variants.FedBy(m, s.Input); other != "" {
			return mistake.Errorf("--state %s: input %s is fed by %s already; give each input one output", text, s.Input, other)
		}
		m.States = append(m.States, s)
	}
	if len(m.States) > 0 && len(m.States) == len(m.Inputs()) {
		return mistake.Errorf("%s: --state feeds all of the network's inputs: leave out the one that the samples of --data are for", m.Path)
	}
	return nil
}

// parseState reads one --state OUT:IN. Both names may have colons.
func parseState(m *onnx.Model, text string, fixed []FixedInput) (onnx.State, error) {
	if !strings.Contains(text, ":") {
		return onnx.State{}, mistake.Errorf("--state %s: give an output and the input that it is fed back to, such as --state hn:h", text)
	}
	outputs, inputs := blocks.ByName(m.Outputs()), blocks.ByName(m.Inputs())
	known := "" // an output that the text begins with
	for i, r := range text {
		if r != ':' {
			continue
		}
		out, in := text[:i], text[i+1:]
		o, isOutput := outputs[out]
		v, isInput := inputs[in]
		switch {
		case isOutput && Lacks(fixed, in):
			return onnx.State{}, mistake.Errorf("--state %s: --input gives %s a value already: leave one of them out", text, in)
		case isOutput && isInput:
			return onnx.State{Output: out, Input: in}, checkState(m, text, o, v)
		case isOutput:
			known = out
		}
	}
	if known != "" {
		return onnx.State{}, mistake.Errorf("--state %s: %s has no input %s left; it has %q", text, m.Path, text[len(known)+1:], slices.Sorted(maps.Keys(inputs)))
	}
	out, _, _ := strings.Cut(text, ":")
	return onnx.State{}, mistake.Errorf("--state %s: %s has no output %s; it has %q", text, m.Path, out, slices.Sorted(maps.Keys(outputs)))
}

// checkState refuses an output that cannot be an input: of another type, or of another shape as far as the file
// declares both.
func checkState(m *onnx.Model, text string, out, in onnx.Value) error {
	if len(in.Dims) == 0 {
		return mistake.Errorf("--state %s: input %s is a scalar: export the network with an axis of size 1 there", text, in.Name)
	}
	if out.Type != ir.Undefined && out.Type != in.Type {
		return mistake.Errorf("--state %s: output %s is %s and input %s is %s: a state has one type", text, out.Name, out.Type, in.Name, in.Type)
	}
	if !out.MayBe(in.Dims) {
		return mistake.Errorf("--state %s: output %s is %s and input %s is %s: a state has one shape, which does not grow", text, out.Name, blocks.AxesText(out.Dims), in.Name, blocks.AxesText(in.Dims))
	}
	return blocks.Computed(m, out.Name)
}

// Steps is how many steps each sample has; 0 where nothing is fed back.
func (p *Task) Steps() int {
	if len(p.Model.States) == 0 {
		return 0
	}
	return backend.StepsOf(p.Inputs)
}

// SayStates tells what is fed back, and over how many steps.
func (p *Task) SayStates(say func(string)) {
	if len(p.Model.States) == 0 {
		return
	}
	var list []string
	for _, s := range p.Model.States {
		list = append(list, s.Output+" to "+s.Input)
	}
	say(fmt.Sprintf("samples of %d steps, each of which hands %s to the next", backend.StepsOf(p.Inputs), strings.Join(list, ", ")))
}

// KeptSteps is what a GPU keeps of a block's outputs of all steps, in bytes.
func (p *Task) KeptSteps(ctx context.Context) (int64, error) {
	if p.Steps() <= 1 {
		return 0, nil
	}
	src, err := p.Source(ctx)
	if err != nil {
		return 0, err
	}
	out := src.Tensors[p.Output]
	return int64(p.Steps()) * int64(out.Bytes()), nil
}
