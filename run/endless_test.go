package run

import (
	"context"
	"encoding/binary"
	"math"
	"path/filepath"
	"testing"
	"time"

	"example.org/demote/config"
	"example.org/demote/internal/bench"
	"example.org/demote/internal/tasktest"
)

// floatSamples writes n samples of 4 equal values.
func floatSamples(t *testing.T, path string, n int, value float32) string {
	t.Helper()
	data := tasktest.NPYHeader("<f4", n, 4)
	for range 4 * n {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(value))
	}
	tasktest.WriteFile(t, path, data)
	return path
}

// TestEndlessNetworksAreInterrupted cancels commands that run a Loop without an end, which this process does where
// the values of samples begin it: in calibration, in the float pass, in the scores of a file and of its reference.
func TestEndlessNetworksAreInterrupted(t *testing.T) {
	dir := t.TempDir()
	loop := tasktest.WriteNetwork(t, filepath.Join(dir, "loop.onnx"), tasktest.Endless(false).GraphProto)
	plain := tasktest.WriteNetwork(t, filepath.Join(dir, "plain.onnx"), tasktest.NewOpGraph([]int64{-1, 4}, -1, 3).Weights("w", 4, 3).Op("MatMul", "x w", "y").GraphProto)
	still, begun := floatSamples(t, filepath.Join(dir, "still.npy"), 6, -1), floatSamples(t, filepath.Join(dir, "begun.npy"), 6, 1)
	config := func(calib, data string) config.Config {
		return config.Config{Model: loop, Calib: calib, Data: data, Metric: "sqnr", Target: "1", Out: filepath.Join(dir, "run"), Block: 2}
	}
	for name, f := range map[string]func(ctx context.Context) error{
		"calibration": func(ctx context.Context) error { _, err := Search(ctx, config(begun, still)); return err },
		"float pass":  func(ctx context.Context) error { _, err := Search(ctx, config(still, begun)); return err },
		"quantize":    func(ctx context.Context) error { _, _, err := Quantize(ctx, config(begun, "")); return err },
		"bench": func(ctx context.Context) error {
			_, err := RunBench(ctx, config(still, begun), bench.Options{})
			return err
		},
		"eval": func(ctx context.Context) error {
			_, err := Eval(ctx, config("", begun), loop, plain, "exact")
			return err
		},
		"eval, reference": func(ctx context.Context) error {
			_, err := Eval(ctx, config("", begun), plain, loop, "default")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(200*time.Millisecond, cancel)
			done := make(chan error, 1)
			go func() { done <- f(ctx) }()
			select {
			case err := <-done:
				if ExitCode(err) != ExitInterrupted || ctx.Err() == nil {
					t.Errorf("exit code %d, %v", ExitCode(err), err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("it goes on")
			}
		})
	}
	if _, err := Eval(context.Background(), config("", still), loop, loop, "exact"); err != nil {
		t.Errorf("samples that do not begin the Loop: %v", err)
	}
}
