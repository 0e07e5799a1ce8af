package run

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/search"
)

// byTime are the fields of a result that tell how long it took, and the work, in which the blocks that were run in vain
// are counted. They are not decisions.
var byTime = []string{"seconds", "setup_seconds", "setup", "created", "sample_evaluations", "full_passes", "saved_passes", "sessions", "out", "members", "command", "cpu_seconds", "time_ns"}

// untimed is a result without these, as text.
func untimed(t *testing.T, r *config.Result) string {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	drop(fields)
	text, _ = json.MarshalIndent(fields, "", " ")
	return string(text)
}

func drop(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range byTime {
			delete(v, name)
		}
		for _, inner := range v {
			drop(inner)
		}
	case []any:
		for _, inner := range v {
			drop(inner)
		}
	}
}

// scoresOf are the rows of a journal's scores, by mask.
func scoresOf(t *testing.T, out string) (rows []string) {
	t.Helper()
	db, err := journal.OpenDB(filepath.Join(out, journal.JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all, err := db.Query("SELECT * FROM scores ORDER BY mask")
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	names, _ := all.Columns()
	for all.Next() {
		values, at := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			at[i] = &values[i]
		}
		if err := all.Scan(at...); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, fmt.Sprint(values...))
	}
	return rows
}

// sameRun holds one run against another: the result but for times, every file that is written, the journal.
func sameRun(t *testing.T, what string, want, got *config.Result) {
	t.Helper()
	if a, b := untimed(t, want), untimed(t, got); a != b {
		x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
		for i := range x {
			if i >= len(y) || x[i] != y[i] {
				t.Errorf("%s: result.json, line %d: %s, want %s", what, i, y[min(i, len(y)-1)], x[i])
				break
			}
		}
	}
	for _, name := range []string{"promotion.txt", "mixed.onnx", "curve.csv"} {
		a, b := tasktest.ReadFile(t, filepath.Join(want.Config.Out, name)), tasktest.ReadFile(t, filepath.Join(got.Config.Out, name))
		if !slices.Equal(a, b) {
			t.Errorf("%s: %s differs", what, name)
		}
	}
	if a, b := scoresOf(t, want.Config.Out), scoresOf(t, got.Config.Out); !reflect.DeepEqual(a, b) {
		t.Errorf("%s: the journal has %d rows, want %d, and they differ", what, len(b), len(a))
	}
}

// choice is a search that is held against others.
type choice struct{ strategy, metric, target string }

// someChoices are a few searches; with -members those by every strategy, and by metrics of every kind.
func someChoices() (list []choice) {
	if !*allMembers {
		return []choice{{"auto", "agreement", "16bit-0.05"}, {"demotion", "mse", "16bit+0.05"}, {"demotion", "auroc", "16bit-0.05"}}
	}
	for _, s := range search.Strategies() {
		list = append(list, choice{s.Name, "agreement", "16bit-0.05"})
	}
	for metric, target := range map[string]string{"sqnr": "40%", "cosine": "16bit-0.001", "mse": "16bit+0.05", "f1": "16bit-0.05", "mcc": "16bit-0.05", "auroc": "16bit-0.05"} {
		list = append(list, choice{"demotion", metric, target})
	}
	return list
}

var allMembers = flag.Bool("members", false, "search by every strategy and kind of metric: make test-members (default: a few)")

// TestMembersRunAlike searches by every strategy, and by metrics of every kind, with the samples in one place and dealt
// to two to four members: result.json but for times, promotion.txt, mixed.onnx, curve.csv and the journal, row by row.
// Without -members it takes three of them.
func TestMembersRunAlike(t *testing.T) {
	for i, c := range someChoices() {
		t.Run(c.strategy+" "+c.metric, func(t *testing.T) {
			cfg := tasktest.TinyConfig(t, 90)
			if slices.Contains([]string{"f1", "mcc", "auroc"}, c.metric) {
				cfg.Labels = labelsFor(t, cfg)
			}
			cfg.Strategy, cfg.Metric, cfg.Target, cfg.Block = c.strategy, c.metric, c.target, 8
			one := mustSearch(t, cfg)
			cfg.Members, cfg.Out = 2+i%3, cfg.Out+"-members"
			sameRun(t, fmt.Sprintf("%d members", cfg.Members), one, mustSearch(t, cfg))
		})
	}
}

// TestMembersResume stops a search after some of its demotions, and goes on with another number of members each time:
// the fingerprint does not know of them, and the end is that of the search on one machine that was left alone.
func TestMembersResume(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Block = 8
	one := mustSearch(t, cfg)
	cfg.Out += "-members"
	resumed(t, cfg, one, func(session int, cfg *Config) (end func()) {
		cfg.Members = []int{3, 1, 2}[session%3]
		return func() {}
	})
}

// resumed stops a search after some of its demotions, and goes on as begin has it each time, until it ends: like one
// that was left alone. end is called behind each session.
func resumed(t *testing.T, cfg Config, one *Result, begin func(session int, cfg *Config) (end func())) {
	t.Helper()
	want := decisions(t, one)
	for session := 0; session < 20; session++ {
		end := begin(session, &cfg)
		ctx, cancel := context.WithCancel(context.Background())
		moves := 0
		cfg.Progress = func(e search.Event) {
			if e.Kind == search.EventMove {
				if moves++; moves == 1+2*session {
					cancel()
				}
			}
		}
		r, err := Search(ctx, cfg)
		cancel()
		end()
		if err == nil {
			if got := decisions(t, r); got != want || r.Trials != one.Trials {
				t.Errorf("after %d sessions, %d trials: %s\non one machine, %d trials: %s", session+1, r.Trials, got, one.Trials, want)
			}
			if a, b := tasktest.ReadFile(t, filepath.Join(one.Config.Out, "mixed.onnx")), tasktest.ReadFile(t, filepath.Join(cfg.Out, "mixed.onnx")); !slices.Equal(a, b) {
				t.Error("mixed.onnx differs")
			}
			if session < 2 {
				t.Errorf("it was never resumed")
			}
			return
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	t.Error("it does not end")
}
