package run

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/onnxtest"

	"example.org/demote/backend"
	"example.org/demote/backend/direct"
	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
)

// TestFixedInputs holds a search with --input against one of a network that has the value inside, and the file that
// it writes against the search, in verify and in eval, which know the value from the run and from the file.
func TestFixedInputs(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	numbers := make([]string, 25)
	for i := range numbers {
		numbers[i] = fmt.Sprint(i%7-3) + ".5"
	}
	for _, c := range []struct {
		name  string
		side  *onnxpb.ValueInfoProto
		value string
		each  bool // of every sample: it stays an input
	}{
		{"float scalar", onnxtest.Declared("s", ir.Float), "0.7", false},
		{"int64 scalar", onnxtest.Declared("s", ir.Int64), "3", false},
		{"int64 of one element", onnxtest.Declared("s", ir.Int64, 1), "-2", false},
		{"bool scalar", onnxtest.Declared("s", ir.Bool), "true", false},
		{"float64 scalar", onnxtest.Declared("s", ir.Double), "0.3333333333333333", false},
		{"float16 scalar", onnxtest.Declared("s", ir.Float16), "0.1", false},
		{"uint8 scalar", onnxtest.Declared("s", ir.Uint8), "2", false},
		{"vector, one number each", onnxtest.Declared("s", ir.Float, 25), strings.Join(numbers, ","), false},
		{"vector in brackets", onnxtest.Declared("s", ir.Float, 25), "[" + strings.Join(numbers, ", ") + "]", false},
		{"vector, one number for all", onnxtest.Declared("s", ir.Float, 25), "0.25", false},
		{"vector of free length", onnxtest.Declared("s", ir.Float, "k"), strings.Join(numbers, ","), false},
		{"with a batch axis", onnxtest.Declared("s", ir.Float, "N", 25), strings.Join(numbers, ","), true},
		{"with a batch axis, float64", onnxtest.Declared("s", ir.Double, "N", 25), "0.25", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := context.Background()
			g := tasktest.SideNetwork(c.side)
			cfg := tasktest.SideConfig(t, g, "s="+c.value)
			got, err := Search(ctx, cfg)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Verified.Identical || got.Verified.Value == nil || *got.Verified.Value != *got.Score.Mixed.Value {
				t.Errorf("the written file: %+v, the mix scores %v", got.Verified, got.Score.Mixed)
			}
			mixed, err := onnx.Read(filepath.Join(cfg.Out, journal.MixedFile))
			if err != nil {
				t.Fatal(err)
			}
			names := func(m *onnx.Model) (list []string) {
				for _, v := range m.Inputs() {
					list = append(list, fmt.Sprint(v))
				}
				return list
			}
			float, err := onnx.Read(cfg.Model)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(names(mixed), names(float)) {
				t.Errorf("the written file has the inputs %v, the network %v", names(mixed), names(float))
			}
			feedAll(t, filepath.Join(cfg.Out, journal.MixedFile))
			if v, err := Verify(ctx, cfg.Out, config.Config{}); err != nil || !v.Identical {
				t.Errorf("verify: %+v, %v", v, err)
			}
			ev, err := Eval(ctx, config.Config{Data: cfg.Data, Metric: "sqnr", Fixed: []string{"s=" + c.value}, Block: 5}, filepath.Join(cfg.Out, journal.MixedFile), cfg.Model, "exact")
			if err != nil || *ev.Score.Value != *got.Score.Mixed.Value {
				t.Errorf("eval: %v, %v; the mix scores %v", ev, err, *got.Score.Mixed.Value)
			}

			if _, err := Eval(ctx, config.Config{Data: cfg.Data, Metric: "sqnr"}, filepath.Join(cfg.Out, journal.MixedFile), cfg.Model, "exact"); !c.each && (err == nil || !strings.Contains(err.Error(), "--input s=VALUE")) {
				t.Errorf("eval against a reference that reads s, of which nothing is said: %v", err)
			}
			m, err := task.ReadNetwork((config.Config{Fixed: []string{"s=" + c.value}}), cfg.Model)
			if err != nil {
				t.Fatal(err)
			}
			if c.each != (len(m.Inputs()) == 2) {
				t.Fatalf("inputs that are left: %v", m.Inputs())
			}
			if c.each || !strings.HasPrefix(c.name, "float scalar") && c.name != "vector, one number each" {
				return
			}
			inside := tasktest.SideConfig(t, m.Graph())
			want, err := Search(ctx, inside)
			if err != nil {
				t.Fatal(err)
			}
			tell := func(r *config.Result) string {
				return fmt.Sprint(r.Promotion, *r.Score.Mixed.Value, *r.Score.Low.Value, *r.Score.High.Value)
			}
			if tell(want) != tell(got) {
				t.Errorf("%s, with the value inside the network %s", tell(got), tell(want))
			}
		})
	}
}

