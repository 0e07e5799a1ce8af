package question

import (
	"math"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/internal/scan"
	"example.org/demote/internal/task"
	"example.org/demote/internal/trial"
	"example.org/demote/result"
)

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
		if w, odd := questionRange(r, c.far); odd != (c.id != "") || w.ID != c.id {
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
		r := &trial.Runner{Task: &task.Task{Data: &dataset.Set{}, CalibScan: &scan.Scan{Sums: c.calib}}, Config: config.Config{}.Filled(), Result: &config.Result{Holders: make([]result.Holder, 1)}}
		q := &Questions{Runner: r, DataScan: &scan.Scan{Sums: c.data, Elems: c.elems}}
		var ids []string
		for _, w := range q.questionCopies() {
			ids = append(ids, w.ID)
		}
		if strings.Join(ids, " ") != c.ids {
			t.Errorf("%s: %q", c.name, ids)
		}
	}
}

// classSight is what a network of so many classes made of the samples: right on so many of a hundred, else off by
// shift.
func classSight(samples, classes, right int, shift int64) *Sight {
	g := &Sight{kind: ofClasses, row: classes, share: 1 / float64(classes)}
	for i := range samples {
		want := int64(i % classes)
		says := want
		if i*37%100 >= right {
			says = (want + 1 + int64(i/7%(classes-1))) % int64(classes)
		}
		g.wanted, g.class = append(g.wanted, want+shift), append(g.class, int32(says))
		g.grade, g.chance = append(g.grade, indicator(says == want+shift)), append(g.chance, indicator(want+shift == 0))
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
		for _, s := range g.shifts() {
			if s.Better {
				better += s.Change
			}
		}
		if g.nearChance() != c.near || g.doubtful() != c.doubtful || better != c.better {
			t.Errorf("%+v: near %t, doubtful %t, better %q", c, g.nearChance(), g.doubtful(), better)
		}
	}
}

// TestRareClass lets a network pass that finds a rare class at the cost of many false finds, and not one that finds
// nothing.
func TestRareClass(t *testing.T) {
	for _, finds := range []bool{true, false} {
		g := &Sight{kind: ofClasses, row: 2, share: 0.95}
		for i := range 2000 {
			want := int64(indicator(i%20 == 0))
			says := int64(indicator(i%10 == 3)) // false finds, and none of the rare ones
			if finds && want == 1 {
				says = 1
			}
			g.wanted, g.class = append(g.wanted, want), append(g.class, int32(says))
			g.grade, g.chance = append(g.grade, indicator(says == want)), append(g.chance, indicator(want == 0))
		}
		if g.nearChance() == finds {
			t.Errorf("finds %t: near chance %t", finds, g.nearChance())
		}
	}
}

// TestWeigh holds that something else has to be far better and surely so.
func TestWeigh(t *testing.T) {
	grades := func(n int, right func(i int) bool) []float64 {
		list := make([]float64, n)
		for i := range list {
			list[i] = indicator(right(i))
		}
		return list
	}
	for _, c := range []struct {
		name         string
		given, other []float64
		kind         sightKind
		better       bool
	}{
		{"equal", grades(200, func(i int) bool { return i%3 == 0 }), grades(200, func(i int) bool { return i%3 == 0 }), ofClasses, false},
		{"worse", grades(200, func(i int) bool { return true }), grades(200, func(i int) bool { return i%2 == 0 }), ofClasses, false},
		{"a little better", grades(200, func(i int) bool { return i >= 10 }), grades(200, func(i int) bool { return true }), ofClasses, false},
		{"far better", grades(200, func(i int) bool { return i%5 == 0 }), grades(200, func(i int) bool { return i%10 > 0 }), ofClasses, true},
		{"by chance", grades(20, func(i int) bool { return i%2 == 0 }), grades(20, func(i int) bool { return i%3 > 0 }), ofClasses, false},
		{"half the error", []float64{-2, -2.2, -1.9, -2}, []float64{-1, -1.1, -1, -0.9}, ofValues, false},
		{"a tenth of the error", []float64{-2, -2.2, -1.9, -2}, []float64{-.2, -.21, -.2, -.19}, ofValues, true},
	} {
		if i := weigh(c.name, c.given, c.other, c.kind); i.Better != c.better {
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
		for _, f := range scales(c.c, c.low, c.high, c.colour) {
			got = append(got, f.Text)
		}
		if text := strings.Join(got, " | "); text != strings.ReplaceAll(c.want, "1.537870e-05", "1.53787e-05") {
			t.Errorf("%v to %v: %s", c.low, c.high, text)
		}
	}
	shape := []int64{3, 2, 2}
	from, to := affineOf(config.Config{Scale: []float32{2}}, shape), affineOf(config.Config{Mean: []float32{1, 2, 3}, Std: []float32{4, 5, 6}}, shape)
	x := make([]float32, 12)
	for i := range x {
		x[i] = float32(2 * i)
	}
	rescale(x, *from, *to)
	for i, v := range x {
		if want := (float32(i) - to.Mean[i/4]) / to.Std[i/4]; v != want {
			t.Errorf("element %d is %v, not %v", i, v, want)
		}
	}
	reverseChannels(x, *to, 4)
	for i, v := range x {
		if want := (float32((2-i/4)*4+i%4) - to.Mean[i/4]) / to.Std[i/4]; math.Abs(float64(v-want)) > 1e-5 {
			t.Errorf("turned, element %d is %v, not %v", i, v, want)
		}
	}
	last := []float32{0, 1, 2, 3, 4, 5}
	reverseChannels(last, *affineOf(config.Config{}, []int64{1, 2, 3}), 1)
	if !slices.Equal(last, []float32{2, 1, 0, 5, 4, 3}) {
		t.Errorf("channels last: %v", last)
	}
}

// TestSQNR holds the figure that int16 is judged by.
func TestSQNR(t *testing.T) {
	want := []float32{3, 4, float32(math.Inf(1))}
	if v := sqnrOf(want, []float32{3, 4.5, 0}); math.Abs(v-20) > 1e-9 {
		t.Errorf("%v dB, not 20", v)
	}
	if v := sqnrOf(want, want); !math.IsInf(v, 1) {
		t.Errorf("equal: %v", v)
	}
}
