package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx"
	"example.org/demote/result"
	"example.org/demote/search"
)

// searchOfLadder is a small whole search between three widths.
func searchOfLadder(t *testing.T) config.Config {
	t.Helper()
	c := tasktest.TinyConfig(t, 64)
	c.Ladder, c.Strategy, c.Target, c.GridHigh = "4,8,16", "gallop", "16bit-0.15", "asymmetric"
	return c
}

// promoted is the mix of a result, and what it took to find it.
func promotedBy(r *config.Result) string {
	return fmt.Sprint(r.Promotion, *r.Score.Mixed.Correct, r.Evaluations, r.Target.Value, r.Met)
}

// TestLadder: the first step is the search that --bits 8,16 alone does for its target, the second one takes the target
// whole and leaves what the first has kept. Scans by full scores come to the same in both. The file holds three widths,
// computes what was searched, bit for bit, and can be verified and exported.
func TestLadder(t *testing.T) {
	c := searchOfLadder(t)
	c.Export = []string{"promotion", "encodings"}
	r, err := Search(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	first, err := ReadResult(LadderFolder(c.Out))
	if err != nil {
		t.Fatal(err)
	}
	if v := r.Verified; v == nil || !v.Identical || *v.Correct != *r.Score.Mixed.Correct || slices.ContainsFunc(v.AsWritten, func(a result.AsWritten) bool { return a.Differ > 0 }) {
		t.Errorf("the written file: %+v", r.Verified)
	}
	count := map[string]int{}
	for i, h := range r.Holders {
		count[h.Precision]++
		if stays := slices.Contains(first.Promotion, h.Name); stays != (h.Precision == "int16") || stays && h.Low != h.High || !stays && h.High != first.Holders[i].Low {
			t.Errorf("%s is %s, with the grids %+v and %+v; the first step has %s and %+v", h.Name, h.Precision, h.Low, h.High, first.Holders[i].Precision, first.Holders[i].Low)
		}
	}
	if len(count) != 3 || count["int4"]+len(r.Promotion) != len(r.Holders) || !first.Finished || !r.Finished {
		t.Errorf("widths %v, %d are promoted", count, len(r.Promotion))
	}
	if *r.Score.High.Correct != *first.Score.Mixed.Correct || *first.Score.High.Correct-*r.Score.Mixed.Correct > 9 || first.Target.Value <= r.Target.Value {
		t.Errorf("step 2 goes from %d to %d, step 1 from %d to %d; targets %v and %v", *r.Score.High.Correct, *r.Score.Mixed.Correct,
			*first.Score.High.Correct, *first.Score.Mixed.Correct, first.Target.Value, r.Target.Value)
	}
	if m, err := onnx.Read(filepath.Join(c.Out, "mixed.onnx")); err != nil {
		t.Error(err)
	} else if _, grids, err := onnx.ReadQuantized(m, "qdq"); err != nil || len(grids) != len(r.Holders) {
		t.Errorf("%d grids in the file: %v", len(grids), err)
	} else {
		for i, g := range grids {
			if g.Width().String() != r.Holders[i].Precision {
				t.Errorf("%s is %s in the file and %s in the result", r.Holders[i].Name, g, r.Holders[i].Precision)
			}
		}
	}
	list, err := os.ReadFile(filepath.Join(c.Out, "promotion.txt"))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(list), "# int8\n")
	if len(parts) != 2 || !strings.HasPrefix(parts[0], "# int16\n") || strings.Count(parts[0], "\n") != count["int16"]+1 || strings.Count(parts[1], "\n") != count["int8"] {
		t.Errorf("promotion.txt:\n%s", list)
	}

	alone := c
	alone.Ladder, alone.Export, alone.Out, alone.Target = "", nil, filepath.Join(t.TempDir(), "alone"), fmt.Sprint(first.Target.Value)
	plain, err := Search(context.Background(), alone)
	if err != nil {
		t.Fatal(err)
	}
	if promotedBy(plain) != promotedBy(first) {
		t.Errorf("step 1 finds %s, the search alone %s", promotedBy(first), promotedBy(plain))
	}
	naive := c
	naive.Export, naive.Scan, naive.Out = nil, "naive", filepath.Join(t.TempDir(), "naive")
	again, err := Search(context.Background(), naive)
	if err != nil {
		t.Fatal(err)
	}
	if promotedBy(again) != promotedBy(r) {
		t.Errorf("by full scores %s, else %s", promotedBy(again), promotedBy(r))
	}

	for _, dir := range []string{c.Out, LadderFolder(c.Out)} {
		if v, err := Verify(context.Background(), dir, config.Config{}); err != nil || !v.Identical {
			t.Errorf("verify %s: %+v, %v", dir, v, err)
		}
		if e, err := Export(context.Background(), dir, "qdq-ms", "", config.Config{}); err != nil || !e.Verified.Identical {
			t.Errorf("export of %s: %+v, %v", dir, e, err)
		}
	}
	if _, err := Search(context.Background(), c); err == nil || !strings.Contains(err.Error(), "finished run") || ExitCode(err) != ExitMistake {
		t.Errorf("a finished ladder: %v", err)
	}
}