// feedAll runs a file once with every input that it declares, as a user's program does.
func feedAll(t testing.TB, file string) {
	t.Helper()
	m, err := onnx.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	var inputs []backend.Tensor
	for _, v := range m.Inputs() {
		dims := slices.Clone(v.Dims)
		for i := range dims {
			dims[i] = max(dims[i], 1)
		}
		inputs = append(inputs, backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: dims})
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := direct.Measure(context.Background(), backend.Model{Bytes: data}, inputs, []string{"y"}); err != nil || !slices.Equal(got["y"], []int64{1, 4}) {
		t.Errorf("with every input that %s declares: %v, %v", file, got, err)
	}
}

// TestFixedInputsAreRefused names what a value lacks.
func TestFixedInputsAreRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		side  *onnxpb.ValueInfoProto
		fixed []string
		want  string
	}{
		{"a scalar without a value", onnxtest.Declared("s", ir.Float), nil, `save a .npz with an array for each, or give all but one a value, --input NAME=VALUE`},
		{"no such input", onnxtest.Declared("s", ir.Float), []string{"s=1", "t=1"}, `--input t=1: `},
		{"no value", onnxtest.Declared("s", ir.Float), []string{"s"}, `--input s: give a name and a value, such as --input sr=16000`},
		{"no name", onnxtest.Declared("s", ir.Float), []string{"=3"}, `give a name and a value`},
		{"twice", onnxtest.Declared("s", ir.Float), []string{"s=1", "s=2"}, `--input s=2: the input has a value already`},
		{"no number", onnxtest.Declared("s", ir.Float), []string{"s=x"}, `"x" is no finite number of type float32`},
		{"nan", onnxtest.Declared("s", ir.Float), []string{"s=nan"}, `"nan" is no finite number`},
		{"beyond float32", onnxtest.Declared("s", ir.Float), []string{"s=1e39"}, `"1e39" is no finite number`},
		{"beyond float16", onnxtest.Declared("s", ir.Float16), []string{"s=65520"}, `"65520" is no finite number of type float16`},
		{"no integer", onnxtest.Declared("s", ir.Int64), []string{"s=1.5"}, `"1.5" is no integer of type int64`},
		{"below uint8", onnxtest.Declared("s", ir.Uint8), []string{"s=-1"}, `"-1" is no integer of type uint8`},
		{"no bool", onnxtest.Declared("s", ir.Bool), []string{"s=2"}, `"2" is neither true nor false`},
		{"too few", onnxtest.Declared("s", ir.Float, 25), []string{"s=1,2"}, `2 numbers for 25 elements: give 25, or one for all`},
		{"an inner axis is free", onnxtest.Declared("s", ir.Float, 2, "M"), []string{"s=1"}, `axis 1 of that input is free: give its values as an array "s" of --data and --calib`},
		{"nothing is left", onnxtest.Declared("s", ir.Float), []string{"s=1", "x=0,0"}, `2 numbers for 16 elements`},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := tasktest.SideConfig(t, tasktest.SideNetwork(c.side), c.fixed...)
			_, err := Search(context.Background(), cfg)
			if err == nil || !strings.Contains(err.Error(), c.want) || ExitCode(err) != ExitMistake {
				t.Errorf("%v (exit %d), want %s", err, ExitCode(err), c.want)
			}
		})
	}
}

// TestFixedInputIsPartOfTheRun refuses to go on with another value.
func TestFixedInputIsPartOfTheRun(t *testing.T) {
	cfg := tasktest.SideConfig(t, tasktest.SideNetwork(onnxtest.Declared("s", ir.Float)), "s=2")
	s := journal.Fingerprint{Settings: (newSearch(&trial.Runner{Task: &task.Task{}, Config: cfg.Filled(), Metric: &metric.Metric{}})).fingerprint().Settings}
	cfg.Fixed = []string{"s=3"}
	other := journal.Fingerprint{Settings: (newSearch(&trial.Runner{Task: &task.Task{}, Config: cfg.Filled(), Metric: &metric.Metric{}})).fingerprint().Settings}
	if got := other.Difference(s); got != `it has inputs "s=2" and not "s=3"` {
		t.Errorf("the difference is %q", got)
	}
}

// TestUnreadInputNeedsNoData runs a network with an input that nothing reads, which the written file still declares.
func TestUnreadInputNeedsNoData(t *testing.T) {
	g := tasktest.SideNetwork(onnxtest.Declared("unread", ir.Int64, "N", 3))
	g.Node[2].Input[0] = "b" // the cast
	cfg := tasktest.SideConfig(t, g)
	r, err := Search(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Verified.Identical {
		t.Errorf("%+v", r.Verified)
	}
	m, err := onnx.Read(filepath.Join(cfg.Out, journal.MixedFile))
	if err != nil || len(m.Inputs()) != 2 || m.Inputs()[0].Name != "unread" {
		t.Errorf("the written file has the inputs %v, %v", m.Inputs(), err)
	}
}
