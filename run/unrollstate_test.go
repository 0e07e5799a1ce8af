package run

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
)

// unrolledStates is a search of a network that hears 3 frames a step with a recurrent operator, which is opened, and
// hands its states to the next step.
func unrolledStates(t testing.TB, operator string) config.Config {
	t.Helper()
	const n, steps = 20, 4
	gates, nodes, states := int64(4), "all,h1,c1 = LSTM t w r b _ h0 c0 hidden_size=8; hn = Squeeze h1 zero; cn = Squeeze c1 zero", []string{"hn:h", "cn:c"}
	b := tasktest.NewGraph(n).In("x", nil, 3, 6).In("h", nil, 8).Out("y", 5).Out("hn", 8)
	if operator == "GRU" {
		gates, nodes, states = 3, "all,h1 = GRU t w r b _ h0 hidden_size=8; hn = Squeeze h1 zero", states[:1]
	} else {
		b.In("c", nil, 8).Out("cn", 8).Do("c0 = Unsqueeze c zero")
	}
	cfg := b.Weight("w", 0.5, 1, gates*8, 6).Weight("r", 0.4, 1, gates*8, 8).Weight("b", 0.3, 1, 2*gates*8).Weight("v", 0.6, 8, 5).Numbers("zero", 0).
		Do("h0 = Unsqueeze h zero; t = Transpose x perm=1,0,2; " + nodes + "; y = MatMul hn v").Config(t)
	tasktest.WriteArrays(t, cfg.Data, map[string][]byte{"x": tasktest.FloatsNPY(tasktest.Normals(71, n*steps*18), n, steps, 3, 6)})
	cfg.Calib = cfg.Data
	cfg.State, cfg.Unroll, cfg.Output, cfg.Block = states, true, "y", 6
	return cfg
}

// TestUnrolledStates searches it by whole scores as by bounds, and has the float network and the opened one agree
// over all steps.
func TestUnrolledStates(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, operator := range []string{"LSTM", "GRU"} {
		t.Run(operator, func(t *testing.T) {
			cfg := unrolledStates(t, operator)
			fast := mustSearch(t, cfg)
			cfg.Scan, cfg.Out = "naive", filepath.Join(t.TempDir(), "naive")
			naive := mustSearch(t, cfg)
			if !slices.Equal(fast.Promotion, naive.Promotion) || *fast.Score.Mixed.Value != *naive.Score.Mixed.Value {
				t.Errorf("fast keeps %v, naive %v", fast.Promotion, naive.Promotion)
			}
			if !fast.Verified.Identical || fast.FloatWork.Some() || len(fast.Unrolled) != 1 || fast.Unrolled[0].Steps != 3 || fast.Steps != 4 || *fast.Score.High.Value < 40 {
				t.Errorf("%+v, %+v, %+v, %d steps, all int16 %v dB", fast.Verified, fast.FloatWork, fast.Unrolled, fast.Steps, *fast.Score.High.Value)
			}
			if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || !v.Identical {
				t.Errorf("verify: %+v, %v", v, err)
			}
		})
	}
}