// TestLadderGoesOn: interrupted in either step, the same command comes to the same end.
func TestLadderGoesOn(t *testing.T) {
	whole := searchOfLadder(t)
	want, err := Search(context.Background(), whole)
	if err != nil {
		t.Fatal(err)
	}
	for step := 1; step <= 2; step++ {
		c := whole
		c.Out = filepath.Join(t.TempDir(), "run")
		ctx, cancel := context.WithCancel(context.Background())
		at := 1
		c.Next = func(name string) { at = int(name[len(name)-1] - '0') }
		c.Progress = func(e search.Event) {
			if at == step && e.Kind == search.EventTrial {
				cancel()
			}
		}
		if _, err := Search(ctx, c); !errors.Is(err, context.Canceled) {
			t.Fatalf("step %d: %v", step, err)
		}
		cancel()
		if _, err := os.Stat(filepath.Join(c.Out, "journal.db")); (err == nil) != (step == 2) {
			t.Errorf("interrupted in step %d: the journal of step 2: %v", step, err)
		}
		c.Progress, c.Next = nil, nil
		r, err := Search(context.Background(), c)
		if err != nil {
			t.Fatalf("going on in step %d: %v", step, err)
		}
		if promotedBy(r) != promotedBy(want) || !r.Finished || !r.Verified.Identical {
			t.Errorf("going on in step %d ends with %s, in one go %s", step, promotedBy(r), promotedBy(want))
		}
	}
	c := whole // a finished one is searched anew only if it is asked for, and then in both steps
	c.Force, c.LadderSplit = true, "0.25"
	r, err := Search(context.Background(), c)
	if err != nil || r.Ladder.Split != "0.25" || r.Ladder.Before.Target <= want.Ladder.Before.Target {
		t.Errorf("--force: %+v, %v", r.Ladder, err)
	}
}

