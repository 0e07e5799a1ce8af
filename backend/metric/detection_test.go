package metric

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/detect"
	"example.org/demote/mistake"
)

// drawnLabels are boxes of so many samples, of classes 0 to 2, and their truth.
func drawnLabels(rng *rand.Rand, samples int) []LabelArray {
	offsets, boxes, crowd, n := []int64{0}, []byte{}, []byte{}, int64(0)
	for range samples {
		for range rng.IntN(5) {
			x, y := rng.Float32()*80, rng.Float32()*80
			for _, v := range []float32{x, y, x + 2 + rng.Float32()*40, y + 2 + rng.Float32()*40, float32(rng.IntN(3))} {
				boxes = binary.LittleEndian.AppendUint32(boxes, math.Float32bits(v))
			}
			crowd = append(crowd, byte(rng.IntN(4)/3))
			n++
		}
		offsets = append(offsets, n)
	}
	return []LabelArray{{Name: "boxes", Descr: "<f4", Dims: []int64{5}, Data: boxes, Offsets: offsets}, {Name: "crowd", Descr: "|u1", Data: crowd, Offsets: offsets}}
}

// drawnRows are outputs [samples, 30, 7] near the labels.
func drawnRows(rng *rand.Rand, own []LabelArray, samples int) []float32 {
	wanted, err := wantedBoxes(own, samples)
	if err != nil {
		panic(err)
	}
	var rows []float32
	for i := range samples {
		for k := range 30 {
			b := detect.Box{X: rng.Float64() * 80, Y: rng.Float64() * 80, W: 20, H: 20}
			scores := []float32{rng.Float32(), rng.Float32() / 9, rng.Float32() / 9}
			if len(wanted[i]) > 0 {
				w := wanted[i][k%len(wanted[i])]
				b = detect.Box{X: w.X + rng.NormFloat64()*3, Y: w.Y + rng.NormFloat64()*3, W: w.W, H: w.H}
				scores[0], scores[w.Class] = scores[w.Class], scores[0]
			}
			rows = append(rows, float32(b.X+b.W/2), float32(b.Y+b.H/2), float32(b.W), float32(b.H))
			rows = append(rows, scores...)
		}
	}
	return rows
}

// yolo is map50 of outputs in a layout.
func yolo(name string, l detect.Layout) *Metric {
	m, err := ByName(name)
	if err != nil {
		panic(err)
	}
	d := DefaultDetection()
	d.Layout = l
	return m.Detecting(d)
}

// TestDetection adds up the boxes of samples in any order and in any blocks, alone and as samples of two shapes: the
// score is that of reading, suppressing and measuring them by hand.
func TestDetection(t *testing.T) {
	for seed := range uint64(10) {
		rng := rand.New(rand.NewPCG(seed, 4))
		const n = 12
		own := drawnLabels(rng, n)
		rows := drawnRows(rng, own, n)
		m := yolo("map", detect.YOLOv8)
		wanted, err := wantedBoxes(own, n)
		if err != nil {
			t.Fatal(err)
		}
		r, err := detect.NewReader(detect.YOLOv8, [][]int64{{30, 7}}, detect.View{})
		if err != nil {
			t.Fatal(err)
		}
		images := make([]detect.Image, n)
		for i := range images {
			images[i] = detect.Image{Wanted: wanted[i], Found: slices.Clone(detect.COCO.Keep(r.Read(nil, rows[i*210:(i+1)*210], 0.001)))}
		}
		want, ok := detect.Measures["map"].Mean(images)
		if !ok || want <= 0.05 || want >= 0.95 {
			t.Fatalf("seed %d: map is %v", seed, want)
		}
		scorer := func(of []int) *Scorer {
			j := NewScorer(m, (Truth{Own: own}).Of(of, n, nil), len(of))
			j.Read(Output{Name: "y", Dims: []int64{2, 30, 7}, Slots: 2})
			if err := j.Check(); err != nil {
				t.Fatal(err)
			}
			return j
		}
		add := func(fold bounds.Fold, s bounds.State, j *Scorer, of []int) bounds.State {
			order := rng.Perm(len(of))
			for len(order) > 0 {
				k := 1 + rng.IntN(len(order))
				var part []float32
				for _, i := range order[:k] {
					part = append(part, rows[of[i]*210:(of[i]+1)*210]...)
				}
				s = fold.Add(s, j.Block(part, order[:k]).Outcomes)
				order = order[k:]
			}
			return s
		}
		foldOf := func(judges ...*Scorer) bounds.Fold {
			fold, err := m.folds(judges)
			if err != nil {
				t.Fatal(err)
			}
			return fold
		}
		all := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
		one := scorer(all)
		fold := foldOf(one)
		if got := fold.Score(add(fold, nil, one, all)); got != want {
			t.Errorf("seed %d: %v, want %v", seed, got, want)
		}
		even, odd := []int{0, 2, 4, 6, 8, 10}, []int{1, 3, 5, 7, 9, 11}
		first, second := scorer(even), scorer(odd)
		first.Among(even)
		second.Among(odd)
		fold = foldOf(first, second)
		if got := fold.Score(add(fold, add(fold, nil, second, odd), first, even)); got != want {
			t.Errorf("seed %d: of two shapes %v, want %v", seed, got, want)
		}
	}
}

