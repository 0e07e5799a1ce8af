package run

import (
	"context"
	"encoding/binary"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/question"
	"example.org/demote/internal/scan"
	"example.org/demote/internal/task"
	"example.org/demote/internal/trial"
	"example.org/demote/onnx"
	"example.org/demote/result"
	"example.org/demote/search"
)

// exampleConfig is a right set-up: the example on some of its samples.
func exampleConfig() config.Config {
	return config.Config{Model: "../examples/fashion/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz", Target: "16bit-0.05", Limit: 300}
}

// asks runs a search up to its first trial and returns what it asked. spoil may change what was prepared.
func asks(t *testing.T, cfg config.Config, spoil func(*searchRun)) *config.Result {
	t.Helper()
	cfg.Out = filepath.Join(t.TempDir(), "unused") // nothing is written
	s := newSearch(&trial.Runner{Config: cfg.Filled()})
	defer s.Close()
	if err := s.check(); err != nil {
		t.Fatal(err)
	}
	var err error
	if err = s.Prepare(context.Background()); err == nil {
		err = s.begin(context.Background())
	}
	if spoil != nil && err == nil {
		spoil(s)
	}
	if err == nil {
		err = s.questioning()
	}
	if err == nil {
		err = s.Compile(context.Background())
	}
	if err == nil { // as open does, without the plan of trials that are not run here
		s.HighScore, _, err = s.Ev.Arrange(context.Background(), s.doubts.SeeHigh(s.Ev))
	}
	if err == nil {
		err = s.doubts.AskEnds(context.Background())
	}
	if err != nil {
		t.Fatal(err)
	}
	return s.Result
}

// rawImages are samples of the example as an array of float32, each value changed by f, and their labels as an npy
// file.
func rawImages(t *testing.T, path string, limit int, f func(float32) float32, shift int64) (data, labels string) {
	t.Helper()
	set, err := dataset.Open(path, []dataset.Input{{Name: "x", Dims: []int64{-1, 1, 28, 28}, Type: dataset.Float32}}, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	n := min(limit, set.Len())
	x, y := npyHeader("<f4", n, 1, 28, 28), npyHeader("<i8", n)
	row := make([]float32, 784)
	for i := range n {
		if err := set.Read(0, i, blocks.BytesOf(row)); err != nil {
			t.Fatal(err)
		}
		for _, v := range row {
			x = binary.LittleEndian.AppendUint32(x, math.Float32bits(f(v)))
		}
		if l := set.Labels(); l != nil {
			y = binary.LittleEndian.AppendUint64(y, uint64(min(9, l[i]+shift)))
		}
	}
	dir := t.TempDir()
	data, labels = filepath.Join(dir, "x.npy"), filepath.Join(dir, "y.npy")
	writeTestFile(t, data, x)
	writeTestFile(t, labels, y)
	return data, labels
}

// TestQuestions sets the example up rightly, of which nothing is said, and in wrong ways, of which each is told with
// the flag that cures it.
func TestQuestions(t *testing.T) {
	same := func(v float32) float32 { return v }
	for _, c := range []struct {
		name  string
		spoil func(*testing.T, *config.Config)
		id    string // empty: nothing is said
		part  string // of the warning
	}{
		{"right", func(*testing.T, *config.Config) {}, "", ""},
		{"right, scaled by a flag that cancels out", func(t *testing.T, c *config.Config) {
			c.Data, c.Labels = rawImages(t, c.Data, 200, func(v float32) float32 { return v / 255 }, 0)
			c.Calib, _ = rawImages(t, c.Calib, 64, func(v float32) float32 { return v / 255 }, 0)
			c.Scale = []float32{255}
		}, "", ""},
		{"both over 255", func(t *testing.T, c *config.Config) {
			c.Data, c.Labels = rawImages(t, c.Data, 200, func(v float32) float32 { return v / 255 }, 0)
			c.Calib, _ = rawImages(t, c.Calib, 64, func(v float32) float32 { return v / 255 }, 0)
		}, "scale-differs", "--scale 255"},
		{"--scale too much", func(_ *testing.T, c *config.Config) { c.Scale = []float32{1. / 255} }, "scale-differs", "no --scale"},
		{"labels from 1", func(t *testing.T, c *config.Config) { _, c.Labels = rawImages(t, c.Data, 2000, same, 1) }, "labels-shifted", "save the labels as y - 1"},
		{"calibration over 255", func(t *testing.T, c *config.Config) {
			c.Calib, _ = rawImages(t, c.Calib, 64, func(v float32) float32 { return v / 255 }, 0)
		}, "outside-calibration", "lie outside its calibrated range: 0 to 1 in the calibration, 0 to 255 in the data"},
		{"calibration times 255", func(t *testing.T, c *config.Config) {
			c.Calib, _ = rawImages(t, c.Calib, 64, func(v float32) float32 { return v * 255 }, 0)
		}, "calibration-too-wide", "--scale, --mean and --std"},
		{"calibrated on the data", func(_ *testing.T, c *config.Config) { c.Calib = c.Data }, "calibration-in-data", "300 of the 2000 samples"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := exampleConfig()
			c.spoil(t, &cfg)
			r := asks(t, cfg, nil)
			w := hasWarning(r, c.id)
			switch {
			case c.id == "" && len(r.Warnings) > 0, c.id != "" && w == nil:
				t.Errorf("%q, %+v", texts(r.Warnings), r.Questions)
			case w != nil && !strings.Contains(w.String(), c.part):
				t.Errorf("%q lacks %q", w, c.part)
			}
			if r.Questions == nil || r.Questions.Seconds <= 0 || r.Questions.Chance == nil || r.Questions.HighSQNR == nil || len(r.Questions.Ranges) != 1 {
				t.Errorf("%+v", r.Questions)
			}
		})
	}
}

