package dataset

import (
	"errors"
	"fmt"
	"strconv"

	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/mistake"
)

// labelKey and inputKey are the names of the arrays of an archive: labels, and the input of a network that has only
// one.
const (
	labelKey = "y"
	inputKey = "x"
)

// openNPZ finds the arrays of an archive that belong to the inputs, and the labels.
func openNPZ(f *arrays.File, inputs []Input, defaults []string) (*found, error) {
	z, err := arrays.OpenArchive(f)
	if err != nil {
		return nil, err
	}
	got := &found{inputs: make([]arrays.Array, len(inputs)), archive: z}
	labels := z.Has(labelKey)
	for i, in := range inputs {
		key := in.Name
		if len(inputs) == 1 && !z.Has(key) {
			key = inputKey
		}
		if !z.Has(key) && z.Has(arrays.ItemKey(in.Name, 0)) {
			key = in.Name
		}
		if z.Has(arrays.ItemKey(key, 0)) && !z.Has(key) {
			if got.inputs[i], err = z.OpenItems(key); err != nil {
				return nil, err
			}
			continue
		}
		if !z.Has(key) {
			want := strconv.Quote(in.Name)
			if len(inputs) == 1 {
				want = fmt.Sprintf("%q or %q", inputKey, in.Name)
			}
			return nil, mistake.Errorf("%s: no array named %s: it has %s; save it under the input's name%s", f.Path, want, arrays.Quoted(z.Keys()), orValue(inputs, in))
		}
		labels = labels && key != labelKey
		if z.Has(key + arrays.OffsetsKey) {
			if got.inputs[i], err = z.OpenJoined(key); err != nil {
				return nil, err
			}
			continue
		}
		if got.inputs[i], err = z.Open(key); errors.Is(err, arrays.ErrSingle) {
			return nil, mistake.Errorf("%w%s", err, orValue(inputs, in))
		} else if err != nil {
			return nil, err
		}
	}
	for _, name := range defaults {
		if z.Has(name) && name != labelKey && name != inputKey {
			return nil, mistake.Errorf("%s: the array %q is for an input with a default, which all samples have: leave it out, or give another value for all of them, --input %s=VALUE", f.Path, name, name)
		}
	}
	if labels {
		a, err := z.Open(labelKey)
		if err != nil {
			return nil, err
		}
		got.labels = &a
	}
	return got, nil
}
