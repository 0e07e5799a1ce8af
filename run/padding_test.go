package run

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/internal/onnxtest"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/tasktest"
)

// TestPadding searches samples of different lengths with --pad, and holds the result against the same samples padded
// by hand, in blocks of several sizes.
func TestPadding(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	ctx := context.Background()
	g := tasktest.AloneNetwork(onnxtest.Declared("x", ir.Float, "N", "steps", 6), nil, 1, "N", 1, 4)
	cfg := tasktest.AloneConfig(t, g, nil)
	rng := rand.New(rand.NewPCG(4, 2))
	short, long := map[string][]byte{}, tasktest.NPYHeader("<f4", 14, 5, 6)
	for i := range 14 {
		steps := 1 + (i*3)%5
		data := tasktest.NPYHeader("<f4", steps, 6)
		for at := range 5 * 6 {
			v := float32(0.25)
			if at < steps*6 {
				v = float32(rng.NormFloat64())
				data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
			}
			long = binary.LittleEndian.AppendUint32(long, math.Float32bits(v))
		}
		short[fmt.Sprintf("x_%d", i)] = data
	}
	tasktest.WriteFile(t, cfg.Data, tasktest.NPZ(t, short))
	whole := filepath.Join(filepath.Dir(cfg.Data), "whole.npz")
	tasktest.WriteFile(t, whole, tasktest.NPZ(t, map[string][]byte{"x": long}))
	tell := func(data string, block int, pad ...string) string {
		t.Helper()
		c := cfg
		c.Calib, c.Data, c.Block, c.Pad, c.Out = data, data, block, pad, filepath.Join(t.TempDir(), "run")
		r, err := Search(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Verified.Identical {
			t.Errorf("%+v", r.Verified)
		}
		return fmt.Sprint(r.Promotion, *r.Score.Mixed.Value, *r.Score.Low.Value, *r.Score.High.Value)
	}
	want := tell(whole, 4)
	for _, block := range []int{4, 1, 9} {
		if got := tell(cfg.Data, block, "x=0.25"); got != want {
			t.Errorf("blocks of %d: %s, padded by hand %s", block, got, want)
		}
	}
	for pad, text := range map[string]string{"y=0": "--pad y=0: ", "x=a": `--pad x=a: "a" is no finite number of type float32`,
		"x=1,2": "--pad x=1,2: 2 numbers for 1 elements", "x": "--pad x: give a name and a value, such as --pad ids=0"} {
		c := cfg
		c.Pad = []string{pad}
		if _, err := Search(ctx, c); err == nil || !strings.Contains(err.Error(), text) || ExitCode(err) != ExitMistake {
			t.Errorf("--pad %q: %v, want %s", pad, err, text)
		}
	}
}
