//go:build cuda

package run

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"example.org/demote/internal/tasktest"
)

// TestEmulatedOwnShapes holds that samples of different shapes are searched on the CPU where a GPU may be taken, with
// the CPU's result, and refused on one that is asked for.
func TestEmulatedOwnShapes(t *testing.T) {
	emulated(t)
	var got []string
	for _, device := range []string{"cpu", "auto"} {
		cfg := tasktest.OwnConfig(t, "lines", 14)
		said := ""
		cfg.Device, cfg.Say = device, func(line string) { said += line + "\n" }
		r, err := Search(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(r.Promotion, *r.Score.Mixed.Value))
		if told := strings.Contains(said, "device cpu, since the samples have different shapes"); told != (device == "auto") {
			t.Errorf("--device %s: %s", device, said)
		}
	}
	if got[0] != got[1] {
		t.Errorf("on the CPU %s, with a GPU there %s", got[0], got[1])
	}
	cfg := tasktest.OwnConfig(t, "lines", 14)
	cfg.Device = "cuda:0"
	if _, err := Search(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), "choose --device cpu, or give the value") || ExitCode(err) != ExitMistake {
		t.Errorf("--device cuda:0: %v", err)
	}
}
