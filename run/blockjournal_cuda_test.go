//go:build cuda

package run

import (
	"strings"
	"testing"

	"example.org/demote/internal/tasktest"
)

// TestEmulatedBlocksDoNotMix holds that a search on a GPU which has to go on with smaller blocks scores again what it
// knew, since the libraries of a GPU may round otherwise there; with the same blocks it goes on with what it knew.
func TestEmulatedBlocksDoNotMix(t *testing.T) {
	for fault, goesOn := range map[string]bool{"": true, "fail=cuMemAlloc_v2:5:2": false} {
		emulated(t)
		cfg := tasktest.TinyConfig(t, 60)
		cfg.Device, cfg.Block = "cuda:0", 20
		interrupt(t, cfg)
		emulated(t, fault)
		said := ""
		cfg.Say = func(text string) { said += text + "\n" }
		r := mustSearch(t, cfg)
		if strings.Contains(said, "going on with a run that knows") != goesOn {
			t.Errorf("%q: %s", fault, said)
		}
		if shrunk := strings.Contains(strings.Join(texts(r.Warnings), "\n"), "going on with blocks of 10 samples"); shrunk == goesOn {
			t.Errorf("%q: the blocks shrank: %v", fault, shrunk)
		}
	}
}
