package devicetest

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// A Toy is a small network with holders, and samples for it: a device.Source and device.Samples.
//
//	x -> holder 0 -> MatMul, Add, Relu -> holder 1 -> a1 -> MatMul -> holder 2 -> a2
//	a2 -> MatMul + a1 -> MatMul -> holder 3 -> a3 -> MatMul, Add -> y
//
// It can be cut behind holders 1, 2 and 3; a1 is alive at two of these cuts.
type Toy struct {
	block, rows int
	follows     bool
	coarse      bool
	odd         bool
	stages      [][]*onnxpb.NodeProto // between the cuts
	cuts        [][]string
	widths      map[string]int64     // of tensors
	weights     map[string][]float32 // by initializer
	samples     [][]float32
}

// The widths of the toy's tensors.
const (
	toyIn, toyHidden, toyMiddle, toyClasses = 4, 6, 5, 3
	toyHolders                              = 4
)

// A ToyOption makes a toy another one.
type ToyOption func(*Toy)

// Rows has samples of so many rows: [samples, rows, 4] instead of [samples, 4].
func Rows(n int) ToyOption { return func(t *Toy) { t.rows = n } }

// follows has the weights behind holder 1 follow its bit.
func follows() ToyOption { return func(t *Toy) { t.follows = true } }