// TestBlame names the holder whose int16 grid was spoilt, and the weights of this network, whose channels are uneven,
// where none was.
func TestBlame(t *testing.T) {
	dir := t.TempDir()
	cfg := config.Config{Model: tinyNetwork(t, dir), Calib: randomImages(t, filepath.Join(dir, "c.npy"), 32, 1), Data: randomImages(t, filepath.Join(dir, "e.npy"), 60, 2), Target: "16bit-0.2"}
	for _, at := range []int{-1, 0, 3, 6} {
		r := asks(t, cfg, func(s *searchRun) {
			if at >= 0 {
				s.Records[at].High.Scale *= 1 << 16 // one step is left
			}
		})
		w := hasWarning(r, "int16-differs")
		switch {
		case w == nil || r.Questions.Blame == nil:
			t.Errorf("holder %d: %q, %+v", at, texts(r.Warnings), r.Questions)
		case at < 0 && (r.Questions.Blame.Holder != "" || !strings.Contains(w.Text, "to blame are the grids of the weights")):
			t.Errorf("the weights: %v", w)
		case at >= 0 && (r.Questions.Blame.Holder != r.Holders[at].Name || !strings.Contains(w.Text, "to blame is "+r.Holders[at].Name)):
			t.Errorf("holder %s: %v", r.Holders[at].Name, w)
		case strings.Contains(w.Cure, "--range-high minmax"):
			t.Errorf("holder %d: %q is what there is already", at, w.Cure)
		case at < 0 && (!strings.Contains(w.Text, "most of all w3 of layer c3/Conv, ") || !strings.Contains(w.Cure, "--low and --high")):
			t.Errorf("the weights: %v", w)
		case at >= 0 && (!strings.Contains(w.Text, "its int16 range is ") || !strings.Contains(w.Text, "its values in the data ") || !strings.Contains(w.Cure, "--range-high percentile")):
			t.Errorf("holder %d, whose range is far too wide: %v", at, w)
		}
	}
	cut := asks(t, cfg, func(s *searchRun) { s.Records[3].High.Scale /= 64 })
	if w := hasWarning(cut, "int16-differs"); w == nil || !strings.Contains(w.Cure, "give more samples with --calib") || strings.Contains(w.Cure, "minmax") {
		t.Errorf("a range that is cut off: %v", w)
	}
	cfg.RangeHigh = "percentile"
	other := asks(t, cfg, func(s *searchRun) { s.Records[3].High.Scale /= 64 })
	if w := hasWarning(other, "int16-differs"); w == nil || !strings.Contains(w.Cure, "--range-high minmax") {
		t.Errorf("a range that is cut off by another method: %v", w)
	}
}

