package trialtest

import (
	"context"
	"math"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/internal/trial"
	"example.org/demote/search"
)

// OnDevice prepares and compiles a search on a device, without a run folder.
func OnDevice(t testing.TB, device string, cfg config.Config) *trial.Runner {
	t.Helper()
	s := prepared(t, device, cfg)
	if err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// Uncut prepares a search on the CPU as far as its network is compiled: in one piece, with the samples in the order of
// the data.
func Uncut(t testing.TB, cfg config.Config) *trial.Runner {
	t.Helper()
	s := prepared(t, backend.DeviceCPU, cfg)
	if err := s.Compile(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

func prepared(t testing.TB, device string, cfg config.Config) *trial.Runner {
	t.Helper()
	cfg.Device, cfg.Patient = device, true
	s := &trial.Runner{Config: cfg.Filled()}
	t.Cleanup(s.Close)
	var err error
	if err = s.Prepare(context.Background()); err != nil {
		t.Fatal(err)
	}
	if s.Metric, s.Command, err = s.PickMetric(context.Background(), s.Config); err != nil {
		t.Fatal(err)
	}
	s.Result = &config.Result{}
	for _, step := range []func() error{func() error { return s.ChooseDevice(context.Background()) }, func() error { return s.FitDevice(context.Background()) }} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// Compiled prepares and compiles a search on the CPU, without a run folder.
func Compiled(t testing.TB, cfg config.Config) *trial.Runner {
	t.Helper()
	return OnDevice(t, backend.DeviceCPU, cfg)
}

// Toggle changes the precision of a holder.
func Toggle(m search.Mask, h int) {
	if m.Low(h) {
		m.Promote(h)
	} else {
		m.Demote(h)
	}
}

// Pass runs a candidate on a base to its end.
func Pass(t testing.TB, s *trial.Runner, base, candidate search.Mask) search.Score {
	t.Helper()
	found, err := s.Ev.Scan(context.Background(), base, []search.Mask{candidate}, search.Bound{Above: math.Inf(-1), Floor: math.Inf(1)})
	if err != nil || !found.Passed {
		t.Fatalf("%+v, %v", found, err)
	}
	return found.Score
}

// Rows are the outputs of a mask, by sample, and its score.
func Rows(t testing.TB, e *backend.Evaluator, m search.Mask) ([][]float32, search.Score) {
	t.Helper()
	rows := make([][]float32, e.Samples())
	score, err := e.Outputs(context.Background(), m, func(sample int, row []float32) { rows[sample] = append([]float32(nil), row...) })
	if err != nil {
		t.Fatal(err)
	}
	return rows, score
}

// Differing counts the samples whose outputs differ in a bit.
func Differing(a, b [][]float32) (n int) {
	for i := range a {
		for k := range a[i] {
			if math.Float32bits(a[i][k]) != math.Float32bits(b[i][k]) {
				n++
				break
			}
		}
	}
	return n
}
