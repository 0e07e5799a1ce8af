//go:build cuda

package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// TestEmulatedOutcomesAreTold holds that a search on a GPU says how many samples have another outcome there than on the
// CPU, and warns with that number where the score of the mix is another one. For want of a device that rounds
// otherwise, the CPU is asked about another mask.
func TestEmulatedOutcomesAreTold(t *testing.T) {
	emulated(t)
	said := ""
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Say = func(text string) { said += text + "\n" }
	cpu, gpu := trialtest.OnDevice(t, "cpu", cfg), trialtest.OnDevice(t, "cuda:0", cfg)
	none, all := search.NewMask(len(cpu.Records)), search.NewMask(len(cpu.Records))
	for i := range cpu.Records {
		all.Demote(i)
	}
	for _, m := range []search.Mask{none, all} {
		right, first, other := make([]bool, 60), make([]bool, 60), 0
		score, err := cpu.Ev.Outputs(context.Background(), m, func(i int, row []float32) { right[i] = cpu.Ev.Right(i, row) })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cpu.Ev.Outputs(context.Background(), none, func(i int, row []float32) { first[i] = cpu.Ev.Right(i, row) }); err != nil {
			t.Fatal(err)
		}
		for i := range right {
			if right[i] != first[i] {
				other++
			}
		}
		if (other > 0) != m.Equal(all) {
			t.Fatalf("%d outcomes differ: the test shows nothing", other)
		}
		said, gpu.Result.Warnings = "", nil
		if _, err := gpu.AskAgain(context.Background(), none, score, right); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("%d of 60 samples have another outcome", other)
		if !strings.Contains(said, "cuda:0 and the CPU: "+want+" of the mix") {
			t.Errorf("said %q, want %s", said, want)
		}
		if warned := slices.ContainsFunc(texts(gpu.Result.Warnings), func(s string) bool { return strings.Contains(s, "and "+want+": accumulation") }); warned != (other > 0) {
			t.Errorf("warned %q", texts(gpu.Result.Warnings))
		}
	}
}
