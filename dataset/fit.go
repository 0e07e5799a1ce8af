package dataset

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/dataset/internal/number"
	"example.org/demote/mistake"
)

// Input describes an input of the network: what its ONNX file says.
type Input struct {
	Name string
	Dims []int64 // first the batch; -1 where any size will do
	Type Type
	// Batched says that the first axis is the batch, by its name: no sample has all of the input.
	Batched bool
	// Whole says that the first axis is not the batch: each sample has all of the input. Inside is then the axis that
	// is; 0: none is known to be.
	Whole  bool
	Inside int
	// Steps says that samples may have several steps, each with the shape of the input, along an axis of their own in
	// front.
	Steps bool
	// State says that the data are the input's value of the first step alone: no scale, mean or std is applied to them.
	State bool
	// Back is the flag that feeds an output back to the input, for who has no data of it; empty: no output looks like
	// it.
	Back string
}

// String writes an input as messages name it: its name and its shape, N for a batch of any size and ? for another axis.
func (in Input) String() string {
	s := make([]string, len(in.Dims))
	for i, d := range in.Dims {
		switch {
		case d >= 0:
			s[i] = strconv.FormatInt(d, 10)
		case i == 0:
			s[i] = "N"
		default:
			s[i] = "?"
		}
	}
	return fmt.Sprintf("%q [%s]", in.Name, strings.Join(s, ","))
}

func inputNames(inputs []Input) string {
	names := make([]string, len(inputs))
	for i, in := range inputs {
		names[i] = in.Name
	}
	return arrays.Quoted(names)
}

func (in Input) check() error {
	if in.Type == 0 {
		return mistake.Errorf("the network's input %q is no tensor but an optional one, a sequence or a map, which samples cannot feed: export the network with a tensor in its place", in.Name)
	}
	if in.Dims == nil {
		return mistake.Errorf("the network does not say the shape of its input %q: export it again with one", in.Name)
	}
	for i, d := range in.Dims {
		if d == 0 || d < -1 {
			return mistake.Errorf("the network's input %q has size %d on axis %d: export the network again", in.Name, d, i)
		}
	}
	if in.Type.Size() == 0 {
		return mistake.Errorf("the network's input %q has %s: inputs can be %s", in.Name, in.Type, number.TypeNames)
	}
	return nil
}

// fit is the shape of one sample as the network sees it, see match. Usually the input's first axis is the batch, and a
// sample has the others: [2000,28,28] fits [N,1,28,28], with samples of [1,28,28]. Where it is not, a sample has all of
// the input: whole is true, and the shape is the input's. A scalar input has one number a sample.
func fit(a arrays.Array, in Input) (shape []int64, whole bool, err error) {
	have, want := a.Shape[1:], in.Dims
	switch {
	case in.Inside > 0 && want[in.Inside] == -1:
		want = slices.Clone(want)
		want[in.Inside] = 1
	case len(want) > 0 && !in.Whole:
		if shape = match(have, want[1:]); shape != nil {
			return shape, false, nil
		}
	}
	if !in.Batched {
		if shape = matchWhole(have, want); shape != nil {
			return shape, true, nil
		}
	}
	if len(in.Dims) == 0 {
		return nil, false, mistake.Errorf("%s has shape %s, but the network's input %q is a scalar: give a number a sample, or one for all samples, --input %s=VALUE", a.What, arrays.Dims(a.Shape), in.Name, in.Name)
	}
	return nil, false, mistake.Errorf("%s has shape %s, but the network's input is %s: %s", a.What, arrays.Dims(a.Shape), in, advice(have, in))
}

// match is the shape with known sizes that both have. They must be equal, axis by axis, or become equal when axes of
// size 1 are left out of both; the order of the elements stays. nil: they are not.
func match(have, want []int64) []int64 {
	if sameAxes(have, want) {
		return have
	}
	rest := squeeze(have)
	if !sameAxes(rest, squeeze(want)) {
		return nil
	}
	shape := make([]int64, len(want))
	for i, d := range want {
		if d == 1 {
			shape[i] = 1
			continue
		}
		shape[i], rest = rest[0], rest[1:]
	}
	return shape
}

// matchWhole is match for a sample that is all of an input, where one free axis, the batch, may be missing.
func matchWhole(have, want []int64) []int64 {
	if shape := match(have, want); shape != nil {
		return shape
	}
	var found []int64
	for i, d := range want {
		if d != -1 {
			continue
		}
		one := slices.Clone(want)
		one[i] = 1
		if shape := match(have, one); shape != nil {
			if found != nil {
				return nil // the sizes do not tell which
			}
			found = shape
		}
	}
	return found
}

// sameAxes compares sizes; -1 in want is any.
func sameAxes(have, want []int64) bool {
	if len(have) != len(want) {
		return false
	}
	for i, d := range want {
		if d != -1 && d != have[i] {
			return false
		}
	}
	return true
}

// squeeze leaves out the axes of size 1.
func squeeze(shape []int64) []int64 {
	var s []int64
	for _, d := range shape {
		if d != 1 {
			s = append(s, d)
		}
	}
	return s
}

// advice says how an array could be made to fit.
func advice(have []int64, in Input) string {
	want := in.Dims[1:]
	switch {
	case len(have) == len(want)-1 && want[0] == -1 && sameAxes(have, want[1:]): // all rows, of samples of any lengths
		return fmt.Sprintf("give the samples along the first axis, or say where the rows of each begin, in an array %q", in.Name+arrays.OffsetsKey)
	case len(have) == 3 && sameAxes([]int64{have[2], have[0], have[1]}, want):
		return "transpose it to channels first, x.transpose(0, 3, 1, 2)"
	case len(have) == 3 && sameAxes([]int64{have[1], have[2], have[0]}, want):
		return "transpose it to channels last, x.transpose(0, 2, 3, 1)"
	case len(have) == len(want)-1:
		return "give the samples along the first axis"
	}
	n := int64(1)
	for _, d := range want {
		if n *= d; d < 0 {
			return "save the samples in the network's shape"
		}
	}
	if n == arrays.Elements(have) {
		return "reshape it to the network's shape"
	}
	return "save the samples in the network's shape"
}

// castable tells whether an array's type can feed an input.
func castable(a arrays.Array, in Input) error {
	if a.Elem.Float() && !in.Type.Float() {
		return mistake.Errorf("%s has %s data, but the network's input %s is %s: save it as integers", a.What, a.Elem, in, in.Type)
	}
	return nil
}
