package metric

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/mistake"
)

// scored is the score of rows by a metric, in the metric's own sign, added up as an evaluator does.
func scored(t *testing.T, m *Metric, j *Scorer, rows []float32) float64 {
	t.Helper()
	j.metric = m
	n := len(rows) / j.row
	j.samples = n
	if m.IsWhole() {
		s, err := m.scoreWhole(context.Background(), j, rows, n)
		if err != nil {
			t.Fatal(err)
		}
		return m.Signed(s.Value)
	}
	if m.folds != nil {
		fold, err := m.folds([]*Scorer{j})
		if err != nil {
			t.Fatal(err)
		}
		var all []int
		for i := range n {
			all = append(all, i)
		}
		return fold.Score(fold.Add(nil, j.Block(rows, all).Outcomes))
	}
	sum := 0.0
	for i := range n {
		g := m.Gain(rows[i*j.row:(i+1)*j.row], j.sample(i))
		if best := m.Best * float64(max(1, len(j.truth.Pixels)/n)); g > best {
			t.Errorf("%s: a sample gains %v, more than %v", m.Name, g, best)
		}
		sum += g
	}
	if m.finish != nil {
		return m.Signed(m.finish(sum, m.scale(j, n)))
	}
	return m.Signed(sum / float64(n))
}

