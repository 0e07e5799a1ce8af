package trial_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/config"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// valuesOnly is a source that is run in parts, which hand each other values.
type valuesOnly struct{ backend.Source }

func (valuesOnly) Coded(func(backend.Model) (string, error)) (backend.Entries, error) {
	return nil, device.ErrNotHere
}

func (valuesOnly) Blocked(int, int, func(backend.Model) (string, error)) (backend.Model, error) {
	return backend.Model{}, device.ErrNotHere
}

// plainOnly is a source that is entered at cuts, optimized from each of them on.
type plainOnly struct{ *segments.Source }

func (s plainOnly) Coded(optimize func(backend.Model) (string, error)) (backend.Entries, error) {
	if optimize != nil {
		return nil, errors.New("not optimized")
	}
	return s.Source.Coded(nil)
}

// TestCodedPartsGiveTheSameBits holds every way in which trials begin at cuts against
// the network in one piece: same outputs, bit by bit, for trials on stored activations too.
func TestCodedPartsGiveTheSameBits(t *testing.T) {
	s := trialtest.Compiled(t, tasktest.TinyConfig(t, 60))
	n := len(s.Records)
	open := func(wrap func(*segments.Source) backend.Source, plan bool) *backend.Evaluator {
		src, err := s.Source(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		o := s.Options
		o.Cuts = trial.EveryCut(src)
		e, err := backend.New(context.Background(), wrap(src), s.Data, s.Records, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(e.Close)
		if plan {
			if _, err := e.Plan(); err != nil {
				t.Fatal(err)
			}
			if e.Parts() != src.Cuts()-1 {
				t.Fatalf("%d parts, of %d cuts", e.Parts(), src.Cuts())
			}
		}
		return e
	}
	rows := func(e *backend.Evaluator, m search.Mask) [][]uint32 {
		all := make([][]uint32, e.Samples())
		if _, err := e.Outputs(context.Background(), m, func(sample int, row []float32) {
			for _, v := range row {
				all[sample] = append(all[sample], math.Float32bits(v))
			}
		}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	whole := open(func(s *segments.Source) backend.Source { return valuesOnly{s} }, false)
	ways := map[string]*backend.Evaluator{
		"optimized in one piece": open(func(s *segments.Source) backend.Source { return s }, true),
		"plain":                  open(func(s *segments.Source) backend.Source { return plainOnly{s} }, true),
		"values":                 open(func(s *segments.Source) backend.Source { return valuesOnly{s} }, true),
	}
	base := search.NewMask(n)
	for i := range n + 1 {
		want := fmt.Sprint(rows(whole, base))
		for name, e := range ways {
			if got := fmt.Sprint(rows(e, base)); got != want {
				t.Errorf("%s, %d demotions: other outputs", name, i)
			}
		}
		if i < n {
			one := base.Clone()
			one.Demote((i * 5) % n)
			for name, e := range ways {
				found, err := e.Scan(context.Background(), base, []search.Mask{one}, search.Bound{Above: math.Inf(1), Floor: math.Inf(-1)})
				if err != nil {
					t.Fatal(err)
				}
				if score, err := whole.Score(context.Background(), one); err != nil || score != found.Score {
					t.Errorf("%s, %d demotions: %v, want %v, %v", name, i+1, found.Score, score, err)
				}
			}
			base.Demote((i * 5) % n)
		}
	}
}

// TestPlanPassesCodes holds that trials enter what the runtime has optimized where they can: everything that is run
// of the example network is taken from that, and it is handed codes. Where the weights of that many sessions find no
// room, the network is run in parts, which hand each other values and have its weights once.
func TestPlanPassesCodes(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := config.Config{Model: "../../examples/fashion/model.onnx", Calib: "../../examples/fashion/calib.npz", Data: "../../examples/fashion/eval.npz", Limit: 200,
		Strategy: "demotion", Target: "16bit-0.01", Cache: 1 << 30, Version: "test"}
	s := trialtest.Compiled(t, cfg)
	if s.Plan.Blocked != s.Ev.Parts() || s.Ev.Parts() < 3 {
		t.Errorf("%d of %d parts are of the optimized network", s.Plan.Blocked, s.Ev.Parts())
	}
	little := cfg
	little.Cache = 1_000_000 // its weights take 300,000 bytes
	for want, list := range map[bool][][]backend.StoredTensor{true: s.Ev.StoredAt(), false: trialtest.Compiled(t, little).Ev.StoredAt()} {
		for part, stored := range list {
			for _, tensor := range stored {
				if tensor.Coded != want {
					t.Errorf("part %d is handed %s as codes: %t, want %t", part+1, tensor.Name, tensor.Coded, want)
				}
			}
		}
	}
}
