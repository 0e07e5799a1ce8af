package run

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/internal/tasktest"
	"example.org/demote/mistake"
)

// TestLadderCosts: a table of costs by width prices each holder at the width that it has in the end, and both steps
// save by its columns; a plain search takes the columns of its two widths. A file of two widths is refused, since it
// does not say which.
func TestLadderCosts(t *testing.T) {
	c := searchOfLadder(t)
	r := mustSearch(t, c)
	of := map[string]map[string]float64{}
	text, two := "name,4,8,16\n", ""
	for i, h := range r.Holders {
		of[h.Name] = map[string]float64{"int4": float64(i + 1), "int8": float64(3*i + 2), "int16": float64(7*i + 5)}
		text += fmt.Sprintf("%s,%d,%d,%d\n", h.Name, i+1, 3*i+2, 7*i+5)
		two += fmt.Sprintf("%s,%d,%d\n", h.Name, i+1, 3*i+2)
	}
	c.Cost, c.Out = filepath.Join(t.TempDir(), "costs.csv"), filepath.Join(t.TempDir(), "run")
	tasktest.WriteFile(t, c.Cost, []byte(text))
	end := mustSearch(t, c)
	first, err := ReadResult(LadderFolder(c.Out))
	if err != nil {
		t.Fatal(err)
	}
	plain := c
	plain.Ladder, plain.Target, plain.Out = "", first.Target.Text, filepath.Join(t.TempDir(), "plain")
	for name, r := range map[string]*Result{"step 1": first, "step 2": end, "a plain search": mustSearch(t, plain)} {
		want, top := 0.0, 0.0
		for i, h := range r.Holders {
			want += of[h.Name][h.Precision]
			high := r.Widths.HighName()
			if i < len(first.Holders) && r == end && first.Holders[i].Precision == "int16" {
				high = "int16"
			}
			top += of[h.Name][high]
		}
		var saved float64
		for _, s := range r.Savings {
			if s.Cost == c.Cost {
				saved = s.Saved
			}
		}
		if r.MixCost == nil || math.Abs(*r.MixCost-want) > 1e-9 || math.Abs(saved-(top-want)) > 1e-9 {
			t.Errorf("%s: the mix costs %v and saves %v, by hand %v and %v", name, r.MixCost, saved, want, top-want)
		}
	}
	tasktest.WriteFile(t, c.Cost, []byte(two))
	c.Out = filepath.Join(t.TempDir(), "two")
	if _, err := Search(context.Background(), c); !mistake.Is(err) || !strings.Contains(err.Error(), "a ladder needs those of all its widths: write a head line name,4,8,16") {
		t.Errorf("two widths: %v", err)
	}
}
