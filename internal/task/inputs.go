package task

import (
	"slices"
	"strings"

	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/variants"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/result"
)

// A FixedInput is one --input NAME=VALUE. A name may hold an equals sign, a value never does.
type FixedInput struct {
	Name, text string
	values     []string
}

// fixedInputs reads --input.
func fixedInputs(c config.Config) ([]FixedInput, error) {
	return namedValues("--input", c.Fixed, "sr=16000")
}

// namedValues reads a flag that is given once for each input.
func namedValues(flag string, texts []string, example string) ([]FixedInput, error) {
	var list []FixedInput
	for _, text := range texts {
		at := strings.LastIndexByte(text, '=')
		if at <= 0 {
			return nil, mistake.Errorf("%s %s: give a name and a value, such as %s %s", flag, text, flag, example)
		}
		in := FixedInput{Name: text[:at], text: text}
		in.values = strings.Split(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text[at+1:]), "["), "]"), ",")
		if slices.ContainsFunc(list, func(other FixedInput) bool { return other.Name == in.Name }) {
			return nil, mistake.Errorf("%s %s: the input has a value already; give each input one", flag, text)
		}
		list = append(list, in)
	}
	return list, nil
}

// ReadNetwork reads a network that --input is about. What it fixes is a constant from then on, and inputs that
// nothing reads need no data.
func ReadNetwork(c config.Config, path string) (*onnx.Model, error) {
	m, unknown, err := ReadFixed(c, path)
	if err == nil {
		err = UnknownInput(unknown, m)
	}
	return m, err
}

// ReadFixed is ReadNetwork for one of several networks, of which not each has every input; unknown are those that it
// lacks.
func ReadFixed(c config.Config, path string) (_ *onnx.Model, unknown []FixedInput, err error) {
	m, err := onnx.Read(path)
	if err != nil {
		return nil, nil, err
	}
	list, err := fixedInputs(c)
	if err != nil {
		return nil, nil, err
	}
	unread := variants.DropUnread(m)
	if err := takeStates(c, m, list); err != nil {
		return nil, nil, err
	}
	if len(list) == 0 {
		return m, nil, nil
	}
	inputs := m.Inputs()
	for _, in := range list {
		at := slices.IndexFunc(inputs, func(v onnx.Value) bool { return v.Name == in.Name })
		if at < 0 {
			set, err := in.setDefault(m)
			if err != nil {
				return nil, nil, err
			}
			if !set && !slices.Contains(unread, in.Name) {
				unknown = append(unknown, in)
			}
			continue
		}
		if err := in.fix(m, inputs[at]); err != nil {
			return nil, nil, err
		}
	}
	if len(m.Inputs()) == 0 {
		return nil, nil, mistake.Errorf("%s: --input gives all of the network's inputs a value: leave out the one that the samples of --data are for", path)
	}
	return m, unknown, nil
}

// Lacks tells whether an input is one of those that a network lacks.
func Lacks(unknown []FixedInput, name string) bool {
	return slices.ContainsFunc(unknown, func(in FixedInput) bool { return in.Name == name })
}

// UnknownInput refuses values of inputs that no network has.
func UnknownInput(unknown []FixedInput, m *onnx.Model) error {
	if len(unknown) == 0 {
		return nil
	}
	return noInput("--input", unknown[0], m)
}

// noInput refuses a name that is no input's.
func noInput(flag string, in FixedInput, m *onnx.Model) error {
	var names []string
	for _, v := range m.Inputs() {
		names = append(names, v.Name)
	}
	return mistake.Errorf("%s %s: %s has no input of that name left; it has %q", flag, in.text, m.Path, names)
}

// fix makes a constant of an input; one with a free batch axis stays an input, of which every sample has the value.
func (in FixedInput) fix(m *onnx.Model, v onnx.Value) error {
	dims := slices.Clone(v.Dims)
	if v.Type == ir.Undefined || dims == nil {
		return mistake.Errorf("--input %s: the network does not say the shape of that input: export it again with one", in.text)
	}
	each := in.ofEach(m, v)
	for i, d := range dims {
		switch {
		case d >= 0 || each && (i == 0 || i == blocks.InsideInput(m, v)):
		case len(dims) == 1: // a vector of any length is as long as what is given
			dims[i] = int64(len(in.values))
		default:
			return mistake.Errorf("--input %s: axis %d of that input is free: give its values as an array %q of --data and --calib", in.text, i, in.Name)
		}
	}
	if each {
		_, err := in.sample(v)
		return err
	}
	t, err := ir.ParseTensor(in.Name, v.Type, dims, in.values)
	if err != nil {
		return mistake.Errorf("--input %s: %w", in.text, err)
	}
	variants.FixInput(m, in.Name, t)
	return nil
}

