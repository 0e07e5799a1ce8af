package run

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/trialtest"

	"example.org/demote/config"
	"example.org/demote/engine"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/segments"
	"example.org/demote/onnx"
	"example.org/demote/search"
)

// followConfig is a search of a pair of the importer's fixtures, whose files differ in their weights, on random
// images.
func followConfig(t testing.TB, low, high, target string) config.Config {
	t.Helper()
	const seed = 11
	rng := rand.New(rand.NewPCG(seed, seed))
	data := tasktest.NPYHeader("<f4", 60, 3, 16, 16)
	for range 60 * 3 * 16 * 16 {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(rng.NormFloat64())))
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "eval.npy")
	tasktest.WriteFile(t, path, data)
	return config.Config{Low: "../onnx/testdata/" + low + ".onnx", High: "../onnx/testdata/" + high + ".onnx", Data: path, Metric: "cosine", Target: target, Weights: "follow",
		Strategy: "demotion", Block: 8, Cache: 1 << 30, Out: filepath.Join(dir, "run"), Version: "test"}
}

// tinyFollow is a search of the tiny network's two ends, where the 8-bit file has its own weights.
func tinyFollow(t testing.TB) config.Config {
	t.Helper()
	return writtenPair(t, tasktest.TinyConfig(t, 60))
}

// writtenPair is a search of a float network's two ends, where the 8-bit file has its own weights.
func writtenPair(t testing.TB, cfg config.Config) config.Config {
	t.Helper()
	q := cfg
	q.Out = t.TempDir()
	low, high, err := Quantize(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	m, err := onnx.Read(low)
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, w := range m.Graph().GetInitializer() {
		if !strings.HasSuffix(w.GetName(), "_quantized") {
			continue
		}
		changed++
		w.RawData = append([]byte(nil), w.RawData...)
		for i := 0; i < len(w.RawData); i += 5 {
			w.RawData[i] = byte(int8(w.RawData[i]) / 2)
		}
	}
	if changed == 0 {
		t.Fatal("no weights")
	}
	if err := m.Write(low); err != nil {
		t.Fatal(err)
	}
	cfg.Model, cfg.Calib, cfg.Low, cfg.High, cfg.Weights = "", "", low, high, "follow"
	return cfg
}

// TestFollow searches pairs whose files differ in their weights: the fast scan decides as the naive one, both by the
// chosen weights, the written file computes the mix bit for bit, and a check of the folder says so again.
func TestFollow(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, c := range []struct {
		name string
		cfg  config.Config
	}{
		{"the toolkit's LUT weights", followConfig(t, "mctq/lutpot_low", "mctq/lutpot_high", "50%")},
		{"attention, QDQ", followConfig(t, "qdq/attention21_s8", "qdq/attention21_s16", "50%")},
		{"tiny", tinyFollow(t)},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := c.cfg
			cfg.Export = []string{"qdq-ms", "mctq", "encodings"}
			r := mustSearch(t, cfg)
			n := len(r.Promotion)
			t.Logf("%v to %v: %v with %d of %d high", *r.Score.Low.Value, *r.Score.High.Value, *r.Score.Mixed.Value, n, len(r.Holders))
			if !r.Met || !r.Verified.Identical || n == 0 || n == len(r.Holders) {
				t.Errorf("%d of %d high, %+v", n, len(r.Holders), r.Verified)
			}
			for _, e := range r.Exports {
				if e.Verified != nil && !e.Verified.Identical {
					t.Errorf("%s: %+v", e.Format, e.Verified)
				}
			}
			if !strings.Contains(strings.Join(texts(r.Warnings), "\n"), "it follows holder") {
				t.Errorf("warnings %q", r.Warnings)
			}
			if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || !v.Identical {
				t.Errorf("verify: %+v, %v", v, err)
			}
			annotated, err := Eval(context.Background(), config.Config{Data: cfg.Data, Metric: "top1", Labels: labelled(t, 60), Block: 8}, filepath.Join(cfg.Out, "annotated.onnx"), "", "")
			if err != nil {
				t.Fatal(err)
			}
			mixed, err := Eval(context.Background(), config.Config{Data: cfg.Data, Metric: "top1", Labels: labelled(t, 60), Block: 8}, filepath.Join(cfg.Out, journal.MixedFile), "", "")
			if err != nil || *annotated.Score.Correct != *mixed.Score.Correct {
				t.Errorf("the annotated file has %v right, the QDQ file %v, %v", annotated.Score, mixed.Score, err)
			}
			naive := cfg
			naive.Out, naive.Scan, naive.Export = filepath.Join(t.TempDir(), "run"), "naive", nil
			if got, want := decisions(t, r), decisions(t, mustSearch(t, naive)); got != want {
				t.Errorf("fast: %s\nnaive: %s", got, want)
			}
		})
	}
}

