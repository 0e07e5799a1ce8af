package run

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// TestSessionDefault holds a real walk back against its definition: of the mixes along the chain, the
// most demoted one whose written file is above the target in both sessions.
func TestSessionDefault(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := config.Config{Model: "../testdata/fashion-dscnn-uneven/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz",
		Target: "16bit-0.005", Limit: 300, Strategy: "gallop", Block: 50, Session: "default", Version: "test", Out: filepath.Join(t.TempDir(), "run")}
	r := mustSearch(t, cfg)
	for _, v := range r.Sessions {
		t.Logf("%d in int8: %d right in the exact session, %d in a default one", v.Low, *v.Exact.Correct, *v.Default.Correct)
	}
	if !r.Met || !r.Verified.Identical || *r.Verified.DefaultValue <= r.Target.Value || *r.Verified.Value <= r.Target.Value {
		t.Errorf("met %t, %+v, target %v", r.Met, r.Verified, r.Target)
	}
	last := r.Sessions[len(r.Sessions)-1]
	if *last.Default.Correct != *r.Verified.DefaultCorrect || *last.Exact.Correct != *r.Score.Mixed.Correct || last.Low != len(r.Holders)-len(r.Promotion) {
		t.Errorf("the last mix of the walk is %+v, the result %+v with %d high", last, r.Verified, len(r.Promotion))
	}
	for i, v := range r.Sessions[:len(r.Sessions)-1] {
		if *v.Default.Value > r.Target.Value || v.Low <= r.Sessions[i+1].Low {
			t.Errorf("step %d of the walk, %d low, already holds or is not the more demoted one", i, v.Low)
		}
	}
	if r.Verified.DefaultMet == nil || !*r.Verified.DefaultMet || r.MissedByDefault() != "" {
		t.Errorf("%+v, warnings %q", r.Verified, texts(r.Warnings))
	}
	if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || !v.Identical || *v.Correct != *r.Score.Mixed.Correct {
		t.Errorf("verify: %+v, %v", v, err)
	}
}

