package run

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/onnxtest"

	"example.org/demote/config"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/result"
)

// lengthsOf writes samples [steps, 6] of these numbers of steps, and a mask beside them if there is to be one, as an
// archive.
func lengthsOf(t *testing.T, path string, steps []int, mask bool) {
	arrays := map[string][]byte{}
	for i, n := range steps {
		arrays[fmt.Sprintf("x_%d", i)] = tasktest.FloatsNPY(tasktest.Normals(uint64(i+70), n*6), n, 6)
		if mask {
			arrays[fmt.Sprintf("m_%d", i)] = tasktest.FloatsNPY(slices.Repeat([]float32{1}, n), n, 1)
		}
	}
	tasktest.WriteArrays(t, path, arrays)
}

// meanOfSteps is a network of the mean over the steps, of those that a mask has where there is one.
func meanOfSteps(mask bool) *onnxpb.GraphProto {
	g := tasktest.AloneNetwork(onnxtest.Declared("x", ir.Float, "N", "steps", 6), nil, 1, "N", 1, 4)
	if mask {
		g.Input = append(g.Input, onnxtest.Declared("m", ir.Float, "N", "steps", 1))
		sum := func(n *onnxpb.NodeProto) *onnxpb.NodeProto {
			n.Attribute = slices.Clone(g.Node[2].Attribute)
			return n
		}
		g.Node[2].Input[0] = "cm" // the mean of what the mask leaves, times the number of steps by that of its ones
		mean, last := g.Node[2], g.Node[3]
		last.Input[0] = "dm"
		g.Node = append(g.Node[:2], tasktest.Node("Mul", "cm", "c", "m"), mean, sum(tasktest.Node("ReduceMean", "share", "m")), tasktest.Node("Div", "dm", "d", "share"), last)
	}
	return g
}

// TestPaddingIsTried warns where padding changes what a network answers, in search and eval, and says nothing where
// it does not: of a mask that the network reads, of outputs of each step, of an axis that the network fixes, of
// samples of one shape.
func TestPaddingIsTried(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	steps := []int{5, 2, 7, 3, 7, 4, 1, 6, 7, 2, 5, 7}
	fixed := tasktest.AloneNetwork(onnxtest.Declared("x", ir.Float, "N", 7, 6), nil, 1, "N", 1, 4)
	for _, c := range []struct {
		name  string
		g     *onnxpb.GraphProto
		steps []int
		mask  bool
		want  string
	}{
		{"a mean", meanOfSteps(false), steps, false, "padding changes what the network answers for 4 of the 4 shortest samples of"},
		{"a mean of two", meanOfSteps(false), []int{5, 7, 7, 6, 7, 7}, false, "for 2 of the 2 shortest samples of"},
		{"a mask", meanOfSteps(true), steps, true, ""},
		{"an output of each step", tasktest.AloneNetwork(onnxtest.Declared("x", ir.Float, "N", "steps", 6), nil, -1, "N", "steps", 4), steps, false, ""},
		{"a fixed axis", fixed, steps, false, ""},
		{"one shape", meanOfSteps(false), slices.Repeat([]int{7}, 6), false, ""},
		{"time in front", tasktest.AloneNetwork(onnxtest.Declared("x", ir.Float, "steps", "batch", 6), nil, 0, 1, "batch", 4), steps, false, "for 4 of the 4 shortest samples of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := tasktest.AloneConfig(t, c.g, nil)
			lengthsOf(t, cfg.Data, c.steps, c.mask)
			cfg.Pad, cfg.Block = []string{"x=0.5"}, 4
			if c.mask {
				cfg.Pad = append(cfg.Pad, "m=0")
			}
			said := 0
			cfg.Say = func(line string) {
				if strings.HasPrefix(line, "warning: padding changes") {
					said++
				}
			}
			r := mustSearch(t, cfg)
			e, err := Eval(context.Background(), config.Config{Data: cfg.Data, Pad: cfg.Pad, Metric: "sqnr"}, cfg.Model, cfg.Model, "")
			if err != nil {
				t.Fatal(err)
			}
			for i, list := range [][]result.Warning{r.Warnings, e.Warnings} {
				at := slices.IndexFunc(list, func(w result.Warning) bool { return w.ID == "padding-changes" })
				if (at >= 0) != (c.want != "") || at >= 0 && (!strings.Contains(list[at].Text, c.want) || !strings.Contains(list[at].Cure, "--pad")) {
					t.Errorf("%s: %q", []string{"search", "eval"}[i], list)
				}
			}
			quantized := cfg
			quantized.Out, quantized.Say = filepath.Join(t.TempDir(), "files"), func(line string) {
				if strings.HasPrefix(line, "warning: padding changes") {
					said += 10
				}
			}
			if _, _, err := Quantize(context.Background(), quantized); err != nil {
				t.Error(err)
			}
			if (said == 11) != (c.want != "") || !r.Verified.Identical {
				t.Errorf("said %d times, %+v", said, r.Verified)
			}
		})
	}
}
