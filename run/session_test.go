package run

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// inBothSessions is a search that has to hold in both sessions.
func inBothSessions(t *testing.T) config.Config {
	return config.Config{Model: "../testdata/fashion-dscnn-uneven/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz",
		Target: "16bit-0.005", Limit: 300, Strategy: "gallop", Block: 50, Session: "default", RangeLow: "minmax", Version: "test", Out: filepath.Join(t.TempDir(), "run")}
}

// TestSessionDefault holds a real search in both sessions: its mix is above the target in both, the scores of the
// result are those of the exact session, and every mix that was scored in a default session was above the target in
// the exact one, but for the ends.
func TestSessionDefault(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := inBothSessions(t)
	r := mustSearch(t, cfg)
	low, refused := len(r.Holders)-len(r.Promotion), 0
	for i, v := range r.Sessions {
		t.Logf("%d in int8: %d right in the exact session, %d in a default one", v.Low, *v.Exact.Correct, *v.Default.Correct)
		if i > 1 && *v.Exact.Value <= r.Target.Value {
			t.Errorf("mix %d was scored in a default session, and misses the target in the exact one", i)
		}
		if *v.Exact.Value > r.Target.Value && *v.Default.Value <= r.Target.Value {
			refused++
		} else if v.Low > low && *v.Default.Value > r.Target.Value {
			t.Errorf("%d in int8 hold in both sessions, the result has %d", v.Low, low)
		}
	}
	if refused == 0 {
		t.Error("no mix missed the target in the default session alone: this test shows nothing")
	}
	if !r.Met || !r.Verified.Identical || *r.Verified.DefaultValue <= r.Target.Value || *r.Verified.Value <= r.Target.Value {
		t.Errorf("met %t, %+v, target %v", r.Met, r.Verified, r.Target)
	}
	if *r.Score.Mixed.Correct != *r.Verified.Correct || r.Verified.DefaultMet == nil || !*r.Verified.DefaultMet || r.MissedByDefault() != "" {
		t.Errorf("%+v, %+v, warnings %q", r.Score.Mixed, r.Verified, texts(r.Warnings))
	}
	// A walk back from the mix of the exact session, in the order of that search, ended with 34.
	if low <= 34 {
		t.Errorf("%d in int8", low)
	}
	if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || !v.Identical || *v.Correct != *r.Score.Mixed.Correct {
		t.Errorf("verify: %+v, %v", v, err)
	}
}