func metricNamed(t *testing.T, name string, o LabelOptions) *Metric {
	t.Helper()
	m, err := ByName(name)
	if err == nil {
		m, err = m.With(o)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestClassMetrics holds F1 and weighted accuracy against values worked out by hand: predictions 0 1 2 0 1 2 of
// labels 0 1 2 1 1 0 (and class 3, which is neither).
func TestClassMetrics(t *testing.T) {
	rows := []float32{9, 0, 0, 0, 0, 9, 0, 0, 0, 0, 9, 0, 9, 0, 0, 0, 0, 9, 0, 0, 0, 0, 9, 0}
	for _, c := range []struct {
		name, metric string
		o            LabelOptions
		want         float64
	}{
		// Class 0: 1 right, 1 false, 1 missed: 1/2. Class 1: 2 right, 1 missed: 4/5. Class 2: 1 right, 1 false: 2/3.
		{"f1", "f1", LabelOptions{}, (0.5 + 0.8 + 2.0/3) / 3},
		{"f1, weighted", "f1", LabelOptions{Weights: []float64{1, 0, 3, 9}}, (0.5 + 3*2.0/3) / 4},
		{"f1, short weights", "f1", LabelOptions{Weights: []float64{0, 1}, Partly: true}, 0.8},
		{"top1", "top1", LabelOptions{}, 4.0 / 6},
		// Hits of labels 0 1 2 1; the weights of all labels are 2 1 4 1 1 2.
		{"top1, weighted", "top1", LabelOptions{Weights: []float64{2, 1, 4, 9}}, (2.0 + 1 + 4 + 1) / 11},
		{"top5, weighted", "top5", LabelOptions{Weights: []float64{2, 1, 4, 9}}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := &Scorer{truth: Truth{Labels: []int64{0, 1, 2, 1, 1, 0}}, row: 4, dims: []int64{6, 4}}
			if got := scored(t, metricNamed(t, c.metric, c.o), j, rows); math.Abs(got-c.want) > 1e-12 {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// TestPixelMetrics holds accuracy and IoU of pixels against values worked out by hand: two samples of 2x2 pixels in 3
// classes, predicted 0 1 1 2 and 0 0 2 2, labelled 0 1 2 255 and 0 1 2 2.
func TestPixelMetrics(t *testing.T) {
	predicted, labels := []int{0, 1, 1, 2, 0, 0, 2, 2}, []int32{0, 1, 2, 255, 0, 1, 2, 2}
	rows := make([]float32, 2*3*4)
	for i, c := range predicted {
		rows[i/4*12+c*4+i%4] = 1
	}
	ignored := int64(255)
	for _, c := range []struct {
		name, metric string
		o            LabelOptions
		labels       []int32
		want         float64
	}{
		{"accuracy", "pixel-accuracy", LabelOptions{Ignore: &ignored}, labels, 5.0 / 7},
		{"accuracy, nothing ignored", "pixel-accuracy", LabelOptions{}, []int32{0, 1, 2, 2, 0, 1, 2, 2}, 6.0 / 8},
		{"accuracy, weighted", "pixel-accuracy", LabelOptions{Weights: []float64{1, 5, 2}, Ignore: &ignored}, labels, (1.0 + 5 + 1 + 2 + 2) / (2*1 + 2*5 + 3*2)},
		// Class 0: 2 in both of 3; class 1: 1 of 3; class 2: 2 of 3.
		{"miou", "miou", LabelOptions{Ignore: &ignored}, labels, (2.0/3 + 1.0/3 + 2.0/3) / 3},
		{"miou, weighted", "miou", LabelOptions{Weights: []float64{0, 1, 1}, Ignore: &ignored}, labels, (1.0/3 + 2.0/3) / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := &Scorer{truth: Truth{Pixels: c.labels}, row: 12, dims: []int64{2, 3, 2, 2}}
			if got := scored(t, metricNamed(t, c.metric, c.o), j, rows); math.Abs(got-c.want) > 1e-12 {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// TestValueMetrics holds the errors of regression, which are better when lower.
func TestValueMetrics(t *testing.T) {
	j := &Scorer{truth: Truth{Values: []float32{1, 2, 3, 4}}, row: 2, dims: []int64{2, 2}}
	rows := []float32{1, 4, 0, 4}
	for name, want := range map[string]float64{"label-mse": (2.0 + 4.5) / 2, "label-mae": (1.0 + 1.5) / 2} {
		m := metricNamed(t, name, LabelOptions{})
		if got := scored(t, m, j, rows); got != want || !m.Lower {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestFoldInAnyOrder adds samples in random pieces: the score is the same bits.
func TestFoldInAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	j := &Scorer{row: 5, dims: []int64{60, 5}, samples: 60}
	rows := make([]float32, 60*5)
	for i := range rows {
		rows[i] = rng.Float32()
	}
	for range 60 {
		j.truth.Labels = append(j.truth.Labels, rng.Int64N(5))
	}
	m := metricNamed(t, "f1", LabelOptions{Weights: []float64{1, 0.3, 0.7, 2, 0.1}})
	want := scored(t, m, j, rows)
	for seed := range 20 {
		fold, err := m.folds([]*Scorer{j})
		if err != nil {
			t.Fatal(err)
		}
		var all bounds.State
		for order := rng.Perm(60); len(order) > 0; {
			n := 1 + rng.IntN(len(order))
			var part []float32
			for _, i := range order[:n] {
				part = append(part, rows[i*5:(i+1)*5]...)
			}
			all = fold.Add(all, j.Block(part, order[:n]).Outcomes)
			order = order[n:]
		}
		if got := fold.Score(all); got != want {
			t.Fatalf("seed %d: %v, not %v", seed, got, want)
		}
	}
}

// TestRegister adds metrics in Go, and refuses those that cannot be one.
func TestRegister(t *testing.T) {
	before := metrics
	t.Cleanup(func() { metrics = before })
	first := func(row []float32, _ Sample) float64 { return float64(row[0]) }
	all := func(_ context.Context, o WholeOutputs) (float64, error) {
		return float64(o.Samples) * float64(o.Rows[0]) * float64(o.Dims[0]), nil
	}
	for _, c := range []struct {
		name, hint string
		c          Custom
	}{
		{"mean", "", Custom{Name: "first", Gain: first, Best: 10}},
		{"lower", "", Custom{Name: "first-low", Gain: first, Lower: true}},
		{"whole", "", Custom{Name: "all", All: all, Lower: true}},
		{"name", "lower-case", Custom{Name: "First", Gain: first}},
		{"there already", "already", Custom{Name: "top1", Gain: first}},
		{"nothing", "either", Custom{Name: "x"}},
		{"both", "either", Custom{Name: "x", Gain: first, All: all}},
		{"labels and a reference", "not with both", Custom{Name: "x", Gain: first, Labels: true, Reference: true}},
		{"lower counts", "counted", Custom{Name: "x", Gain: first, Lower: true, Count: true}},
		{"no bound", "Best", Custom{Name: "x", Gain: first, Best: math.Inf(1)}},
	} {
		err := Register(c.c)
		if c.hint == "" && err != nil || c.hint != "" && (err == nil || !strings.Contains(err.Error(), c.hint)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	j := &Scorer{row: 2, dims: []int64{2, 2}}
	rows := []float32{3, 0, 4, 0}
	for name, want := range map[string]float64{"first": 3.5, "first-low": 3.5, "all": 12} {
		if got := scored(t, metricNamed(t, name, LabelOptions{}), j, rows); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if _, err := metricNamed(t, "first", LabelOptions{}).With(LabelOptions{Weights: []float64{1}}); !errors.Is(err, mistake.Err) {
		t.Errorf("weights of a metric without classes: %v", err)
	}
}

// TestCommand asks commands: what they get, and what they may not answer.
func TestCommand(t *testing.T) {
	dir := t.TempDir()
	o := WholeOutputs{Rows: []float32{1, 2, 3, 4, 5, 6}, Dims: []int64{3}, Samples: 2,
		Arrays: []LabelArray{{Descr: "<i2", Dims: []int64{1, 2}, Data: []byte{7, 0, 255, 255, 8, 0, 0, 128}}}}
	for _, c := range []struct {
		name, line string
		want       float64
		hint       string
	}{
		{"a number", "cat > " + filepath.Join(dir, "in") + "; echo ' -1.5e2 '", -150, ""},
		{"that reads nothing", "echo 3", 3, ""},
		{"that dies", "cat >/dev/null; echo no such table >&2; exit 3", 0, "exit status 3: no such table"},
		{"that is killed", "kill -9 $$", 0, "killed"},
		{"that is not there", "/nowhere/score", 0, "/nowhere/score"},
		{"that hangs", "sleep 60 | cat", 0, "no answer after 200ms"},
		{"text", "echo score: 0.9", 0, `"score: 0.9"`},
		{"two numbers", "echo 1 2", 0, "2 words"},
		{"nothing", "true", 0, "nothing"},
		{"NaN", "echo nan", 0, "finite"},
		{"infinity", "echo inf", 0, "finite"},
		{"too large a number", "echo 1e999", 0, "finite"},
		{"much text", "yes score", 0, "no answer after"},
		{"another number every time", "date +%s.%N", 0, "for the same outputs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := &Command{Line: c.line, Timeout: 10 * time.Second}
			if strings.Contains(c.hint, "no answer") {
				cmd.Timeout = 200 * time.Millisecond
			}
			began := time.Now()
			v, err := cmd.answer(context.Background(), o)
			switch {
			case c.hint == "" && (err != nil || v != c.want):
				t.Errorf("%v, %v", v, err)
			case c.hint != "" && (!errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), c.hint) || strings.Contains(err.Error(), "\n")):
				t.Errorf("%v, want %q", err, c.hint)
			}
			if cost := cmd.Cost(); cost.Starts < 1 || c.hint == "" && cost.Starts != 2 || cost.Seconds <= 0 || time.Since(began) > 8*time.Second {
				t.Errorf("%+v", cost)
			}
		})
	}
	got, err := os.ReadFile(filepath.Join(dir, "in"))
	if err != nil {
		t.Fatal(err)
	}
	head := func(dict string) string {
		return "\x93NUMPY\x01\x00\x76\x00" + dict + strings.Repeat(" ", 117-len(dict)) + "\n"
	}
	want := head("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }") +
		"\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x40\x40\x00\x00\x80\x40\x00\x00\xa0\x40\x00\x00\xc0\x40" +
		head("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 1, 2), }") + "\x07\x00\xff\xff\x08\x00\x00\x80"
	if string(got) != want {
		t.Errorf("the command got %q, want %q", got, want)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := (&Command{Line: "sleep 60"}).answer(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
