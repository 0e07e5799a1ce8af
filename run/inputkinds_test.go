package run

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/onnxtest"

	"google.golang.org/protobuf/proto"

	"example.org/demote/config"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/search"
)

// plainRows are the outputs of a file as eval computes them, by sample.
func plainRows(t *testing.T, c config.Config) [][]float32 {
	t.Helper()
	c.Metric = "cosine"
	p, err := openPlain(context.Background(), c.Filled(), c.Model, c.Model, segments.ExactSession)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	rows := make([][]float32, p.Samples())
	if _, err := p.Outputs(context.Background(), search.NewMask(0), func(sample int, row []float32) { rows[sample] = slices.Clone(row) }); err != nil {
		t.Fatal(err)
	}
	return rows
}

// floats32 is an array of float32 in which element i is f(i).
func floats32(f func(i int) float32, shape ...int) []byte {
	data, n := tasktest.NPYHeader("<f4", shape...), 1
	for _, d := range shape {
		n *= d
	}
	for i := range n {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(f(i)))
	}
	return data
}

// TestScalarPerSample gives an input that is a scalar, or has one element, another number with every sample, and
// holds every output against that with the number for all.
func TestScalarPerSample(t *testing.T) {
	number := func(i int) float32 { return 0.5 + float32(i)/16 }
	x := floats32(func(i int) float32 { return float32(math.Sin(float64(i))) }, 24, 16)
	for _, c := range []struct {
		dims  []any
		shape []int
	}{{nil, []int{24}}, {nil, []int{24, 1}}, {[]any{1}, []int{24}}, {[]any{1}, []int{24, 1}}, {[]any{1, 1}, []int{24}}} {
		t.Run(fmt.Sprint(c.dims, c.shape), func(t *testing.T) {
			cfg := tasktest.SideConfig(t, tasktest.SideNetwork(onnxtest.Declared("s", ir.Float, c.dims...)))
			cfg.Data = filepath.Join(filepath.Dir(cfg.Model), "each.npz")
			cfg.Calib = cfg.Data
			tasktest.WriteFile(t, cfg.Data, tasktest.NPZ(t, map[string][]byte{"x": x, "s": floats32(number, c.shape...)}))
			cfg.Block = 0
			each := plainRows(t, cfg)
			r := mustSearch(t, cfg)
			if !r.Verified.Identical {
				t.Errorf("%+v", r.Verified)
			}
			for i := 0; i < 24; i += 7 {
				all := cfg
				all.Fixed = []string{fmt.Sprint("s=", number(i))}
				all.Block = 1
				if want := plainRows(t, all)[i]; !slices.Equal(each[i], want) {
					t.Errorf("sample %d: %v, with its number for all %v", i, each[i], want)
				}
			}
		})
	}
}

// defaultNetwork is a network with an input g that has a default of 25 numbers.
func defaultNetwork(value float32) *onnxpb.GraphProto {
	g := tasktest.SideNetwork(onnxtest.Declared("s", ir.Float, 25))
	g.Initializer = append(g.Initializer, ir.NewFloats("s", []int64{25}, slices.Repeat([]float32{value}, 25)))
	return g
}

// TestDefaults has inputs with a default at that, or at what --input says, in searches and evaluations.
func TestDefaults(t *testing.T) {
	two, three := tasktest.SideConfig(t, defaultNetwork(2)), tasktest.SideConfig(t, defaultNetwork(3))
	want2, want3 := plainRows(t, two), plainRows(t, three)
	instead := two
	instead.Fixed = []string{"s=3"}
	if got := plainRows(t, instead); !slices.EqualFunc(got, want3, slices.Equal[[]float32]) || slices.EqualFunc(got, want2, slices.Equal[[]float32]) {
		t.Error("another value than the default is not the network with that default")
	}
	for _, cfg := range []config.Config{three, instead} {
		r := mustSearch(t, cfg)
		if text := decisions(t, r); !r.Verified.Identical || text != decisions(t, mustSearchAgain(t, three)) {
			t.Errorf("%v: %s", cfg.Fixed, text)
		}
	}
	wrong := two
	wrong.Fixed = []string{"s=1,2"}
	if _, err := Search(context.Background(), wrong); err == nil || !strings.Contains(err.Error(), "--input s=1,2: 2 numbers for 25 elements") || ExitCode(err) != ExitMistake {
		t.Error(err)
	}
}

// mustSearchAgain is a search into a folder of its own.
func mustSearchAgain(t *testing.T, c config.Config) *config.Result {
	t.Helper()
	c.Out = filepath.Join(t.TempDir(), "again")
	return mustSearch(t, c)
}

// TestInputKindsAreRefused names what cannot feed an input, and what can be done.
func TestInputKindsAreRefused(t *testing.T) {
	x := floats32(func(i int) float32 { return float32(i%5) - 2 }, 24, 16)
	optional := &onnxpb.ValueInfoProto{Name: proto.String("s"), Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_OptionalType{
		OptionalType: &onnxpb.TypeProto_Optional{ElemType: onnxtest.Declared("", ir.Float).GetType()}}}}
	open := onnxtest.Declared("s", ir.Float)
	open.GetType().GetTensorType().Shape = nil
	one := func(i int) float32 { return 1.5 }
	for _, c := range []struct {
		name string
		g    *onnxpb.GraphProto
		s    []byte
		want []string
	}{
		{"a single number", tasktest.SideNetwork(onnxtest.Declared("s", ir.Float)), floats32(one), []string{`array "s" is a single number`, "give it one value for all samples, --input s=0 for one"}},
		{"one sample", tasktest.SideNetwork(onnxtest.Declared("s", ir.Float, 1)), floats32(one, 1), []string{"save as many of each", "give it one value for all samples, --input s=0 for one"}},
		{"several numbers", tasktest.SideNetwork(onnxtest.Declared("s", ir.Float)), floats32(one, 24, 2), []string{`array "s" has shape [24,2], but the network's input "s" is a scalar`, "--input s=VALUE"}},
		{"none", tasktest.SideNetwork(onnxtest.Declared("s", ir.Float)), nil, []string{`no array named "s"`, "--input s=0 for one"}},
		{"a default", defaultNetwork(2), floats32(one, 24, 25), []string{`the array "s" is for an input with a default`, "--input s=VALUE"}},
		{"an optional tensor", tasktest.SideNetwork(optional), floats32(one, 24), []string{`input "s" is no tensor but an optional one`, "export the network with a tensor in its place"}},
		{"no shape", tasktest.SideNetwork(open), floats32(one, 24), []string{`the network does not say the shape of its input "s"`, "export it again with one"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := tasktest.SideConfig(t, c.g)
			cfg.Data = filepath.Join(filepath.Dir(cfg.Model), "e.npz")
			cfg.Calib = cfg.Data
			arrays := map[string][]byte{"x": x}
			if c.s != nil {
				arrays["s"] = c.s
			}
			tasktest.WriteFile(t, cfg.Data, tasktest.NPZ(t, arrays))
			_, err := Search(context.Background(), cfg)
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) || ExitCode(err) != ExitMistake {
					t.Errorf("%v (exit %d), want %s", err, ExitCode(err), want)
				}
			}
		})
	}
}