// TestRanges tells inputs that are scaled otherwise from those of which the calibration has seen too little by
// chance.
func TestRanges(t *testing.T) {
	for _, c := range []struct {
		name                     string
		low, high, dataLow, data float64
		far                      float64
		id                       string
	}{
		{"equal", 0, 255, 0, 255, 0, ""},
		{"a few beyond", -2, 2, -4, 4, 0.002, ""},
		{"many beyond", 0, 1, 0, 255, 0.5, "outside-calibration"},
		{"half as far", 0, 255, 0, 128, 0, ""},
		{"a small part", 0, 255, 0, 1, 0, "calibration-too-wide"},
		{"of the other sign", -255, 0, 0, 1, 0.5, "outside-calibration"},
	} {
		r := result.InputRange{Input: "x", Calib: &result.Range{Min: c.low, Max: c.high}, Data: &result.Range{Min: c.dataLow, Max: c.data}}
		if w, odd := question.Question(r, c.far); odd != (c.id != "") || w.ID != c.id {
			t.Errorf("%s: %v", c.name, w)
		}
	}
}

// TestCopies counts copies by the sums of samples, and lets those pass that few numbers explain.
func TestCopies(t *testing.T) {
	sums := func(n, distinct int) []uint64 {
		list := make([]uint64, n)
		for i := range list {
			list[i] = uint64(i % distinct)
		}
		return list
	}
	for _, c := range []struct {
		name        string
		data, calib []uint64
		elems       int
		ids         string
	}{
		{"none", sums(1000, 1000), []uint64{5000, 5001}, 784, ""},
		{"one copy", sums(1000, 999), nil, 784, ""},
		{"one in a hundred", sums(1000, 990), nil, 784, ""},
		{"twice", sums(1000, 500), nil, 784, "duplicate-samples"},
		{"few numbers", sums(1000, 850), sums(100, 100), 4, "calibration-in-data"},
		{"bits", sums(1000, 800), append(sums(30, 30), sums(70, 70)...), 4, "calibration-in-data"},
		{"bits by themselves", sums(1000, 800), append(sums(60, 60), 5000, 5001, 5002, 5003, 5004, 5005, 5006, 5007, 5008, 5009, 5010, 5011, 5012, 5013, 5014, 5015, 5016, 5017, 5018, 5019, 5020, 5021, 5022, 5023, 5024, 5025, 5026, 5027, 5028, 5029, 5030, 5031, 5032, 5033, 5034, 5035), 4, ""},
		{"a part of the data", sums(1000, 1000), sums(100, 100), 784, "calibration-in-data"},
		{"one of them", sums(1000, 1000), []uint64{1, 5001}, 784, ""},
	} {
		s := testSearching(t, "top1", 1)
		s.Data, s.CalibScan = &dataset.Set{}, &scan.Scan{Sums: c.calib}
		q := &question.Questions{Runner: s.Runner, DataScan: &scan.Scan{Sums: c.data, Elems: c.elems}}
		var ids []string
		for _, w := range q.QuestionCopies() {
			ids = append(ids, w.ID)
		}
		if strings.Join(ids, " ") != c.ids {
			t.Errorf("%s: %q", c.name, ids)
		}
	}
}