// TestSessionGoesOn interrupts a walk and starts it again: what was scored in a default session is remembered and not
// scored again, which a changed number in the journal shows, and the end is that of a walk left alone.
func TestSessionGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := config.Config{Model: "../testdata/fashion-dscnn-uneven/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz",
		Target: "16bit-0.005", Limit: 300, Strategy: "gallop", Block: 50, Session: "default", RangeLow: "minmax", Version: "test", Out: filepath.Join(t.TempDir(), "run")}
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
	var known int
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
	known = len(totals)
	for mask, total := range totals {
		m, err := search.ParseMask(mask)
		if err == nil {
			err = j.LearntInDefault(m, search.Score{Count: 7, Total: total})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil || known != 3 {
		t.Fatalf("%d mixes in the journal, %v", known, err)
	}
	r := mustSearch(t, cfg)
	if len(r.Sessions) <= 3 || !r.Met {
		t.Fatalf("%d mixes, met %t", len(r.Sessions), r.Met)
	}
	for i, v := range r.Sessions {
		if remembered := *v.Default.Correct == 7; remembered != (i < 3) {
			t.Errorf("mix %d of the walk: %d right", i, *v.Default.Correct)
		}
	}
	if last := r.Sessions[len(r.Sessions)-1]; *last.Default.Correct != *r.Verified.DefaultCorrect {
		t.Errorf("the last mix of the walk is %+v, the result %+v", last, r.Verified)
	}
}

// TestSessionsWalk walks back along a real chain with made-up scores of the default session.
func TestSessionsWalk(t *testing.T) {
	s := newSearch(trialtest.Compiled(t, tasktest.TinyConfig(t, 60)))
	s.Config.Session, s.Config.Say = "default", func(string) {}
	s.above = s.HighScore.Float() - 0.1
	o := search.NewOptions(len(s.Records), s.above)
	o.Units = s.Units()
	found, err := search.Run(context.Background(), "demotion", s.Ev, o)
	if err != nil || !found.Found || found.Mask.Count() < 3 {
		t.Fatalf("%v, %+v", err, found)
	}
	most := found.Mask.Count()
	var exact []int // the mixes along the chain that hold in the exact session, by their low holders
	for m, i := found.Mask.Clone(), most-1; i >= -1; i-- {
		score, err := s.Ev.Score(context.Background(), m)
		if err != nil {
			t.Fatal(err)
		}
		if s.holds(score) {
			exact = append(exact, m.Count())
		}
		if i >= 0 {
			m.Promote(found.Chain[i].Holders[0])
		}
	}
	for _, c := range []struct {
		name string
		from int // the mixes with at most so many low holders hold in the default session
		met  bool
		low  int // what is found
	}{
		{"at once", most, true, exact[0]}, {"one back", exact[1], true, exact[1]}, {"two back", exact[2], true, exact[2]},
		{"the 16-bit network", 0, true, 0}, {"nothing", -1, false, exact[1]},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.Result = &config.Result{}
			asked := 0
			s.inDefault = func(_ context.Context, m search.Mask) (search.Score, error) {
				asked++
				switch low := m.Count(); {
				case low <= c.from:
					return search.Score{Count: 60, Total: 60}, nil
				case low == exact[1]:
					return search.Score{Count: 2, Total: 60}, nil
				}
				return search.Score{Count: 1, Total: 60}, nil
			}
			f := found
			lost, err := s.holdInDefault(context.Background(), &f, true)
			if err != nil || errors.Is(lost, ErrUnreachable) == c.met || s.Result.Met != c.met {
				t.Fatalf("%v, %v, met %t", err, lost, s.Result.Met)
			}
			if f.Mask.Count() != c.low || len(s.Result.Promotion) != len(s.Records)-c.low || asked != len(s.Result.Sessions) {
				t.Errorf("%d low, list %q, %d asked", f.Mask.Count(), s.Result.Promotion, asked)
			}
			for i, name := range s.Result.Promotion[len(found.Promotion):] {
				step := found.Chain[most-1-i]
				if want := s.Network.Holders[step.Holders[0]].Name; name != want {
					t.Errorf("the list goes on with %s, the chain back with %s", name, want)
				}
			}
		})
	}
	for name, ctx := range map[string]func() (context.Context, bool){
		"interrupted before": func() (context.Context, bool) { return context.Background(), false },
		"interrupted": func() (context.Context, bool) {
			ctx, stop := context.WithCancel(context.Background())
			s.inDefault = func(ctx context.Context, _ search.Mask) (search.Score, error) {
				stop()
				return search.Score{}, ctx.Err()
			}
			return ctx, true
		},
	} {
		s.Result = &config.Result{}
		under, done := ctx()
		f := found
		lost, err := s.holdInDefault(under, &f, done)
		if err != nil || ExitCode(lost) != map[bool]int{true: ExitInterrupted, false: ExitFound}[done] || !f.Mask.Equal(found.Mask) || len(s.Result.Warnings) != 1 {
			t.Errorf("%s: %v, %v, %q", name, err, lost, s.Result.Warnings)
		}
	}
}

// TestWayBack lists the order of the walk for chains of every kind.
func TestWayBack(t *testing.T) {
	mask := func(text string) search.Mask {
		m, err := search.ParseMask(text)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	units := [][]int{{0}, {1, 2}, {3}, {4}}
	for _, c := range []struct {
		name string
		f    search.Result
		want [][]int
	}{
		{"nothing demoted", search.Result{Mask: mask("00000")}, nil},
		{"a chain", search.Result{Mask: mask("11100"), Chain: []search.Step{{Unit: 0}, {Unit: 1, Group: 1}, {Unit: 3, Group: 2}}}, [][]int{{1}, {0}}},
		{"together", search.Result{Mask: mask("11110"), Chain: []search.Step{{Unit: 2}, {Unit: 0, Group: 1}, {Unit: 1, Group: 1}}}, [][]int{{1, 0}, {2}}},
		{"a swap", search.Result{Mask: mask("10010"), Chain: []search.Step{{Unit: 0}, {Unit: 1, Group: 1}, {Unit: 1, Group: 2, Promoted: true}, {Unit: 2, Group: 2}}}, [][]int{{2}, {0}}},
		{"without a chain", search.Result{Mask: mask("11111"), Order: []int{2, 0, 3, 1}}, [][]int{{1}, {3}, {0}, {2}}},
		{"a start mix", search.Result{Mask: mask("10011"), Chain: []search.Step{{Unit: 3}}}, [][]int{{3}, {2}, {0}}},
	} {
		got := wayBack(&c.f, units)
		if !slices.EqualFunc(got, c.want, slices.Equal) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
