package run

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/direct"
	"example.org/demote/config"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/task"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/result"
)

// lengthsOf writes samples [steps, 6] of these numbers of steps, and a mask beside them if there is to be one, as an
// archive.
func lengthsOf(t *testing.T, path string, steps []int, mask bool) {
	arrays := map[string][]byte{}
	for i, n := range steps {
		arrays[fmt.Sprintf("x_%d", i)] = floatsNPY(normals(uint64(i+70), n*6), n, 6)
		if mask {
			arrays[fmt.Sprintf("m_%d", i)] = floatsNPY(slices.Repeat([]float32{1}, n), n, 1)
		}
	}
	writeArrays(t, path, arrays)
}

// meanOfSteps is a network of the mean over the steps, of those that a mask has where there is one.
func meanOfSteps(mask bool) *onnxpb.GraphProto {
	g := aloneNetwork(declared("x", ir.Float, "N", "steps", 6), nil, 1, "N", 1, 4)
	if mask {
		g.Input = append(g.Input, declared("m", ir.Float, "N", "steps", 1))
		sum := func(n *onnxpb.NodeProto) *onnxpb.NodeProto {
			n.Attribute = slices.Clone(g.Node[2].Attribute)
			return n
		}
		g.Node[2].Input[0] = "cm" // the mean of what the mask leaves, times the number of steps by that of its ones
		mean, last := g.Node[2], g.Node[3]
		last.Input[0] = "dm"
		g.Node = append(g.Node[:2], madeNode("Mul", "cm", "c", "m"), mean, sum(madeNode("ReduceMean", "share", "m")), madeNode("Div", "dm", "d", "share"), last)
	}
	return g
}

// TestPaddingIsTried warns where padding changes what a network answers, in search and eval, and says nothing where
// it does not: of a mask that the network reads, of outputs of each step, of an axis that the network fixes, of
// samples of one shape.
func TestPaddingIsTried(t *testing.T) {
	steps := []int{5, 2, 7, 3, 7, 4, 1, 6, 7, 2, 5, 7}
	fixed := aloneNetwork(declared("x", ir.Float, "N", 7, 6), nil, 1, "N", 1, 4)
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
		{"an output of each step", aloneNetwork(declared("x", ir.Float, "N", "steps", 6), nil, -1, "N", "steps", 4), steps, false, ""},
		{"a fixed axis", fixed, steps, false, ""},
		{"one shape", meanOfSteps(false), slices.Repeat([]int{7}, 6), false, ""},
		{"time in front", aloneNetwork(declared("x", ir.Float, "steps", "batch", 6), nil, 0, 1, "batch", 4), steps, false, "for 4 of the 4 shortest samples of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := aloneConfig(t, c.g, nil)
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
				at := slices.IndexFunc(list, func(w result.Warning) bool { return w.ID == task.PaddingID })
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

// TestPaddingLook compares the part that both have.
func TestPaddingLook(t *testing.T) {
	var l task.PaddingLook
	seen := func(values []float32, dims ...int64) direct.Seen { return direct.Seen{Dims: dims, Values: values} }
	l.Take(seen([]float32{1, 2, 3, 4}, 1, 2, 2), seen([]float32{1, 2, 9, 3, 4, 9}, 1, 2, 3), nil, nil)
	l.Take(seen([]float32{1, 2, 3, 4}, 1, 2, 2), seen([]float32{1, 2, 3, 4, 9, 9}, 1, 3, 2), nil, nil)
	if l.Tried != 2 || l.Changed != 0 {
		t.Errorf("%+v", l)
	}
	l.Take(seen([]float32{1, 2, 3, -4}, 4), seen([]float32{1, 2.5, 3, -4.25}, 4), nil, nil)
	if l.Tried != 3 || l.Changed != 1 || l.Furthest != 0.5 || l.Largest != 4 {
		t.Errorf("%+v", l)
	}
	flat := func(d int64) []backend.Tensor { return []backend.Tensor{{Dims: []int64{1, d, 2}}} }
	// [1, 2, time] in one axis
	l.Take(seen([]float32{1, 2, 3, 4}, 1, 4), seen([]float32{1, 2, 9, 3, 4, 9}, 1, 6), flat(2), flat(3))
	if l.Tried != 3 {
		t.Errorf("what lies elsewhere is compared: %+v", l)
	}
	l.Take(seen([]float32{1, 2}, 1, 2), seen([]float32{1, 7, 9}, 1, 3), flat(2), flat(3))
	if l.Tried != 4 || l.Changed != 2 {
		t.Errorf("%+v", l)
	}
	l.Changed = 1
	l.Take(seen([]float32{1, float32(math.NaN())}, 2), seen([]float32{1, float32(math.NaN())}, 2), nil, nil)
	if l.Changed != 1 {
		t.Errorf("%+v", l)
	}
}