// NewToy makes the network with blocks of a size, and so many samples, which a seed chooses.
func NewToy(block, samples int, seed uint64, options ...ToyOption) *Toy {
	t := &Toy{block: block, widths: map[string]int64{}, weights: map[string][]float32{}}
	for _, o := range options {
		o(t)
	}
	for _, w := range []struct {
		name string
		n    int
	}{{"w0", toyIn * toyHidden}, {"b0", toyHidden}, {"w1", toyHidden * toyMiddle}, {"w2", toyMiddle * toyClasses}, {"w3", toyHidden * toyClasses},
		{"w4", toyClasses * toyClasses}, {"b4", toyClasses}, {"w1:low", toyHidden * toyMiddle}} {
		rng := rand.New(rand.NewPCG(7, uint64(len(t.weights))))
		for range w.n {
			t.weights[w.name] = append(t.weights[w.name], float32(rng.IntN(5)-2)/2)
		}
	}
	if t.odd {
		t.weights["b4"][0] += 1.0 / 64
	}
	for name, width := range map[string]int64{"x": toyIn, "x0": toyIn, "q0": toyIn, "m0": toyHidden, "s0": toyHidden, "r0": toyHidden, "a1": toyHidden, "m1": toyMiddle, "a2": toyMiddle,
		"m2": toyClasses, "m3": toyClasses, "s3": toyClasses, "a3": toyClasses, "m4": toyClasses, "y": toyClasses} {
		t.widths[name] = width
	}
	t.cuts = [][]string{{"x"}, {"a1"}, {"a1", "a2"}, {"a3"}, {"y"}}
	t.stages = [][]*onnxpb.NodeProto{
		{fakeQuant("FakeQuant", 0, "x", "q0"), node("MatMul", "m0", "q0", "w0"), node("Add", "s0", "m0", "b0"), node("Relu", "r0", "s0"), fakeQuant("FakeQuant", 1, "r0", "a1")},
		{node("MatMul", "m1", "a1", "w1"), fakeQuant("FakeQuant", 2, "m1", "a2")},
		{node("MatMul", "m2", "a2", "w2"), node("MatMul", "m3", "a1", "w3"), node("Add", "s3", "m2", "m3"), fakeQuant("FakeQuant", 3, "s3", "a3")},
		{node("MatMul", "m4", "a3", "w4"), node("Add", "y", "m4", "b4")},
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	for range samples {
		row := make([]float32, toyIn*max(1, t.rows))
		for i := range row {
			if row[i] = float32(rng.IntN(1<<10)-1<<9) / (1 << 6); t.coarse {
				row[i] = ToyRecords()[0].Low.Value(row[i])
			}
		}
		t.samples = append(t.samples, row)
	}
	return t
}

// ToyRecords are the grids of the toy's holders: steps of 1/2 in 8 bits, and of 1/64 in 16.
func ToyRecords() []quant.Record {
	grid := func(scale float32, bits int) quant.Grid {
		g, err := quant.FromScale(quant.QDQ, scale, 0, bits, true)
		if err != nil {
			panic(err)
		}
		return g
	}
	return slices.Repeat([]quant.Record{{Low: grid(0.5, 8), High: grid(1.0/64, 16)}}, toyHolders)
}

// Want is the output row of a sample under a mask, computed one value after another.
func (t *Toy) Want(sample int, low func(holder int) bool) []float32 {
	row, _ := t.compute(sample, low)
	return row
}

// compute is the output row of a sample, and what its holders are given on the way.
func (t *Toy) compute(sample int, low func(holder int) bool) (row []float32, given [toyHolders][]float32) {
	records := ToyRecords()
	grid := func(holder int, x []float32) (y []float32) {
		given[holder] = append(given[holder], x...)
		g := records[holder].High
		if low(holder) {
			g = records[holder].Low
		}
		for _, v := range x {
			y = append(y, g.Value(v))
		}
		return y
	}
	w1 := "w1"
	if t.follows && low(1) {
		w1 = "w1:low"
	}
	for r := range max(1, t.rows) {
		hidden := sum(t.product(grid(0, t.samples[sample][r*toyIn:(r+1)*toyIn]), "w0"), t.weights["b0"])
		for i := range hidden {
			hidden[i] = max(0, hidden[i])
		}
		a1 := grid(1, hidden)
		a2 := grid(2, t.product(a1, w1))
		a3 := grid(3, sum(t.product(a2, "w2"), t.product(a1, "w3")))
		row = append(row, sum(t.product(a3, "w4"), t.weights["b4"])...)
	}
	return row, given
}

// product is a row times a matrix.
func (t *Toy) product(x []float32, matrix string) []float32 {
	w := t.weights[matrix]
	n := len(w) / len(x)
	y := make([]float32, n)
	for j := range y {
		for i, v := range x {
			y[j] += v * w[i*n+j]
		}
	}
	return y
}

func sum(a, b []float32) (y []float32) {
	for i := range a {
		y = append(y, a[i]+b[i])
	}
	return y
}

// Labels are the classes that the network without demotions says of its samples, but for every third one.
func (t *Toy) Labels() (labels []int64) {
	for i := range t.samples {
		row := t.Want(i, func(int) bool { return false })
		best := 0
		for c, v := range row {
			if v > row[best] {
				best = c
			}
		}
		if i%3 == 2 {
			best = (best + 1) % len(row)
		}
		labels = append(labels, int64(best))
	}
	return labels
}

// Len implements device.Samples.
func (t *Toy) Len() int { return len(t.samples) }

// Read implements device.Samples.
func (t *Toy) Read(_, sample int, dst []byte) error {
	for i, v := range t.samples[sample] {
		binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(v))
	}
	return nil
}

// Coarse has all samples lie on both grids of holder 0, so that its bit changes nothing.
func Coarse() ToyOption { return func(t *Toy) { t.coarse = true } }

// Odd has a weight be another one than that of other toys.
func Odd() ToyOption { return func(t *Toy) { t.odd = true } }

// Set puts a value into a sample.
func (t *Toy) Set(sample, at int, v float32) { t.samples[sample][at] = v }

// tensor is a block of one of the network's tensors.
func (t *Toy) tensor(name string) device.Tensor {
	dims := []int64{int64(t.block), t.widths[name]}
	if t.rows > 0 {
		dims = []int64{int64(t.block), int64(t.rows), t.widths[name]}
	}
	return device.Tensor{Name: name, Type: device.Float32, Dims: dims}
}
