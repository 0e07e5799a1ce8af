package run

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/written"
	"example.org/demote/result"
)

// byCommand makes a search that a metric command scores, within a share of int16, since its numbers mean nothing.
func byCommand(t *testing.T, line string) config.Config {
	t.Helper()
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Metric, cfg.MetricCmd, cfg.Strategy, cfg.Target, cfg.Int16Share = "", line, "auto", "", "50%"
	return cfg
}

// TestFilesOfOneName gives a metric command two files of one name in two folders: each is an input of its own, in the
// first run and when it goes on.
func TestFilesOfOneName(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	dir := t.TempDir()
	for _, sub := range []string{"a", "b"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o777); err != nil {
			t.Fatal(err)
		}
		tasktest.WriteFile(t, filepath.Join(dir, sub, "cfg.json"), []byte(sub))
	}
	second := filepath.Join(dir, "b", "cfg.json")
	cfg := byCommand(t, "cat '"+filepath.Join(dir, "a", "cfg.json")+"' '"+second+"' - | cksum | cut -c1-5")
	interrupt(t, cfg)
	tasktest.WriteFile(t, second, []byte("other"))
	if _, err := Search(context.Background(), cfg); ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), second) {
		t.Errorf("the second file has changed: %v", err)
	}
	tasktest.WriteFile(t, second, []byte("b"))
	mustSearchOr3(t, cfg)
	if _, err := Verify(context.Background(), cfg.Out, config.Config{MetricCmd: cfg.MetricCmd}); err != nil {
		t.Error(err)
	}
}

// TestCommandsMayKeepALog has a metric command write into files that words of it name, there before and new: they are
// no inputs, and the run goes on.
func TestCommandsMayKeepALog(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, there := range []bool{false, true} {
		for _, how := range []string{"| tee -a LOG", "; sh -c 'echo x >> \"$1\"' sh LOG"} {
			log := filepath.Join(t.TempDir(), "scores.log")
			if there {
				tasktest.WriteFile(t, log, []byte("before\n"))
			}
			cfg := byCommand(t, "cksum | cut -c1-5 "+strings.ReplaceAll(how, "LOG", log))
			interrupt(t, cfg)
			if _, err := Search(context.Background(), cfg); err != nil && ExitCode(err) != ExitUnreachable {
				t.Errorf("%s, there %t: %v", how, there, err)
				continue
			}
			r, err := ReadResult(cfg.Out)
			if err != nil {
				t.Fatal(err)
			}
			for _, in := range r.Inputs {
				if in.Path == log {
					t.Errorf("%s, there %t: the log is an input", how, there)
				}
			}
			if _, err := Verify(context.Background(), cfg.Out, config.Config{MetricCmd: cfg.MetricCmd}); err != nil {
				t.Errorf("%s, there %t: %v", how, there, err)
			}
		}
	}
}

// TestForceGoesOn interrupts a search with --force, and repeats the same command, as it is told to: it goes on with
// every score. What cannot go on is given up.
func TestForceGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := tasktest.TinyConfig(t, 60)
	interrupt(t, cfg)
	cfg.Force = true
	said := ""
	cfg.Say = func(text string) { said += text + "\n" }
	if mustSearch(t, cfg); !strings.Contains(said, "going on with a run that knows") {
		t.Errorf("it began anew: %s", said)
	}
	said = ""
	if mustSearch(t, cfg); strings.Contains(said, "going on") {
		t.Errorf("it went on with a finished run: %s", said)
	}
	interruptForced := cfg
	interruptForced.Target = "16bit-0.02"
	interrupt(t, interruptForced)
	cfg.Target, said = "16bit-0.1", ""
	if mustSearch(t, cfg); strings.Contains(said, "going on") {
		t.Errorf("it went on with another run: %s", said)
	}
}

// TestVerifyOfASessionThatWasCutOff lets a better mix be found by a session that is killed before it writes its
// network: the one that lies there is of another mix, and is not blamed for it.
func TestVerifyOfASessionThatWasCutOff(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := tasktest.TinyConfig(t, 60)
	interrupt(t, cfg)
	if _, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil {
		t.Fatalf("after an interruption in good order: %v", err)
	}
	edit(t, cfg.Out, func(r map[string]any) { r["verified"] = nil }) // as a session has it until its end
	if _, err := Verify(context.Background(), cfg.Out, config.Config{}); ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "earlier session") {
		t.Errorf("%v", err)
	}
}

