package run

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/bench"
	"example.org/demote/internal/sandbox"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx/onnxpb"
	"google.golang.org/protobuf/proto"
)

// tryingHere has networks tried in children, with an empty cache of what has been tried.
func tryingHere(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	sandbox.TryHere = true
	t.Cleanup(func() { sandbox.TryHere = false })
}

// triedFile is where the program notes the networks that it has tried.
func triedFile(t *testing.T) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "demote", "networks-tried")
}

// triedKeys are the networks that it has noted.
func triedKeys(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(triedFile(t))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Fields(string(data))
}

// TestCommandsTryTheirNetworks has every command that loads a network try it first: the float network and the
// switchable one of a search, both of a pair, the file and the reference of eval, and what a search writes or a run
// folder holds.
func TestCommandsTryTheirNetworks(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	tryingHere(t)
	c := tasktest.TinyConfig(t, 8)
	c.Block, c.EveryCut = 8, false
	count := func(want int, what string) {
		t.Helper()
		if got := len(triedKeys(t)); got != want {
			t.Errorf("%s: %d networks have been tried by now, want %d", what, got, want)
		}
	}
	ctx := context.Background()
	if _, err := Search(ctx, c); err != nil && !errors.Is(err, ErrUnreachable) {
		t.Fatal(err)
	}
	count(4, "search: the float network, the switchable one, and the written file in both sessions")
	os.Remove(triedFile(t))
	if _, err := Verify(ctx, c.Out, config.Config{}); err != nil {
		t.Fatal(err)
	}
	count(4, "verify")
	q := c
	q.Out, q.Block = filepath.Join(c.Out, "q"), 0
	low, high, err := Quantize(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	count(5, "quantize, by the calibration samples")
	e := config.Config{Data: c.Data, Metric: "sqnr", Block: 4}
	if _, err := Eval(ctx, e, low, c.Model, "exact"); err != nil {
		t.Fatal(err)
	}
	count(7, "eval")
	pair := c
	pair.Model, pair.Calib, pair.GridLow, pair.GridHigh, pair.Low, pair.High, pair.Out = "", "", "", "", low, high, c.Out+"2"
	if _, err := Search(ctx, pair); err != nil && !errors.Is(err, ErrUnreachable) {
		t.Fatal(err)
	}
	count(10, "a pair of what the search was about, whose switchable network is the same")
	if all := triedKeys(t); len(slices.Compact(slices.Sorted(slices.Values(all)))) != len(all) {
		t.Error("a network was tried twice")
	}
}

// TestCommandsRefuseNetworksThatKill hands a network that kills to every command that loads one.
func TestCommandsRefuseNetworksThatKill(t *testing.T) {
	tryingHere(t)
	dir := t.TempDir()
	bad := tasktest.WriteNetwork(t, filepath.Join(dir, "bad.onnx"), tasktest.NewOpGraph([]int64{-1, 4}, -1, 1).Weights("w", 4, 4).Op("MatMul", "x w", "r").
		Op("Split", "r", "- y - -", &onnxpb.AttributeProto{Name: proto.String("axis"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(-1)}).GraphProto)
	good := tasktest.WriteNetwork(t, filepath.Join(dir, "good.onnx"), tasktest.NewOpGraph([]int64{-1, 4}, -1, 1).Weights("w", 4, 1).Op("MatMul", "x w", "y").GraphProto)
	data := filepath.Join(dir, "x.npy")
	tasktest.WriteFile(t, data, append(tasktest.NPYHeader("<f4", 6, 4), make([]byte, 6*4*4)...))
	c := config.Config{Model: bad, Calib: data, Data: data, Metric: "sqnr", Target: "1", Out: filepath.Join(dir, "run"), Block: 2}
	ctx := context.Background()
	for name, f := range map[string]func() error{
		"search":    func() error { _, err := Search(ctx, c); return err },
		"bench":     func() error { _, err := RunBench(ctx, c, bench.Options{}); return err },
		"quantize":  func() error { _, _, err := Quantize(ctx, c); return err },
		"eval":      func() error { _, err := Eval(ctx, c, bad, good, "exact"); return err },
		"reference": func() error { _, err := Eval(ctx, c, good, bad, "default"); return err },
		"inspect":   func() error { _, err := Inspect(ctx, c); return err },
	} {
		t.Run(name, func(t *testing.T) {
			err := f()
			if ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), bad+": ONNX Runtime") || !strings.Contains(err.Error(), `Split node "the Split"`) {
				t.Error(err)
			}
		})
	}
}
