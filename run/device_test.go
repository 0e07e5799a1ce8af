package run

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/trialtest"

	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// conforms is what every device is held to: a trial is a function of mask and sample, whatever the block,
// whatever ran before; fast scans answer as naive ones; and what is watched is what is counted.
func conforms(t *testing.T, device string) {
	var first [][]float32
	var counts []search.Score
	for _, block := range []int{8, 20, 25, 60} {
		cfg := tasktest.TinyConfig(t, 60)
		cfg.Block = block
		s := trialtest.OnDevice(t, device, cfg)
		if d, err := s.Ev.SelfTest(); d != nil || err != nil {
			t.Fatalf("blocks of %d: the self-test says %v, %v", block, d, err)
		}
		rng := rand.New(rand.NewPCG(7, 7))
		for i := range 6 {
			mask := randomMask(rng, len(s.Records))
			rows, score := trialtest.Rows(t, s.Ev, mask)
			right := 0
			for sample, row := range rows {
				right += int(s.Metric.Gain(row, backendSample(s, sample)))
			}
			if again, err := s.Ev.Again(context.Background(), mask); err != nil || again != score || score.Count != right {
				t.Errorf("blocks of %d: counted %+v, then %+v, %v; the outputs say %d", block, score, again, err, right)
			}
			if block == 8 {
				counts = append(counts, score)
				if i == 0 {
					first = rows
				}
				continue
			}
			if score != counts[i] {
				t.Errorf("blocks of %d: mask %d scores %+v, in blocks of 8 %+v", block, i, score, counts[i])
			}
			if i == 0 && trialtest.Differing(rows, first) != 0 {
				t.Errorf("blocks of %d: outputs of %d samples differ", block, trialtest.Differing(rows, first))
			}
		}
	}
	scans(t, trialtest.OnDevice(t, device, tasktest.TinyConfig(t, 60)))
}

// scans compares fast scans with their definition on one evaluator after another mask was its base.
func scans(t *testing.T, s *trial.Runner) {
	t.Helper()
	ctx, n := context.Background(), len(s.Records)
	if s.Ev.Parts() < 2 {
		t.Errorf("%d parts", s.Ev.Parts())
	}
	rng := rand.New(rand.NewPCG(9, 9))
	for range 8 {
		base := randomMask(rng, n)
		var candidates []search.Mask
		for h := range n {
			if !base.Low(h) {
				m := base.Clone()
				m.Demote(h)
				candidates = append(candidates, m)
			}
		}
		b := search.Bound{Above: 0.5 + rng.Float64()/2, Floor: math.Inf(-1)}
		fast, err := s.Ev.Scan(ctx, base, candidates, b)
		if err != nil {
			t.Fatal(err)
		}
		want, err := search.NaiveScan(ctx, s.Ev.Again, candidates, b)
		if err != nil || fast != want {
			t.Errorf("a scan says %+v, its definition %+v, %v", fast, want, err)
		}
	}
	if st := s.Ev.Stats(); st.Restored == 0 {
		t.Errorf("no block began at a cut: %+v", st)
	}
}

func TestDeviceConforms(t *testing.T) { conforms(t, "cpu") }

// backendSample is what the metric compares a sample with.
func backendSample(s *trial.Runner, sample int) metric.Sample {
	out := metric.Sample{Label: -1}
	if labels := s.Data.Labels(); labels != nil {
		out.Label = labels[sample]
	}
	if row := s.Ev.Row(); s.Options.Reference != nil {
		out.Reference = s.Options.Reference[sample*row : (sample+1)*row]
	}
	return out
}

// randomMask is a mask with every holder demoted by a throw of a coin.
func randomMask(rng *rand.Rand, n int) search.Mask {
	m := search.NewMask(n)
	for h := range n {
		if rng.IntN(2) == 1 {
			m.Demote(h)
		}
	}
	return m
}
