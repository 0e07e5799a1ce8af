package dataset

import (
	"bytes"
	"example.org/demote/dataset/internal/arrays"
	"fmt"
	"slices"
)

// fed are the inputs that the data must have an array for: all but those whose value Options.Alike gives.
func fed(inputs []Input, o Options) []Input {
	var list []Input
	for _, in := range inputs {
		if o.Alike[in.Name] == nil {
			list = append(list, in)
		}
	}
	return list
}

// alikeColumn is the data of an input that has one value for all samples. value has the bytes of all of the input, with
// one sample on its batch axis; or where the batch is in front, free or of a fixed size, those of one row of it. It
// panics if value has another length.
func alikeColumn(in Input, value []byte, samples int64) (*column, error) {
	shape := slices.Clone(in.Dims[1:])
	size := func() int64 { return arrays.Elements(shape) * int64(in.Type.Size()) }
	if in.Dims[0] != -1 && (in.Dims[0] == 1 || size() != int64(len(value))) {
		shape = slices.Clone(in.Dims)
		for i := range shape {
			shape[i] = max(shape[i], 1)
		}
	}
	if size() != int64(len(value)) {
		panic(fmt.Sprintf("dataset: %d bytes for one sample of %s", len(value), in))
	}
	a := arrays.Array{What: "the value of input " + in.String(), Data: bytes.NewReader(value), Elem: in.Type, Shape: append([]int64{samples}, shape...), Alike: true}
	return newColumn(a, in, Options{}, 0)
}

// orBack is the part of a message that says which outputs may be fed back to inputs that the data lack.
func orBack(inputs []Input) string {
	flags := ""
	for _, in := range inputs {
		if in.Back != "" {
			flags += " " + in.Back
		}
	}
	if flags == "" {
		return ""
	}
	return ", or feed outputs back," + flags
}

// orValue is the part of a message that says what else can be done about an input of several that the data lack.
func orValue(inputs []Input, in Input) string {
	switch {
	case in.State:
		return ", as the value in front of the first step: an axis of it is free, and zeros need a size"
	case len(inputs) == 1:
		return ""
	case in.Back != "":
		return ", give it one value for all samples, --input " + in.Name + "=0 for one, or feed an output back to it, " + in.Back
	}
	return ", or give it one value for all samples, --input " + in.Name + "=0 for one"
}