// TestRunsOfAnotherMachine verifies a run whose score another machine has: the outputs are held against each other
// here, and the scores are not.
func TestRunsOfAnotherMachine(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := tasktest.TinyConfig(t, 60)
	mustSearch(t, cfg)
	other := func(r map[string]any) {
		mixed := r["score"].(map[string]any)["mixed"].(map[string]any)
		mixed["correct"] = mixed["correct"].(float64) - 1
	}
	edit(t, cfg.Out, other)
	if _, err := Verify(context.Background(), cfg.Out, config.Config{}); !errors.Is(err, written.ErrExport) {
		t.Errorf("another score on this machine: %v", err)
	}
	for key, value := range map[string]string{"device": "cuda:0 some GPU", "instructions": "another", "onnxruntime": "1.0.0"} {
		was := any(nil)
		edit(t, cfg.Out, func(r map[string]any) {
			versions := r["versions"].(map[string]any)
			was = versions[key]
			versions[key] = value
		})
		v, err := Verify(context.Background(), cfg.Out, config.Config{})
		if err != nil || !v.Identical || !strings.Contains(v.Elsewhere, value) {
			t.Errorf("%s: %+v, %v", key, v, err)
		}
		edit(t, cfg.Out, func(r map[string]any) {
			if versions := r["versions"].(map[string]any); was == nil {
				delete(versions, key)
			} else {
				versions[key] = was
			}
		})
	}
}

// TestExportAndSearchExclude holds the lock of a run against an export into its folder, however the folder is
// written.
func TestExportAndSearchExclude(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	mustSearch(t, cfg)
	f, err := journal.OpenFolder(cfg.Out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, out := range []string{"", filepath.Join(cfg.Out, journal.MixedFile), cfg.Out + "/./" + journal.MixedFile, filepath.Dir(cfg.Out) + "/x/../run/" + journal.MixedFile} {
		if err := os.MkdirAll(filepath.Join(filepath.Dir(cfg.Out), "x"), 0o777); err != nil {
			t.Fatal(err)
		}
		if _, err := Export(context.Background(), cfg.Out, "qdq", out, config.Config{Force: true}); ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "another demote") {
			t.Errorf("--out %q: %v", out, err)
		}
	}
	if _, err := Export(context.Background(), cfg.Out, "qdq", filepath.Join(t.TempDir(), "m.onnx"), config.Config{}); err != nil {
		t.Error(err)
	}
}

// TestInputsInTheRunsFolder refuses a file that the search is about to overwrite.
func TestInputsInTheRunsFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := tasktest.TinyConfig(t, 60)
	mustSearch(t, cfg)
	cfg.Start, cfg.Force = filepath.Join(cfg.Out, journal.PromotionFile), true
	if _, err := Search(context.Background(), cfg); ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "copy it elsewhere") {
		t.Errorf("%v", err)
	}
}

// TestCostsOfASession holds that what a run has cost is never less after another session than before it.
func TestCostsOfASession(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	interrupt(t, cfg)
	before, err := ReadResult(cfg.Out)
	if err != nil {
		t.Fatal(err)
	}
	if code := child(t, cfg, 150e6); code != -1 && code != ExitFound {
		t.Fatalf("exit code %d", code)
	}
	after, err := ReadResult(cfg.Out)
	if err != nil {
		t.Fatal(err)
	}
	// The mask whose first block the interruption has ended is in no journal, and not touched again before the kill.
	if after.Seconds < before.Seconds || after.SampleEvals < before.SampleEvals || after.Trials < before.Trials-1 {
		t.Errorf("%g s, %g passes, %d trials after %g s, %g, %d", after.Seconds, after.SampleEvals, after.Trials, before.Seconds, before.SampleEvals, before.Trials)
	}
}

// edit changes the result.json of a run.
func edit(t *testing.T, dir string, change func(r map[string]any)) {
	t.Helper()
	path := filepath.Join(dir, result.File)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r map[string]any
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	change(r)
	if data, err = json.Marshal(r); err != nil {
		t.Fatal(err)
	}
	tasktest.WriteFile(t, path, data)
}