// TestLadderHolds: pins of all three widths are obeyed, groups stay together, and a promotion of the first step stays.
func TestLadderHolds(t *testing.T) {
	c := searchOfLadder(t)
	inspected, err := Inspect(context.Background(), config.Config{Model: c.Model})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, h := range inspected.Holders {
		names = append(names, h.Name)
	}
	c.Target = "16bit-0.9"
	c.Pins = []string{names[1] + "=int16", names[2] + "=int8", names[3] + "=int4"}
	c.Groups = []string{names[4] + "," + names[5]}
	r, err := Search(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range map[int]string{1: "int16", 2: "int8", 3: "int4"} {
		if got := r.Holders[i].Precision; got != want {
			t.Errorf("%s is %s and was pinned to %s", names[i], got, want)
		}
	}
	if r.Holders[4].Precision != r.Holders[5].Precision {
		t.Errorf("a group is split: %s and %s", r.Holders[4].Precision, r.Holders[5].Precision)
	}
	c.Out = filepath.Join(t.TempDir(), "run")
	c.Pins = []string{names[4] + "=int4", names[5] + "=int8"}
	if _, err := Search(context.Background(), c); err == nil || !strings.Contains(err.Error(), "which move together") || ExitCode(err) != ExitMistake {
		t.Errorf("pins that contradict each other in the second step: %v", err)
	}
	if _, err := os.Stat(c.Out); err == nil {
		t.Error("a refused ladder has left a folder")
	}
}

// TestLadderOfTwo: a ladder of two widths is --bits, and of the usual two a plain search, to the byte.
func TestLadderOfTwo(t *testing.T) {
	for ladder, bits := range map[string]string{"8,16": "", "4,16": "4,16"} {
		var files [][]byte
		for _, given := range []config.Config{{Ladder: ladder}, {Bits: bits}} {
			c := searchOfLadder(t)
			c.Ladder, c.Bits = given.Ladder, given.Bits
			r, err := Search(context.Background(), c)
			if err != nil {
				t.Fatal(err)
			}
			if r.Ladder != nil || r.Config.Ladder != "" || r.Config.Bits != bits {
				t.Errorf("%s: the result has %+v, %q and %q", ladder, r.Ladder, r.Config.Ladder, r.Config.Bits)
			}
			file, err := os.ReadFile(filepath.Join(c.Out, "mixed.onnx"))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		if !slices.Equal(files[0], files[1]) {
			t.Errorf("%s: the files differ", ladder)
		}
	}
}

// TestLadderRefused are ladders that cannot be searched: each is refused in a line, before anything is written.
func TestLadderRefused(t *testing.T) {
	for want, change := range map[string]func(*config.Config){
		"give each width once, the lowest first":         func(c *config.Config) { c.Ladder = "8,4,16" },
		"give two widths or more":                        func(c *config.Config) { c.Ladder = "8" },
		`"12" is no width`:                               func(c *config.Config) { c.Ladder = "4,12,16" },
		"both say what the widths are":                   func(c *config.Config) { c.Bits = "4,8" },
		"give the share of the loss budget":              func(c *config.Config) { c.LadderSplit = "1" },
		"between 0 and 1, such as 0.5":                   func(c *config.Config) { c.LadderSplit = "half" },
		"leave it out, or give --ladder 4,8,16":          func(c *config.Config) { c.Ladder, c.LadderSplit = "", "0.5" },
		"a ladder of two widths has one step":            func(c *config.Config) { c.Ladder, c.LadderSplit = "8,16", "0.5" },
		"--start: p.txt: no such file":                   func(c *config.Config) { c.Start = "p.txt" },
		"it holds no run of demote with scores":          func(c *config.Config) { c.Reuse = "d" },
		"c.csv: no such file":                            func(c *config.Config) { c.Cost = "c.csv" },
		"--ladder and --budget exclude each other":       func(c *config.Config) { c.Budget = "1.2x" },
		"--ladder and --int16-share exclude":             func(c *config.Config) { c.Int16Share = "20%" },
		"a target of 50% is measured between two widths": func(c *config.Config) { c.Target = "50%" },
		"no kernels for activations of 4 bits":           func(c *config.Config) { c.Session = "default" },
		"encodings have no bf16":                         func(c *config.Config) { c.Ladder, c.Export = "4,8,bf16", []string{"encodings"} },
		"takes 8 and 16 bits, not 4":                     func(c *config.Config) { c.Export = []string{"overrides"} },
		"an activation is held at int8, int4 or int16":   func(c *config.Config) { c.Pins = []string{"x=int2"} },
		"the files of a pair bring their own widths":     func(c *config.Config) { c.Low, c.High, c.Model, c.Calib = "l.onnx", "h.onnx", "", "" },
		"encodings bring their own widths":               func(c *config.Config) { c.EncodingsLow, c.EncodingsHigh = "l.json", "h.json" },
	} {
		c := searchOfLadder(t)
		change(&c)
		if _, err := Search(context.Background(), c); err == nil || !strings.Contains(err.Error(), want) || ExitCode(err) != ExitMistake {
			t.Errorf("%v, want %q", err, want)
		}
		if entries, err := os.ReadDir(c.Out); err == nil && len(entries) > 0 {
			t.Errorf("%s: refused, and %v is written", want, entries)
		}
	}
	c := searchOfLadder(t)
	c.FixShapes = true
	if _, err := Search(context.Background(), c); segments.ConfusesCodes() && (err == nil || !strings.Contains(err.Error(), "give a network with a free batch axis")) {
		t.Errorf("fixed axes: %v", err)
	}
	c = searchOfLadder(t)
	c.Formula, c.GridLow = "torch", "asymmetric"
	if _, err := Search(context.Background(), c); segments.ConfusesCodes() && (err == nil || !strings.Contains(err.Error(), "cannot score a file with 4 bits beside 8")) {
		t.Errorf("a formula that the file does not compute: %v", err)
	}
	c = searchOfLadder(t)
	plain := c
	plain.Ladder, plain.Target = "", "16bit-0.5"
	if _, err := Search(context.Background(), plain); err != nil {
		t.Fatal(err)
	}
	if _, err := Search(context.Background(), c); err == nil || !strings.Contains(err.Error(), "no ladder's") || ExitCode(err) != ExitMistake {
		t.Errorf("the folder of another run: %v", err)
	}
}

// TestLadderDryRun: it says both steps, and makes no folder.
func TestLadderDryRun(t *testing.T) {
	c := searchOfLadder(t)
	var said []string
	c.DryRun, c.Say = true, func(text string) { said = append(said, text) }
	if _, err := Search(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(said, "\n")
	for _, want := range []string{"ladder 4,8,16, step 1 of 2: from 16 to 8, with 0.5 of the loss", "it moves the activations that step 1 has at 8"} {
		if !strings.Contains(text, want) {
			t.Errorf("not said: %s\n%s", want, text)
		}
	}
	if _, err := os.Stat(c.Out); err == nil {
		t.Error("a dry run has made a folder")
	}
}

// TestLadderHeldAtTheTop: where step 1 leaves nothing for step 2, that one still calls its widths 4 and 8.
func TestLadderHeldAtTheTop(t *testing.T) {
	c := searchOfLadder(t)
	c.Pins = []string{"*=int16"}
	r, err := Search(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	if low, high := r.Widths.LowName(), r.Widths.HighName(); low != "int4" || high != "int8" {
		t.Errorf("step 2 is from %s to %s", high, low)
	}
}

// TestLadderUnreachable: a target above all int16 leaves no loss to divide; both steps are done, and the folder has the
// best mix.
func TestLadderUnreachable(t *testing.T) {
	c := searchOfLadder(t)
	c.Target = "16bit+0.3"
	r, err := Search(context.Background(), c)
	if ExitCode(err) != ExitUnreachable || r == nil || r.Met || r.Ladder == nil || r.Ladder.Before == nil || r.Ladder.Before.Met {
		t.Fatalf("%+v, %v", r, err)
	}
	if widths, counts := r.WidthCounts(); !slices.Equal(widths, []string{"int16", "int8", "int4"}) || len(slices.Collect(maps.Keys(counts))) == 0 {
		t.Errorf("widths %v, %v", widths, counts)
	}
}

// TestLadderOfHalves: a ladder from bf16 leaves activations there, and its file holds all three.
func TestLadderOfHalves(t *testing.T) {
	c := searchOfLadder(t)
	c.Ladder, c.Target, c.Pins = "4,8,bf16", "16bit-0.9", []string{"image=bf16"}
	r, err := Search(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, h := range r.Holders {
		count[h.Precision]++
	}
	if count["bf16"] == 0 || count["int16"] > 0 || !r.Verified.Identical || !slices.Equal(r.Ladder.Widths, []string{"int4", "int8", "bf16"}) {
		t.Errorf("%v, %+v, %+v", count, r.Ladder, r.Verified)
	}
	if v, err := Verify(context.Background(), c.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("verify: %+v, %v", v, err)
	}
	c.Ladder, c.Out = "8,16,bf16", filepath.Join(t.TempDir(), "run")
	if _, err := Search(context.Background(), c); err == nil || !strings.Contains(err.Error(), "both take 16 bits") || ExitCode(err) != ExitMistake {
		t.Errorf("two widths of 16 bits: %v", err)
	}
}