// TestSessionGoesOn interrupts such a search and starts it again: what was scored in a default session is remembered
// and not scored again, which changed numbers in the journal show.
func TestSessionGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := inBothSessions(t)
	ctx, stop := context.WithCancel(context.Background())
	told := 0
	broken := cfg
	broken.Say = func(text string) {
		if strings.HasSuffix(text, "in a default session") {
			if told++; told == 3 {
				stop()
			}
		}
	}
	if _, err := Search(ctx, broken); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v after %d mixes", err, told)
	}
	j, err := openForTest(cfg.Out)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := j.DB.Query(`SELECT mask, total FROM default_sessions`)
	if err != nil {
		t.Fatal(err)
	}
	totals := map[string]int{}
	for rows.Next() {
		var mask string
		var total int
		if err := rows.Scan(&mask, &total); err != nil {
			t.Fatal(err)
		}
		totals[mask] = total
	}
	rows.Close()
	known := len(totals)
	for mask, total := range totals {
		m, err := search.ParseMask(mask)
		if err == nil {
			err = j.LearntInDefault(m, search.Score{Count: 7, Total: total})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil || known < 2 {
		t.Fatalf("%d mixes in the journal, %v", known, err)
	}
	r := mustSearch(t, cfg)
	if len(r.Sessions) <= known || !r.Met || *r.Verified.DefaultValue <= r.Target.Value {
		t.Fatalf("%d mixes, met %t, %+v", len(r.Sessions), r.Met, r.Verified)
	}
	remembered := 0
	for _, v := range r.Sessions {
		if *v.Default.Correct == 7 {
			remembered++
		}
	}
	if remembered != known {
		t.Errorf("%d of %d mixes were remembered", remembered, known)
	}
}

// TestSessionsOfMadeUpScores searches with every strategy and made-up scores of the default session. The mix holds in
// both sessions, where the strategy cannot tell the two from one score that is the lower: the same search by a naive
// evaluator with that score finds the same.
func TestSessionsOfMadeUpScores(t *testing.T) {
	s := newSearch(trialtest.Compiled(t, tasktest.TinyConfig(t, 60)))
	s.Config.Session, s.Config.Say = "default", func(string) {}
	s.above = s.HighScore.Float() - 0.1
	n := len(s.Records)
	base := search.NewMask(n)
	r := rand.New(rand.NewPCG(3, 4))
	refused := 0
	for round := range 12 {
		table := map[string]search.Score{}
		made := func(ctx context.Context, m search.Mask) (search.Score, error) {
			score, known := table[m.Key()]
			if !known {
				exact, err := s.Ev.Score(ctx, m)
				if err != nil {
					return exact, err
				}
				score = search.Score{Count: max(0, exact.Count-r.IntN(4)*(round%3)), Total: exact.Total}
				table[m.Key()] = score
			}
			return score, nil
		}
		s.inDefault, s.Result = made, &config.Result{}
		lower := search.Naive(func(ctx context.Context, m search.Mask) (search.Score, error) {
			exact, err := s.Ev.Score(ctx, m)
			if err != nil || m.Equal(base) {
				return exact, err
			}
			second, err := made(ctx, m)
			if err == nil && second.Count < exact.Count {
				return second, nil
			}
			return exact, err
		})
		s.Layout.Pinned = base
		for _, strategy := range []string{"demotion", "greedy", "rank", "prefix", "bisect"} {
			o := search.NewOptions(n, s.above)
			o.Units = s.Units()
			s.Layout.Pinned = base
			got, err := search.Run(context.Background(), strategy, s.evaluator(), o)
			if err != nil {
				t.Fatal(err)
			}
			want, err := search.Run(context.Background(), strategy, lower, o)
			if err != nil || !got.Mask.Equal(want.Mask) || got.Score != want.Score || got.Evaluations != want.Evaluations {
				t.Fatalf("%s finds %s with %v, the lower score %s with %v, %v", strategy, got.Mask, got.Score, want.Mask, want.Score, err)
			}
			second, err := made(context.Background(), got.Mask)
			if err != nil || !got.Mask.Equal(base) && !s.holds(second) {
				t.Errorf("%s finds %s, which scores %v in a default session", strategy, got.Mask, second)
			}
			exact, err := s.Ev.Score(context.Background(), got.Mask)
			if err != nil || s.exactScore(got.Mask, got.Score) != exact {
				t.Errorf("%s books %v, want %v", got.Mask, s.exactScore(got.Mask, got.Score), exact)
			}
			for _, v := range s.Result.Sessions {
				if s.holds(search.Score{Count: *v.Exact.Correct, Total: *v.Exact.Total}) && !s.holds(search.Score{Count: *v.Default.Correct, Total: *v.Default.Total}) {
					refused++
				}
			}
		}
	}
	if refused < 20 {
		t.Errorf("%d mixes missed the target in the default session alone: this test shows too little", refused)
	}
}

// TestSessionsOfTheBase asks the default session of the mix that a search began with, where it has found no other.
func TestSessionsOfTheBase(t *testing.T) {
	s := newSearch(trialtest.Compiled(t, tasktest.TinyConfig(t, 60)))
	s.Config.Session, s.Config.Say = "default", func(string) {}
	s.above = s.HighScore.Float() - 0.1
	o := search.NewOptions(len(s.Records), s.above)
	o.Units = s.Units()
	s.Layout.Pinned = search.NewMask(len(s.Records))
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		name   string
		right  int // in the default session, of every mix
		lost   error
		warned int
		ctx    context.Context
		done   bool
	}{
		{"held", 60, nil, 0, context.Background(), true},
		{"missed", 1, ErrUnreachable, 0, context.Background(), true},
		{"interrupted before", 1, nil, 1, context.Background(), false},
		{"interrupted", 1, context.Canceled, 1, cancelled, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.Result = &config.Result{}
			s.inDefault = func(_ context.Context, m search.Mask) (search.Score, error) {
				right := 1
				if m.Count() == 0 {
					right = c.right
				}
				return search.Score{Count: right, Total: 60}, nil
			}
			f, err := search.Run(context.Background(), "demotion", s.evaluator(), o)
			if err != nil || f.Mask.Count() != 0 || !f.Holds {
				t.Fatalf("%v, %+v", err, f)
			}
			lost, err := s.holdBase(c.ctx, &f, c.done)
			if err != nil || !errors.Is(lost, c.lost) || f.Holds == errors.Is(lost, ErrUnreachable) || len(s.Result.Warnings) != c.warned {
				t.Errorf("%v, %v, holds %t, warnings %q", err, lost, f.Holds, texts(s.Result.Warnings))
			}
		})
	}
}