// classSight is what a network of so many classes made of the samples: right on so many of a hundred, else off by
// shift.
func classSight(samples, classes, right int, shift int64) *question.Sight {
	g := &question.Sight{Kind: question.OfClasses, Row: classes, Share: 1 / float64(classes)}
	for i := range samples {
		want := int64(i % classes)
		says := want
		if i*37%100 >= right {
			says = (want + 1 + int64(i/7%(classes-1))) % int64(classes)
		}
		g.Wanted, g.Class = append(g.Wanted, want+shift), append(g.Class, int32(says))
		g.Grade, g.Chance = append(g.Grade, question.One(says == want+shift)), append(g.Chance, question.One(want+shift == 0))
	}
	return g
}

// TestNearChance holds the rule of three standard errors, and that labels which are off by one are found.
func TestNearChance(t *testing.T) {
	for _, c := range []struct {
		samples, classes, right int
		shift                   int64
		near, doubtful          bool
		better                  string
	}{
		{2000, 10, 92, 0, false, false, ""},
		{2000, 10, 75, 0, false, true, ""},
		{2000, 10, 40, 0, false, true, ""},
		{2000, 10, 15, 0, false, true, ""},
		{2000, 10, 11, 0, true, true, ""},
		{2000, 10, 92, 1, true, true, "labels one lower"},
		{2000, 10, 92, -1, true, true, "labels one higher"},
		{100, 2, 60, 0, true, true, ""},
		{100, 2, 95, 0, false, false, ""},
	} {
		g := classSight(c.samples, c.classes, c.right, c.shift)
		better := ""
		for _, s := range g.Shifts() {
			if s.Better {
				better += s.Change
			}
		}
		if g.NearChance() != c.near || g.Doubtful() != c.doubtful || better != c.better {
			t.Errorf("%+v: near %t, doubtful %t, better %q", c, g.NearChance(), g.Doubtful(), better)
		}
	}
}

// TestRareClass lets a network pass that finds a rare class at the cost of many false finds, and not one that finds
// nothing.
func TestRareClass(t *testing.T) {
	for _, finds := range []bool{true, false} {
		g := &question.Sight{Kind: question.OfClasses, Row: 2, Share: 0.95}
		for i := range 2000 {
			want := int64(question.One(i%20 == 0))
			says := int64(question.One(i%10 == 3)) // false finds, and none of the rare ones
			if finds && want == 1 {
				says = 1
			}
			g.Wanted, g.Class = append(g.Wanted, want), append(g.Class, int32(says))
			g.Grade, g.Chance = append(g.Grade, question.One(says == want)), append(g.Chance, question.One(want == 0))
		}
		if g.NearChance() == finds {
			t.Errorf("finds %t: near chance %t", finds, g.NearChance())
		}
	}
}

// TestWeigh holds that something else has to be far better and surely so.
func TestWeigh(t *testing.T) {
	grades := func(n int, right func(i int) bool) []float64 {
		list := make([]float64, n)
		for i := range list {
			list[i] = question.One(right(i))
		}
		return list
	}
	for _, c := range []struct {
		name         string
		given, other []float64
		kind         question.SightKind
		better       bool
	}{
		{"equal", grades(200, func(i int) bool { return i%3 == 0 }), grades(200, func(i int) bool { return i%3 == 0 }), question.OfClasses, false},
		{"worse", grades(200, func(i int) bool { return true }), grades(200, func(i int) bool { return i%2 == 0 }), question.OfClasses, false},
		{"a little better", grades(200, func(i int) bool { return i >= 10 }), grades(200, func(i int) bool { return true }), question.OfClasses, false},
		{"far better", grades(200, func(i int) bool { return i%5 == 0 }), grades(200, func(i int) bool { return i%10 > 0 }), question.OfClasses, true},
		{"by chance", grades(20, func(i int) bool { return i%2 == 0 }), grades(20, func(i int) bool { return i%3 > 0 }), question.OfClasses, false},
		{"half the error", []float64{-2, -2.2, -1.9, -2}, []float64{-1, -1.1, -1, -0.9}, question.OfValues, false},
		{"a tenth of the error", []float64{-2, -2.2, -1.9, -2}, []float64{-.2, -.21, -.2, -.19}, question.OfValues, true},
	} {
		if i := question.Weigh(c.name, c.given, c.other, c.kind); i.Better != c.better {
			t.Errorf("%+v", i)
		}
	}
}

