package run

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
)

// TestStepLabels scores sequences with a label a step, and with one a sample, which is that of the last step.
func TestStepLabels(t *testing.T) {
	const n, steps = 12, 4
	cfg, x := tasktest.StepNet(t, tasktest.GruStep(), n, steps, "hn:h")
	y := outputsOf(t, cfg, cfg.Model)
	labels := func(count int, of func(i int) int) []byte {
		shape := []int{n}
		if count > n {
			shape = append(shape, steps)
		}
		data := tasktest.NPYHeader("<i8", shape...)
		for i := range count {
			data = binary.LittleEndian.AppendUint64(data, uint64(of(i)))
		}
		return data
	}
	class := func(step int) int { return metric.Top1(y[step*5 : step*5+5]) }
	wrong := func(i, of int) int { // one of three
		if i%3 == 0 {
			return (of + 1) % 5
		}
		return of
	}
	for _, c := range []struct {
		name        string
		labels      []byte
		metric, ask string
		right, of   int
	}{
		{"a step", labels(n*steps, func(i int) int { return wrong(i, class(i)) }), "top1", "", n * steps * 2 / 3, n * steps},
		{"a step, by default", labels(n*steps, func(i int) int { return wrong(i, class(i)) }), "", "", n * steps * 2 / 3, n * steps},
		{"the last step", labels(n, func(i int) int { return wrong(i, class(i*steps+steps-1)) }), "top1", "", n * 2 / 3, n},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := tasktest.WriteArrays(t, filepath.Join(t.TempDir(), "e.npz"), map[string][]byte{"x": tasktest.FloatsNPY(x, n, steps, 6), "y": c.labels})
			e, err := Eval(context.Background(), config.Config{Data: data, State: cfg.State, Metric: c.metric, Block: 5}, cfg.Model, "", "")
			if err != nil || *e.Score.Correct != c.right || *e.Score.Total != c.of {
				t.Fatalf("%+v, %v; want %d of %d", e, err, c.right, c.of)
			}
			d := cfg
			d.Data, d.Metric, d.Target, d.Out = data, c.metric, "16bit-0.1", filepath.Join(t.TempDir(), "run")
			if r := mustSearch(t, d); *r.Score.Float.Correct != c.right || *r.Score.Mixed.Total != c.of || !r.Verified.Identical {
				t.Errorf("searched: %+v of the float network, %+v", *r.Score.Float, *r.Score.Mixed)
			}
		})
	}
	for _, c := range []struct {
		steps int
		warns bool
		twice int // a sample with two of them; -1: none
	}{{5, true, -1}, {5, false, 0}, {4, false, -1}} { // of 5 classes
		long, x := tasktest.StepNet(t, tasktest.GruStep(), n, c.steps, "hn:h")
		y := tasktest.NPYHeader("<i8", n, c.steps)
		for i := range n * c.steps {
			one := i%c.steps == i/c.steps%3+1 || i%c.steps == 0 && i/c.steps == c.twice
			y = binary.LittleEndian.AppendUint64(y, map[bool]uint64{true: 1}[one])
		}
		data := tasktest.WriteArrays(t, filepath.Join(t.TempDir(), "e.npz"), map[string][]byte{"x": tasktest.FloatsNPY(x, n, c.steps, 6), "y": y})
		e, err := Eval(context.Background(), config.Config{Data: data, State: long.State}, long.Model, "", "")
		warned := err == nil && slices.ContainsFunc(e.Warnings, func(w result.Warning) bool {
			return w.ID == "labels-one-hot" && strings.Contains(w.String(), "a class for each of its 5 steps; if they are one-hot, save class numbers, y.argmax(axis=1)")
		})
		if err != nil || warned != c.warns {
			t.Errorf("one-hot labels of %d steps: %v, warned of: %v, %v", c.steps, c.warns, warned, err)
		}
	}
	command := config.Config{Data: cfg.Data, State: cfg.State, MetricCmd: fmt.Sprintf("head -c 128 | grep -a -c '(%d, %d, 5)'", n, steps)}
	if e, err := Eval(context.Background(), command, cfg.Model, "", ""); err != nil || *e.Score.Value != 1 {
		t.Errorf("a command does not get all steps of a sample: %+v, %v", e, err)
	}
	short := tasktest.WriteArrays(t, filepath.Join(t.TempDir(), "e.npz"), map[string][]byte{"x": tasktest.FloatsNPY(x[:n*(steps-1)*6], n, steps-1, 6), "y": labels(n*steps, func(int) int { return 0 })})
	_, err := Eval(context.Background(), config.Config{Data: short, State: cfg.State, Metric: "top1"}, cfg.Model, "", "")
	if err == nil || ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "48 labels for 12 samples of 3 steps") {
		t.Errorf("labels of other steps: %v", err)
	}
}
