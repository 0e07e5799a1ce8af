package run

import (
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/internal/onnxtest"

	"google.golang.org/protobuf/proto"

	"example.org/demote/config"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx/onnxpb"
)

// TestBadStates says what is wrong with a state in one line.
func TestBadStates(t *testing.T) {
	wide := tasktest.GruStep()
	wide.Input = append(wide.Input, onnxtest.Declared("w", ir.Float, "N", 5), onnxtest.Declared("k", ir.Int64, "N", 8), onnxtest.Declared("one", ir.Float))
	wide.Output = append(wide.Output, onnxtest.Declared("wn", ir.Float, "N", 5), onnxtest.Declared("o", ir.Float))
	cast := tasktest.Node("Cast", "kf", "k")
	cast.Attribute = []*onnxpb.AttributeProto{{Name: proto.String("to"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(1)}}
	wide.Node = append(wide.Node, cast, tasktest.Node("Add", "hk", "hn", "kf"), tasktest.Node("Relu", "wn", "w"), tasktest.Node("Relu", "o", "one"), tasktest.Node("MatMul", "zk", "hk", "v"))
	wide.Output = append(wide.Output, onnxtest.Declared("zk", ir.Float, "N", 5))
	cfg, _ := tasktest.StepNet(t, wide, 8, 3)
	only, _ := tasktest.StepNet(t, &onnxpb.GraphProto{Name: proto.String("only"), Input: []*onnxpb.ValueInfoProto{onnxtest.Declared("h", ir.Float, "N", 8)},
		Output: []*onnxpb.ValueInfoProto{onnxtest.Declared("hn", ir.Float, "N", 8)}, Node: []*onnxpb.NodeProto{tasktest.Node("MatMul", "hn", "h", "w")},
		Initializer: []*onnxpb.TensorProto{ir.NewFloats("w", []int64{8, 8}, tasktest.Normals(1, 64))}}, 8, 3)
	plain, _ := tasktest.StepNet(t, tasktest.GruStep(), 8, 3)
	free, _ := tasktest.StepNet(t, tasktest.FreeStep(), 8, 3)
	for _, c := range []struct {
		name   string
		cfg    config.Config
		states []string
		change func(*config.Config)
		want   string
	}{
		{"no colon", cfg, []string{"hn"}, nil, "--state hn: give an output and the input that it is fed back to, such as --state hn:h"},
		{"no such output", cfg, []string{"g:h"}, nil, "has no output g; it has ["},
		{"no such input", cfg, []string{"hn:g"}, nil, "has no input g left; it has ["},
		{"the other way round", cfg, []string{"h:hn"}, nil, "has no output h; it has ["},
		{"twice", cfg, []string{"hn:h", "hn:h"}, nil, "input h is fed by hn already; give each input one output"},
		{"another shape", cfg, []string{"wn:h"}, nil, "output wn is [?,5] and input h is [?,8]: a state has one shape, which does not grow"},
		{"another type", cfg, []string{"hn:k"}, nil, "output hn is FLOAT and input k is INT64: a state has one type"},
		{"a scalar", cfg, []string{"o:one"}, nil, "input one is a scalar: export the network with an axis of size 1 there"},
		{"a free axis", free, []string{"hn:h"}, nil, `no array named "h": it has "x"; save it under the input's name, as the value in front of the first step: an axis of it is free, and zeros need a size`},
		{"of a given value", plain, []string{"hn:h"}, func(c *config.Config) { c.Fixed = []string{"h=0"} }, "--input gives h a value already: leave one of them out"},
		{"nothing left", only, []string{"hn:h"}, nil, "--state feeds all of the network's inputs"},
		{"a hold-out", plain, []string{"hn:h"}, func(c *config.Config) { c.Holdout = "30%" }, "--holdout 30%: the steps of a sequence are not independent samples"},
		{"nothing said", plain, nil, nil, `no array named "h": it has "x"; save it under the input's name, give it one value for all samples, --input h=0 for one, or feed an output back to it, --state hn:h`},
		{"another shape of a step", plain, []string{"hn:h"}, func(c *config.Config) {
			c.Calib = tasktest.WriteArrays(t, filepath.Join(t.TempDir(), "e.npz"), map[string][]byte{"x": tasktest.FloatsNPY(make([]float32, 8*3*5), 8, 3, 5)})
			c.Data = c.Calib
		}, `has shape [8,3,5], but a step of the network's input is "x" [N,6]: save the samples as [samples, steps] and what the network has of one step`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := c.cfg
			d.State, d.Output = c.states, "y"
			if c.name == "nothing left" {
				d.Output = "hn"
			}
			d.Out = filepath.Join(t.TempDir(), "run")
			if c.change != nil {
				c.change(&d)
			}
			_, err := Search(context.Background(), d)
			if err == nil || ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v (exit code %d), want %s", err, ExitCode(err), c.want)
			}
		})
	}
}

// TestNaNInAStep names the first tensor that is not a number in any step, whatever the steps behind it make of that.
func TestNaNInAStep(t *testing.T) {
	const n, steps = 8, 4
	g := tasktest.GruStep()
	g.Node = append([]*onnxpb.NodeProto{tasktest.Node("Sqrt", "root", "x")}, g.Node...)
	for _, n := range g.Node[1:] {
		if n.Input[0] == "x" {
			n.Input[0] = "root"
		}
	}
	cfg, x := tasktest.StepNet(t, g, n, steps, "hn:h")
	for i := range x {
		x[i] = float32(math.Abs(float64(x[i])))
	}
	tasktest.WriteArrays(t, cfg.Calib, map[string][]byte{"x": tasktest.FloatsNPY(x, n, steps, 6)})
	x[(5*steps+1)*6] = -1
	cfg.Data = tasktest.WriteArrays(t, filepath.Join(t.TempDir(), "e.npz"), map[string][]byte{"x": tasktest.FloatsNPY(x, n, steps, 6)})
	if _, err := Search(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), "gives NaN for sample 5, first in tensor root;") || ExitCode(err) != ExitMistake {
		t.Errorf("%v", err)
	}
	cfg.Calib = cfg.Data
	if _, err := Search(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), "for calibration sample 5 of") || ExitCode(err) != ExitMistake {
		t.Errorf("%v", err)
	}
}
