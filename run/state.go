package run

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/variants"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
)

// takeStates reads --state for a network: what a step of a sequence hands to the next one. fixed are the inputs that --input gives
// a value.
func (c Config) takeStates(m *onnx.Model, fixed []fixedInput) error {
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
func parseState(m *onnx.Model, text string, fixed []fixedInput) (onnx.State, error) {
	if !strings.Contains(text, ":") {
		return onnx.State{}, mistake.Errorf("--state %s: give an output and the input that it is fed back to, such as --state hn:h", text)
	}
	outputs, inputs := byName(m.Outputs()), byName(m.Inputs())
	known := "" // an output that the text begins with
	for i, r := range text {
		if r != ':' {
			continue
		}
		out, in := text[:i], text[i+1:]
		o, isOutput := outputs[out]
		v, isInput := inputs[in]
		switch {
		case isOutput && lacks(fixed, in):
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

// byName are values by their names.
func byName(values []onnx.Value) map[string]onnx.Value {
	named := map[string]onnx.Value{}
	for _, v := range values {
		named[v.Name] = v
	}
	return named
}

// checkState refuses an output that cannot be an input: of another type, or of another shape as far as the file declares both.
func checkState(m *onnx.Model, text string, out, in onnx.Value) error {
	if len(in.Dims) == 0 {
		return mistake.Errorf("--state %s: input %s is a scalar: export the network with an axis of size 1 there", text, in.Name)
	}
	if out.Type != ir.Undefined && out.Type != in.Type {
		return mistake.Errorf("--state %s: output %s is %s and input %s is %s: a state has one type", text, out.Name, out.Type, in.Name, in.Type)
	}
	if !out.MayBe(in.Dims) {
		return mistake.Errorf("--state %s: output %s is %s and input %s is %s: a state has one shape, which does not grow", text, out.Name, axesText(out.Dims), in.Name, axesText(in.Dims))
	}
	return notConstant(m, out.Name)
}

// axesText writes a shape, ? for an axis of any size.
func axesText(dims []int64) string {
	var list []string
	for _, d := range dims {
		text := "?"
		if d >= 0 {
			text = fmt.Sprint(d)
		}
		list = append(list, text)
	}
	return "[" + strings.Join(list, ",") + "]"
}

// checkStates sees, once all shapes are known, that what is fed back has the shape of the input that it is fed to.
func (s *source) checkStates() error {
	inputs := byName(s.model.Inputs())
	for _, st := range s.model.States {
		v, read := inputs[st.Input]
		out, known := s.tensors[st.Output]
		if read && known && !slices.Equal(out.Dims, v.Dims) {
			return mistake.Errorf("--state %s:%s: for these samples output %s is %s and input %s is %s: a state has one shape, which does not grow", st.Output, st.Input, st.Output, axesText(out.Dims), st.Input, axesText(v.Dims))
		}
	}
	return nil
}

// zeroStates are the values that states begin with where the data say nothing: zeros, a sample of each. One with a free axis that is
// not the batch has none. Where the batch is fixed, and in front, a sample is a row of it.
func zeroStates(m *onnx.Model) map[string][]byte {
	zeros := map[string][]byte{}
	for _, v := range m.Inputs() {
		if variants.FedBy(m, v.Name) == "" {
			continue
		}
		size, batch := int64(backend.DType(v.Type).Size()), inside(m, v)
		rows := v.Dims
		if fixedFront(m, v) {
			rows = v.Dims[1:]
		}
		for i, d := range rows {
			if i == batch && (d < 0 || batch > 0) { // one sample
				d = 1
			}
			size *= max(d, 0)
		}
		if size > 0 {
			zeros[v.Name] = make([]byte, size)
		}
	}
	return zeros
}

// fixedFront tells whether the first axis of a state is the batch of a network that is fixed to more than one sample: all inputs with
// axes have it.
func fixedFront(m *onnx.Model, v onnx.Value) bool {
	own := v.Dims[0]
	return own > 1 && variants.BatchElsewhere(m, v.Name) == 0 && !slices.ContainsFunc(m.Inputs(), func(u onnx.Value) bool { return len(u.Dims) > 0 && u.Dims[0] != own })
}

// stepsBy are the numbers of steps of a network's inputs, by name.
func stepsBy(inputs []backend.Tensor) map[string]int {
	steps := map[string]int{}
	for _, in := range inputs {
		if in.Steps > 0 {
			steps[in.Name] = in.Steps
		}
	}
	return steps
}

// steps is how many steps each sample has; 0 where nothing is fed back.
func (p *prepared) steps() int {
	if len(p.model.States) == 0 {
		return 0
	}
	return backend.StepsOf(p.inputs)
}

// backFlag is the flag that feeds an output back to an input that looks like its state; empty: none does.
func backFlag(m *onnx.Model, v onnx.Value) string {
	if out := variants.NextState(m, v); out != "" && variants.FedBy(m, v.Name) == "" {
		return "--state " + out + ":" + v.Name
	}
	return ""
}

// sayStates tells what is fed back, and over how many steps.
func (p *prepared) sayStates(say func(string)) {
	if len(p.model.States) == 0 {
		return
	}
	var list []string
	for _, s := range p.model.States {
		list = append(list, s.Output+" to "+s.Input)
	}
	say(fmt.Sprintf("samples of %d steps, each of which hands %s to the next", backend.StepsOf(p.inputs), strings.Join(list, ", ")))
}

// keptSteps is what a GPU keeps of a block's outputs of all steps, in bytes.
func (s *searching) keptSteps(ctx context.Context) (int64, error) {
	if s.steps() <= 1 {
		return 0, nil
	}
	src, err := s.source(ctx)
	if err != nil {
		return 0, err
	}
	out := src.tensors[s.output]
	return int64(s.steps()) * int64(out.Bytes()), nil
}
