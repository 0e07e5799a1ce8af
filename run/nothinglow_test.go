package run

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
)

// TestNothingInInt8 says that ranges chosen by all int8 may be the reason where a search leaves all at int16: not with
// ranges that the user chose, where something is in int8, or where the search ended early.
func TestNothingInInt8(t *testing.T) {
	g := tasktest.AloneNetwork(onnxtest.Declared("x", ir.Float, "N", 6), nil, -1, "N", 4)
	base := tasktest.AloneConfig(t, g, map[string][]int{"x": {40, 6}})
	for _, c := range []struct {
		name, ranges, target string
		evaluations          int
		want                 bool
		bits                 string
	}{
		{"chosen by all int8", "auto", "16bit-0.01", 0, true, ""},
		{"chosen by all int4", "auto", "16bit-0.01", 0, true, "4,8"},
		{"chosen by hand", "minmax", "16bit-0.01", 0, false, ""},
		{"something in int8", "auto", "1%", 0, false, ""},
		{"ended early", "auto", "16bit-0.01", 1, false, ""},
	} {
		low, high := "int8", "int16"
		if c.bits != "" {
			low, high = "int4", "int8"
		}
		cfg := base
		cfg.Bits = c.bits
		cfg.RangeLow, cfg.Target, cfg.Trials, cfg.Out = c.ranges, c.target, c.evaluations, filepath.Join(t.TempDir(), "run")
		r := mustSearch(t, cfg)
		at := slices.IndexFunc(r.Warnings, func(w result.Warning) bool { return w.ID == "nothing-in-int8" })
		if (at >= 0) != c.want {
			t.Errorf("%s: %+v", c.name, r.Warnings)
		} else if at >= 0 && (!strings.HasPrefix(r.Warnings[at].Text, "none of 2 activations is in "+low) || !strings.HasPrefix(r.Warnings[at].Cure, "--range minmax, or --pin NAME="+high+" ")) {
			t.Errorf("%s: %+v", c.name, r.Warnings[at])
		}
		if nothing := len(r.Promotion) == len(r.Holders); nothing != (c.target != "1%") {
			t.Errorf("%s: %v stay: this case shows nothing", c.name, r.Promotion)
		}
	}
}