// TestBadDetection: labels and outputs that do not belong together are refused in one line.
func TestBadDetection(t *testing.T) {
	own := drawnLabels(rand.New(rand.NewPCG(1, 1)), 2)
	for _, c := range []struct {
		m    *Metric
		own  []LabelArray
		dims []int64
		hint string
	}{
		{metrics[slices.IndexFunc(metrics, func(m *Metric) bool { return m.Name == "map" })], own, []int64{2, 30, 7}, "metric map needs --decode: choose one of yolov5, yolov8, yolov5-heads"},
		{yolo("map50", detect.YOLOv8), nil, []int64{2, 30, 7}, "the data has none: add boxes"},
		{yolo("map50", detect.YOLOv8), own, []int64{2, 30}, "metric map50 with --decode yolov8 needs an output [samples, 4 + classes, cells]; y is [2 30]"},
		{yolo("map50", detect.YOLOv8), own, []int64{2, 30, 5}, "and output y has classes 0 to 0"},
		{yolo("map50", detect.YOLOv5), own, []int64{2, 30, 5}, "needs an output [samples, cells, 5 + classes]"},
		{yolo("map", detect.Boxes), own, []int64{2, 30, 5}, "needs an output [samples, boxes, 6]"},
	} {
		j := NewScorer(c.m, Truth{Own: c.own}, 2)
		j.Read(Output{Name: "y", Dims: c.dims, Slots: 2})
		if err := j.Check(); !errors.Is(err, mistake.Err) || !strings.Contains(strings.ReplaceAll(err.Error(), "option decode", "--decode"), c.hint) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, c.hint)
		}
	}
}

// BenchmarkDetections judges 5,000 images with outputs [84, 8400], of which 900 numbers are above the least score, in
// less than 1 GiB: it tells the most that the heap had.
func BenchmarkDetections(b *testing.B) {
	const n, block, cells, channels = 5000, 8, 8400, 84
	rng := rand.New(rand.NewPCG(6, 6))
	rows := make([]float32, block*channels*cells)
	for i := range rows {
		switch at := i % (channels * cells) / cells; {
		case at < 4:
			rows[i] = 20 + rng.Float32()*500
		case rng.IntN(750) == 0:
			rows[i] = rng.Float32()
		}
	}
	m := yolo("map", detect.YOLOv8)
	j := NewScorer(m, Truth{Own: drawnLabels(rng, n)}, n)
	j.Read(Output{Name: "y", Dims: []int64{block, channels, cells}, Slots: block})
	if err := j.Check(); err != nil {
		b.Fatal(err)
	}
	most := uint64(0)
	for b.Loop() {
		fold, err := m.folds([]*Scorer{j})
		if err != nil {
			b.Fatal(err)
		}
		var s bounds.State
		for first := 0; first < n; first += block {
			var of []int
			for i := range block {
				of = append(of, first+i)
			}
			s = fold.Add(s, j.Block(rows, of).Outcomes)
			if first%(100*block) == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapSys)
			}
		}
		if v := fold.Score(s); v < 0 {
			b.Fatal(v)
		}
	}
	b.ReportMetric(float64(most)/(1<<20), "heap-MiB")
}

// TestReadyOutputs: boxes, scores and classes of three outputs, in blocks of two, are those of each sample.
func TestReadyOutputs(t *testing.T) {
	own := drawnLabels(rand.New(rand.NewPCG(2, 4)), 2)
	wanted, err := wantedBoxes(own, 2)
	if err != nil || len(wanted[0])+len(wanted[1]) < 2 {
		t.Fatal(wanted, err)
	}
	m := yolo("map50", detect.Boxes)
	j := NewScorer(m, Truth{Own: own}, 2)
	j.Read(Output{Name: "boxes", Dims: []int64{2, 6, 4}, Slots: 2}, Output{Name: "scores", Dims: []int64{2, 6}, Slots: 2}, Output{Name: "classes", Dims: []int64{2, 6}, Slots: 2})
	if err := j.Check(); err != nil {
		t.Fatal(err)
	}
	rows := make([]float32, 2*36)
	for i, list := range wanted {
		row := rows[i*36:]
		for k, w := range list {
			copy(row[4*k:], []float32{float32(w.X), float32(w.Y), float32(w.X + w.W), float32(w.Y + w.H)})
			row[24+k], row[30+k] = 0.9, float32(w.Class)
		}
	}
	fold, err := m.folds([]*Scorer{j})
	if err != nil {
		t.Fatal(err)
	}
	if v := fold.Score(fold.Add(nil, j.Block(slices.Concat(rows[36:], rows[:36]), []int{1, 0}).Outcomes)); v != 1 {
		t.Errorf("%v", v)
	}
}