// labelled writes n labels.
func labelled(t *testing.T, n int) string {
	t.Helper()
	data := tasktest.NPYHeader("<i8", n)
	for i := range n {
		data = binary.LittleEndian.AppendUint64(data, uint64(i%5))
	}
	path := filepath.Join(t.TempDir(), "labels.npy")
	tasktest.WriteFile(t, path, data)
	return path
}

// TestFollowTrials flips one holder after the other on bases of all kinds. What a trial stores, restores and skips
// knows of the weights that a bit changes in front of its own grid: every trial has the outputs of the QDQ file with
// the chosen weights, in which nothing is stored.
func TestFollowTrials(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	s := trialtest.Compiled(t, tinyFollow(t))
	if s.Ev.Parts() < 3 {
		t.Fatalf("%d parts", s.Ev.Parts())
	}
	if len(s.Network.Followed) != 4 {
		t.Fatalf("%d weights follow", len(s.Network.Followed))
	}
	ctx := context.Background()
	base, differ := search.NewMask(len(s.Records)), 0
	for i := range len(s.Records) {
		var candidates []search.Mask
		for h := range len(s.Records) {
			m := base.Clone()
			if m.Low(h) {
				m.Promote(h)
			} else {
				m.Demote(h)
			}
			candidates = append(candidates, m)
		}
		for _, m := range candidates {
			got, err := s.Ev.Scan(ctx, base, []search.Mask{m}, search.Bound{Above: -1, Floor: math.Inf(1)})
			if err != nil {
				t.Fatal(err)
			}
			rows, _ := trialtest.Rows(t, s.Ev, m)
			low := engine.Low(m)
			file, err := onnx.QDQ(pair.Chosen(s.Network, low), s.Records, low)
			if err != nil {
				t.Fatal(err)
			}
			score, want := fileRows(t, s, file)
			if got.Score != score || trialtest.Differing(rows, want) > 0 {
				t.Errorf("base %s, trial %s: %v, the file %v, %d samples differ", base, m, got.Score, score, trialtest.Differing(rows, want))
			}
			if file, err = onnx.QDQ(s.Network, s.Records, low); err != nil {
				t.Fatal(err)
			}
			if _, high := fileRows(t, s, file); trialtest.Differing(high, want) > 0 {
				differ++
			}
		}
		base.Demote((i*5 + 3) % len(s.Records))
	}
	if differ == 0 {
		t.Error("the weights make no difference: this test shows nothing")
	}
}

// fileRows runs a QDQ file in the exact session.
func fileRows(t *testing.T, s *trial.Runner, file *onnx.Model) (search.Score, [][]float32) {
	t.Helper()
	e, err := s.OpenFile(context.Background(), file, segments.ExactSession)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	rows, score := trialtest.Rows(t, e, search.NewMask(0))
	return score, rows
}

// TestFollowGoesOn interrupts a search and starts it again: the end is that of a search left alone. With the other
// weights it is another run, and is refused.
func TestFollowGoesOn(t *testing.T) {
	cfg := tinyFollow(t)
	want := decisions(t, mustSearch(t, cfg))
	cfg.Out = filepath.Join(t.TempDir(), "run")
	ctx, stop := context.WithCancel(context.Background())
	seen := 0
	broken := cfg
	broken.Progress = func(search.Event) {
		if seen++; seen == 4 {
			stop()
		}
	}
	if _, err := Search(ctx, broken); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v after %d events", err, seen)
	}
	other := cfg
	other.Weights = "high"
	if _, err := Search(context.Background(), other); ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "weights") {
		t.Errorf("the other weights: %v", err)
	}
	if got := decisions(t, mustSearch(t, cfg)); got != want {
		t.Errorf("gone on: %s\nleft alone: %s", got, want)
	}
}

// TestFollowNeedsAPair: what has one set of weights has nothing to follow.
func TestFollowNeedsAPair(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 8)
	cfg.Weights = "follow"
	if _, err := Search(context.Background(), cfg); ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "only a pair") {
		t.Errorf("%v", err)
	}
	cfg.Calib, cfg.EncodingsLow, cfg.EncodingsHigh = "", "a.json", "b.json"
	if _, err := Search(context.Background(), cfg); ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "only a pair") {
		t.Errorf("encodings: %v", err)
	}
}