// TestOtherWays holds what other scales are tried, as they are typed, and that they turn samples into what the flags
// make.
func TestOtherWays(t *testing.T) {
	for _, c := range []struct {
		c         config.Config
		low, high float64
		colour    bool
		want      string
	}{
		{config.Config{}, 0, 255, false, "--scale 0.003921569 | --scale 0.007843138 --mean 1"},
		{config.Config{}, 0, 1, false, "--scale 255 | --scale 2 --mean 1"},
		{config.Config{}, -2, 2, true, "--scale 255"},
		{config.Config{}, 0, 1, true, "--scale 255 | --scale 2 --mean 1 | --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225"},
		{config.Config{Scale: []float32{1. / 255}}, 0, 1, true, "no --scale | --scale 1.537870e-05"},
		{config.Config{Mean: []float32{1}}, -1, 254, false, "--scale 255 --mean 1 | --scale 0.003921569 --mean 1"},
	} {
		var got []string
		for _, f := range question.Scales(c.c, c.low, c.high, c.colour) {
			got = append(got, f.Text)
		}
		if text := strings.Join(got, " | "); text != strings.ReplaceAll(c.want, "1.537870e-05", "1.53787e-05") {
			t.Errorf("%v to %v: %s", c.low, c.high, text)
		}
	}
	shape := []int64{3, 2, 2}
	from, to := question.AffineOf(config.Config{Scale: []float32{2}}, shape), question.AffineOf(config.Config{Mean: []float32{1, 2, 3}, Std: []float32{4, 5, 6}}, shape)
	x := make([]float32, 12)
	for i := range x {
		x[i] = float32(2 * i)
	}
	question.Rescale(x, *from, *to)
	for i, v := range x {
		if want := (float32(i) - to.Mean[i/4]) / to.Std[i/4]; v != want {
			t.Errorf("element %d is %v, not %v", i, v, want)
		}
	}
	question.Turn(x, *to, 4)
	for i, v := range x {
		if want := (float32((2-i/4)*4+i%4) - to.Mean[i/4]) / to.Std[i/4]; math.Abs(float64(v-want)) > 1e-5 {
			t.Errorf("turned, element %d is %v, not %v", i, v, want)
		}
	}
	last := []float32{0, 1, 2, 3, 4, 5}
	question.Turn(last, *question.AffineOf(config.Config{}, []int64{1, 2, 3}), 1)
	if !slices.Equal(last, []float32{2, 1, 0, 5, 4, 3}) {
		t.Errorf("channels last: %v", last)
	}
}

