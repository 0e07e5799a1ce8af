package device

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"example.org/demote/cgo"
)

// TestWrittenCheck has a run write some outputs, among them values that look like one of the patterns, and leave
// others, whole or in part. Each output has eight bytes.
func TestWrittenCheck(t *testing.T) {
	first, second := pieces(poisonFirst), pieces(poisonSecond)
	for _, c := range []struct {
		name   string
		dtype  cgo.DType
		writes []byte // what the run makes of the output; nil: it leaves it
		left   bool
	}{
		{"written", cgo.Float32, make([]byte, 8), false},
		{"left", cgo.Float32, nil, true},
		{"half of it", cgo.Float32, []byte{0, 0, 0, 0}, true},
		{"the first pattern", cgo.Float32, first, false},
		{"the second pattern", cgo.Float32, second, false},
		{"bytes of the first pattern", cgo.Uint8, first, false},
		{"bytes of it, but for one", cgo.Uint8, append(slices.Clone(first[:7]), 1), false},
		{"bytes left", cgo.Uint8, nil, true},
	} {
		out := Tensor{Name: "t", Type: c.dtype, Dims: []int64{int64(8 / c.dtype.Size())}}
		other := Tensor{Name: "u", Type: cgo.Float32, Dims: []int64{2}}
		memory := map[string][]byte{"t": make([]byte, 8), "u": make([]byte, 8)}
		runs := 0
		err := WrittenCheck{
			Put: func(t Tensor, pattern uint64) error {
				Poison(memory[t.Name], pattern)
				return nil
			},
			Run: func() error {
				runs++
				copy(memory["t"], c.writes)
				copy(memory["u"], make([]byte, 8))
				return nil
			},
			Kept: func(t Tensor, pattern uint64) (bool, error) {
				return Poisoned(memory[t.Name], t.Type.Size(), pattern), nil
			},
		}.Check([]Tensor{out, other})
		e, left := errors.AsType[*UnwrittenError](err)
		if left != c.left || left && !slices.Equal(e.Tensors, []string{"t"}) || runs > 2 {
			t.Errorf("%s: %v after %d runs", c.name, err, runs)
		}
		if !left && c.writes != nil && !bytes.HasPrefix(memory["t"], c.writes) {
			t.Errorf("%s: the output has %v", c.name, memory["t"])
		}
	}
	broken := errors.New("broken")
	fails := WrittenCheck{Put: func(Tensor, uint64) error { return nil }, Run: func() error { return broken }}
	if err := fails.Check([]Tensor{{Name: "t"}}); !errors.Is(err, broken) {
		t.Errorf("a run that fails gives %v", err)
	}
}
