package machine

import (
	"strings"

	"example.org/demote/backend/device"
	"example.org/demote/backend/metric"
	"example.org/demote/mistake"
)

// outputsOf are the outputs that the metric of some options reads, as a device that can so much has them, among those
// of a network with some inputs.
func outputsOf(o Options, can device.Traits, inputs, outputs []device.Tensor) (read []metric.Output, err error) {
	wanted := append([]string{o.Output}, o.Beside...)
	if o.Output == "" && len(outputs) == 1 {
		wanted[0] = outputs[0].Name
	}
	for _, name := range wanted {
		at := device.IndexTensor(outputs, name)
		if at < 0 {
			return nil, noOutput(outputs, name)
		}
		out, err := outputOf(o, can, inputs, outputs[at])
		if err != nil {
			return nil, err
		}
		read = append(read, out)
	}
	if len(read) > 1 && read[0].Steps > 1 {
		return nil, mistake.Errorf("--output names %d outputs, and steps of samples are kept of one: name one --output, or leave out --state", len(read))
	}
	return read, nil
}

// noOutput refuses a name that no output has.
func noOutput(outputs []device.Tensor, name string) error {
	var names []string
	for _, t := range outputs {
		names = append(names, t.Name)
	}
	if name == "" {
		return mistake.Errorf("the network has %d outputs; choose one with --output: %s", len(names), strings.Join(names, ", "))
	}
	return mistake.Errorf("the network has no output %q; it has %s", name, strings.Join(names, ", "))
}

// outputOf says how a metric reads an output.
func outputOf(o Options, can device.Traits, inputs []device.Tensor, t device.Tensor) (out metric.Output, err error) {
	if t.Type != device.Float32 && !(can.Integers && (t.Type == device.Int64 || t.Type == device.Int32) && o.Metric.ReadsIntegers()) {
		return out, mistake.Errorf("output %s is %s, and metrics read float32: export the network without the ArgMax of its classes, or with a Cast to float32 behind it, or choose another with --output", t.Name, t.Type)
	}
	out = metric.Output{Name: t.Name, Slots: o.Block, Pieces: 1, Steps: device.StepsOf(inputs)}
	if out.Dims, err = o.sampleFirst(t); err != nil {
		return out, err
	}
	if out.Slots > 1 && out.Steps == 1 { // steps are kept with the samples in front
		out.Pieces = device.PiecesOf(t.Dims, o.Axis)
	}
	return out, nil
}