// TestScan reads samples on several cores and finds their ranges, what is beyond others, and copies.
func TestScan(t *testing.T) {
	dir := t.TempDir()
	data := npyHeader("<f4", 100, 1, 8, 8)
	for i := range 100 {
		for k := range 64 {
			v := float32(i%50) + float32(k)/64
			if i == 3 && k == 5 {
				v = float32(math.NaN())
			}
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
	}
	path := filepath.Join(dir, "x.npy")
	writeTestFile(t, path, data)
	cfg := config.Config{Model: tinyNetwork(t, dir), Data: path}
	p := &task.Task{}
	defer p.Close()
	var err error
	if p.Model, err = onnx.Read(cfg.Model); err == nil {
		p.Data, err = dataset.Open(path, blocks.DataInputs(p.Model), dataset.Options{})
	}
	if err == nil {
		err = p.SetBlock(20)
	}
	if err != nil {
		t.Fatal(err)
	}
	limits := scan.NewScan(0, 1)
	limits.Low[0], limits.High[0] = 10, 32 // 0 to 32, as grids hold 0
	s, err := scan.Samples(p.Data, p.Inputs, limits)
	if err != nil {
		t.Fatal(err)
	}
	distinct := map[uint64]bool{}
	for _, sum := range s.Sums {
		distinct[sum] = true
	}
	beyond, far := 0, 0
	for i := range 100 {
		for k := range 64 {
			v := float64(float32(i%50) + float32(k)/64)
			beyond += int(question.One(v > 32))
			far += int(question.One(v > 34))
		}
	}
	if s.Low[0] != 0 || s.High[0] != 49+63./64 || len(distinct) != 51 || s.Beyond[0] != beyond || s.Far[0] != far || s.Values[0] != 6400 || s.Elems != 64 {
		t.Errorf("%v to %v, %d distinct, %d beyond (%d), %d far (%d) of %d", s.Low, s.High, len(distinct), s.Beyond, beyond, s.Far, far, s.Values)
	}
}

// TestQuestionTarget tells targets that mean something else than they say, or that one sample decides.
func TestQuestionTarget(t *testing.T) {
	for _, c := range []struct {
		target  string
		samples int
		want    string
	}{
		{"16bit-0.005", 2000, ""}, {"float-0.01", 2000, ""}, {"0.9", 2000, ""}, {"50%", 2000, ""}, {"8bit+1%", 2000, ""}, {"16bit-0.1", 40, ""},
		{"1%", 2000, "target-percent"}, {"0.5%", 2000, "target-percent"},
		{"16bit-0.95", 2000, "target-below-zero"},
		{"16bit-0.0004", 2000, "target-finer-than-sample"}, {"16bit-0.0005", 2000, "target-one-sample"}, {"16bit-0.03", 40, "target-one-sample"},
		{"16bit-0.01", 40, "target-finer-than-sample"},
	} {
		s := testSearching(t, "top1", 4)
		s.doubts = &question.Questions{Runner: s.Runner}
		s.Config.Target = c.target
		var err error
		if s.wanted, err = wantedOf(s.Config); err != nil {
			t.Fatal(err)
		}
		ends := testEnds(c.samples)
		s.FloatScore = ends.Float
		if err := s.resolveGoal(ends); err != nil {
			t.Fatalf("%s: %v", c.target, err)
		}
		var ids []string
		for _, w := range s.Result.Warnings {
			if ids = append(ids, w.ID); w.Cure == "" {
				t.Errorf("%s: no cure", w.ID)
			}
		}
		if strings.Join(ids, " ") != c.want {
			t.Errorf("%s of %d: %q, want %q", c.target, c.samples, ids, c.want)
		}
		if c.target == "1%" && !strings.Contains(s.Result.Warnings[0].Cure, "for a drop of at most 0.01 write --target float-0.01, and 8bit+1%") {
			t.Errorf("%q", s.Result.Warnings[0].Cure)
		}
	}
}

// testEnds are a float score of 0.925, an int16 score one sample below it, and an int8 score of 0.9.
func testEnds(samples int) search.Endpoints {
	float := search.Score{Count: samples * 37 / 40, Total: samples}
	return search.Endpoints{Float: &float, High: search.Score{Count: float.Count - 1, Total: samples}, Low: search.Score{Count: samples * 9 / 10, Total: samples}}
}

// TestSQNR holds the figure that int16 is judged by.
func TestSQNR(t *testing.T) {
	want := []float32{3, 4, float32(math.Inf(1))}
	if v := question.SqnrOf(want, []float32{3, 4.5, 0}); math.Abs(v-20) > 1e-9 {
		t.Errorf("%v dB, not 20", v)
	}
	if v := question.SqnrOf(want, want); !math.IsInf(v, 1) {
		t.Errorf("equal: %v", v)
	}
}