// setDefault gives an input that has a default another one.
func (in FixedInput) setDefault(m *onnx.Model) (set bool, err error) {
	defaults := m.Defaults()
	at := slices.IndexFunc(defaults, func(v onnx.Value) bool { return v.Name == in.Name })
	if at < 0 {
		return false, nil
	}
	t, err := ir.ParseTensor(in.Name, defaults[at].Type, variants.DefaultDims(m, in.Name), in.values)
	if err != nil {
		return false, mistake.Errorf("--input %s: %w", in.text, err)
	}
	variants.SetDefault(m, in.Name, t)
	return true, nil
}

// defaultNames are the inputs of a network that have a default.
func defaultNames(m *onnx.Model) (names []string) {
	for _, v := range m.Defaults() {
		names = append(names, v.Name)
	}
	return names
}

// OfWritten is the configuration for a file that was written of a network: its inputs with a default are constants.
func OfWritten(c config.Config, m *onnx.Model) config.Config {
	defaults := defaultNames(m)
	c.Fixed = slices.DeleteFunc(slices.Clone(c.Fixed), func(text string) bool {
		at := strings.LastIndexByte(text, '=')
		return at > 0 && slices.Contains(defaults, text[:at])
	})
	return c
}

// ofEach tells whether the value is one that every sample has: an axis of the input is the batch, of any size.
func (in FixedInput) ofEach(m *onnx.Model, v onnx.Value) bool {
	if len(v.Dims) == 0 {
		return false
	}
	if v.Dims[0] >= 0 {
		return blocks.InsideInput(m, v) > 0
	}
	if len(v.Dims) > 1 {
		return true
	}
	return len(in.values) == 1 && slices.ContainsFunc(m.Inputs(), func(u onnx.Value) bool {
		return u.Name != v.Name && len(u.Dims) > 0 && u.Dims[0] < 0 && variants.AxisName(m, u.Name, 0) == variants.AxisName(m, v.Name, 0)
	})
}

// sample is the value as one sample of an input with a batch axis.
func (in FixedInput) sample(v onnx.Value) ([]byte, error) {
	dims := slices.Clone(v.Dims)
	if dims[0] < 0 {
		dims = dims[1:]
	}
	for i := range dims { // the batch inside, since no other axis is free
		dims[i] = max(dims[i], 1)
	}
	t, err := ir.ParseTensor(in.Name, v.Type, dims, in.values)
	if err != nil {
		return nil, mistake.Errorf("--input %s: %w", in.text, err)
	}
	return t.GetRawData(), nil
}

// alike are the values that every sample of a network's data has, by input.
func alike(c config.Config, m *onnx.Model) (map[string][]byte, error) {
	list, err := fixedInputs(c)
	if err != nil {
		return nil, err
	}
	values := map[string][]byte{}
	for _, v := range m.Inputs() {
		for _, in := range list {
			if in.Name != v.Name || !in.ofEach(m, v) {
				continue
			}
			if values[v.Name], err = in.sample(v); err != nil {
				return nil, err
			}
		}
	}
	return values, nil
}

// FixedNotes say, to the user too, of each input with a value what files that are written make of it.
func FixedNotes(c config.Config, m *onnx.Model) []result.Warning {
	list, _ := fixedInputs(c)
	left, defaults := m.Inputs(), defaultNames(m)
	var notes []result.Warning
	for _, in := range list {
		if slices.Contains(defaults, in.Name) {
			continue // which are constants whatever their value
		}
		if !slices.ContainsFunc(left, func(v onnx.Value) bool { return v.Name == in.Name }) {
			note := result.Warning{ID: "input-fixed", Text: "input " + in.text + " is a constant of the files that are written: they still declare the input, and do not read it"}
			notes = append(notes, note)
			c.Say("warning: " + note.String())
		}
	}
	return notes
}
