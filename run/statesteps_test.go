package run

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
)

// TestOneStep holds samples without an axis of steps, or with one step, against the same samples with the state as an
// input of zeros.
func TestOneStep(t *testing.T) {
	const n = 16
	cfg, x := tasktest.StepNet(t, tasktest.GruStep(), n, 1, "hn:h")
	one := outputsOf(t, cfg, cfg.Model)
	flat := cfg
	flat.Data = tasktest.WriteArrays(t, filepath.Join(t.TempDir(), "e.npz"), map[string][]byte{"x": tasktest.FloatsNPY(x, n, 6)})
	if got := outputsOf(t, flat, cfg.Model); !slices.Equal(got, one) {
		t.Error("without an axis of steps the outputs are others")
	}
	flat.State, flat.Fixed, flat.Output = nil, []string{"h=0"}, "y"
	if got := outputsOf(t, flat, cfg.Model); !slices.Equal(got, one) {
		t.Error("with a state of zeros as an input the outputs are others")
	}
}

// TestFreeState has the samples say how large a state is.
func TestFreeState(t *testing.T) {
	const n, steps = 8, 3
	cfg, x := tasktest.StepNet(t, tasktest.GruStep(), n, steps, "hn:h")
	want := outputsOf(t, cfg, cfg.Model)
	free, _ := tasktest.StepNet(t, tasktest.FreeStep(), n, steps, "hn:h")
	tasktest.WriteArrays(t, free.Data, map[string][]byte{"x": tasktest.FloatsNPY(x, n, steps, 6), "h": tasktest.FloatsNPY(make([]float32, n*8), n, 8)})
	if got := outputsOf(t, free, free.Model); !slices.Equal(got, want) {
		t.Error("a state of zeros of any size gives other outputs")
	}
}

// TestPairOfSteps searches the two files of a step that are quantized already.
func TestPairOfSteps(t *testing.T) {
	cfg, _ := tasktest.StepNet(t, tasktest.LstmStep(), 20, 4, "hn:h", "cn:c")
	low, high, err := Quantize(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	pair := tasktest.CutEverywhere(config.Config{Low: low, High: high, Data: cfg.Data, State: cfg.State, Metric: "agreement", Target: "16bit-0.01", Strategy: "demotion", Block: 8, Version: "test"})
	want := ""
	for _, scan := range []string{"fast", "naive"} {
		pair.Scan, pair.Out = scan, filepath.Join(t.TempDir(), "run")
		r := mustSearch(t, pair)
		if !r.Verified.Identical || len(r.Promotion) == 0 || r.Steps != 4 {
			t.Errorf("%s: %+v, int16 stay %v", scan, *r.Verified, r.Promotion)
		}
		if got := decisions(t, r); want == "" {
			want = got
		} else if got != want {
			t.Errorf("naive: %s\nfast: %s", got, want)
		}
	}
	if v, err := Verify(context.Background(), pair.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("verify: %+v, %v", v, err)
	}
}

// TestSharedStep has an input without steps, which is the same in each of them, bytes, and sequences of different
// lengths.
func TestSharedStep(t *testing.T) {
	const n, steps = 9, 4
	cfg, _ := tasktest.StepNet(t, tasktest.SharedStep(), n, steps, "hn:h")
	cfg.Output, cfg.Block = "y", 4
	who, bytes, sum := tasktest.Normals(61, n*6), tasktest.NPYHeader("|u1", n, steps, 6), make([]float32, n*steps*6)
	for i := range sum {
		bytes = append(bytes, byte(i*7%5))
		sum[i] = float32(i*7%5) + who[i/(steps*6)*6+i%6]
	}
	tasktest.WriteArrays(t, cfg.Data, map[string][]byte{"x": bytes, "who": tasktest.FloatsNPY(who, n, 6)})
	want := func(i, length int) []float64 {
		y, _ := tasktest.GruInGo(sum[i*steps*6:], nil, length)
		return y
	}
	got := outputsOf(t, cfg, cfg.Model)
	for i := range n {
		for k, w := range want(i, steps) {
			if v := got[i*steps*5+k]; math.Abs(float64(v)-w) > 1e-4 {
				t.Fatalf("sample %d, step %d: %v, by hand %v", i, k/5, v, w)
			}
		}
	}
	first := tasktest.NPYHeader("|u1", n, 8)
	for i := range n * 8 {
		first = append(first, byte(i%3))
	}
	tasktest.WriteArrays(t, cfg.Data, map[string][]byte{"x": bytes, "who": tasktest.FloatsNPY(who, n, 6), "h": first})
	if r := mustSearch(t, cfg); !r.Verified.Identical { // trials are fed with the bytes of x, and not with those of h
		t.Errorf("%+v", *r.Verified)
	}
	ragged := map[string][]byte{"who": tasktest.FloatsNPY(who, n, 6)}
	for i := range n {
		length := 1 + i%steps
		if i == n-1 {
			length = steps
		}
		ragged[fmt.Sprintf("x_%d", i)] = append(tasktest.NPYHeader("|u1", length, 6), bytes[len(bytes)-n*steps*6+i*steps*6:][:length*6]...)
	}
	tasktest.WriteArrays(t, cfg.Data, ragged)
	cfg.Pad = []string{"x=0"}
	got = outputsOf(t, cfg, cfg.Model)
	for i := range n {
		for k, w := range want(i, 1+i%steps) {
			if v := got[i*steps*5+k]; i < n-1 && math.Abs(float64(v)-w) > 1e-4 {
				t.Fatalf("of different lengths: sample %d, step %d: %v, by hand %v", i, k/5, v, w)
			}
		}
	}
}
