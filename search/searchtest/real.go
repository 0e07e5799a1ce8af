package searchtest

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"example.org/demote/search"
)

// Real is the recorded run of the reference search in Sony's toolkit, as far as a replay needs it: every mask that it
// evaluated with the outcome of every sample, so that a replay needs no network.
type Real struct {
	Target      float64 `json:"target"`
	Samples     int     `json:"samples"`
	Multiplier  float64 `json:"multiplier"`
	Seed        uint32  `json:"shuffle_seed"`
	Evaluations []struct {
		Mask    string `json:"mask"`
		Correct int    `json:"correct"`
		Bits    string `json:"bits"` // hexadecimal; sample 0 is the highest bit of the first byte, 1 is right
	} `json:"evaluations"`
	// Holders are those of the 8-bit model, in the order of masks.
	Holders []struct {
		Name string `json:"name"`
	} `json:"holders_8bit"`
	Chain []struct {
		Index    int     `json:"index"`
		Returned float64 `json:"returned_accuracy"` // as ChainLast records it
		// Correct is the count of the mask after the step, as ChainDemoted records it.
		Correct int    `json:"correct_of_mask_after"`
		Mask    string `json:"mask_after"`
	} `json:"chain"`
	Promotion []string `json:"promotion_list"` // names, the last demoted first
	Final     struct {
		Mask    string `json:"mask"`
		Correct int    `json:"correct"`
	} `json:"final"`
}

// ReadReal reads the recorded run.
func ReadReal(t testing.TB) *Real {
	t.Helper()
	return readRecord(t, "mctq-trace.json")
}

// ReadUneven reads a search of this program, by strategy demotion on the network of testdata/fashion-dscnn-uneven,
// which scripts/record_search.py has written down. It has no accuracies as ChainLast records them.
func ReadUneven(t testing.TB) *Real {
	t.Helper()
	return readRecord(t, "uneven-trace.json")
}

func readRecord(t testing.TB, name string) *Real {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testdata(), name))
	if err != nil {
		t.Fatal(err)
	}
	r := new(Real)
	if err := json.Unmarshal(data, r); err != nil {
		t.Fatal(err)
	}
	return r
}

// Options returns the options of the recorded run for a chain mode.
func (r *Real) Options(mode search.ChainMode) search.Options {
	o := search.NewOptions(len(r.Holders), r.Target)
	o.Multiplier, o.Seed, o.Chain = r.Multiplier, r.Seed, mode
	return o
}

// Outcomes returns, by mask in text, whether each sample was right.
func (r *Real) Outcomes(t testing.TB) map[string][]bool {
	t.Helper()
	outcomes := map[string][]bool{}
	for _, e := range r.Evaluations {
		packed, err := hex.DecodeString(e.Bits)
		if err != nil {
			t.Fatal(err)
		}
		right := make([]bool, r.Samples)
		count := 0
		for s := range right { // sample 0 is the highest bit of the first byte
			if right[s] = packed[s/8]>>(7-s%8)&1 == 1; right[s] {
				count++
			}
		}
		if count != e.Correct {
			t.Fatalf("mask %s: %d bits are set, the count is %d", e.Mask, count, e.Correct)
		}
		outcomes[e.Mask] = right
	}
	return outcomes
}

// WrongFirst are the samples in the order of a layout: those that all int16 gets wrong, by the outcomes, in front.
func (r *Real) WrongFirst(outcomes map[string][]bool) (order []int) {
	high := outcomes[search.NewMask(len(r.Holders)).String()]
	for _, right := range []bool{false, true} {
		for sample := range r.Samples {
			if high[sample] == right {
				order = append(order, sample)
			}
		}
	}
	return order
}

// Check compares a replay with the record: chain, promotion list and mix.
func (r *Real) Check(t testing.TB, res *search.Result, mode search.ChainMode) {
	t.Helper()
	if len(res.Chain) != len(r.Chain) {
		t.Fatalf("chain of %d, want %d", len(res.Chain), len(r.Chain))
	}
	mask := search.NewMask(len(r.Holders))
	for i, want := range r.Chain {
		step := res.Chain[i]
		mask.Demote(step.Unit)
		recorded := want.Returned
		if mode == search.ChainDemoted {
			recorded = float64(want.Correct) / float64(r.Samples)
		}
		if step.Unit != want.Index || step.Recorded.Float() != recorded || mask.String() != want.Mask {
			t.Fatalf("entry %d: unit %d at %v, want %d at %v", i, step.Unit, step.Recorded.Float(), want.Index, recorded)
		}
	}
	var names []string
	for _, h := range res.Promotion {
		names = append(names, r.Holders[h].Name)
	}
	if !slices.Equal(names, r.Promotion) || res.Mask.String() != r.Final.Mask || res.Score.Count != r.Final.Correct {
		t.Errorf("promotion %v, mask %s at %d, want %v, %s at %d", names, res.Mask, res.Score.Count, r.Promotion, r.Final.Mask, r.Final.Correct)
	}
}
