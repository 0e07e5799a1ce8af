package devicetest

import (
	"encoding/binary"
	"math"
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// testWhole runs the network in one piece under every mask, forth and back.
func testWhole(b *bench) {
	b.open()
	toy := NewToy(toyBlock, toySamples, 1)
	l, blocks := b.compile(toy, 1, 0, 4).Lanes()[0], b.load(toy)
	list := masks()
	for _, m := range slices.Concat(list, list[3:9], list[:1]) {
		for _, block := range blocks {
			b.check("in one piece", toy, m, block, b.rows(l, m, block, 0))
		}
	}
}

// testParts runs it in parts, some of them again.
func testParts(b *bench) {
	b.open()
	toy := NewToy(toyBlock, toySamples, 2, Rows(3))
	l, blocks := b.compile(toy, 1, 0, 1, 2, 3, 4).Lanes()[0], b.load(toy)
	for _, m := range masks() {
		for _, block := range blocks {
			b.check("in parts", toy, m, block, b.rows(l, m, block, 0, 1, 2, 3))
		}
		last := blocks[len(blocks)-1]
		b.check("the last parts again", toy, m, last, b.rows(l, m, last, 2, 3))
	}
}

// testLanes holds that no lane sees another's mask or tensors, where there are several.
func testLanes(b *bench) {
	b.open()
	toy := NewToy(toyBlock, toySamples, 3)
	lanes, blocks := b.compile(toy, 3, 0, 2, 4).Lanes(), b.load(toy)
	if len(lanes) != 3 && !(b.Queue && len(lanes) == 1) {
		b.Fatalf("%d lanes", len(lanes))
	}
	list := masks()
	for i, l := range lanes {
		b.rows(l, list[5*i], blocks[i%2], 0)
	}
	for i, l := range lanes {
		b.check("the second part", toy, list[5*i], blocks[i%2], b.rows(l, list[5*i], blocks[i%2], 1))
	}
	if err := device.OnLanes(lanes, func(at int, l device.Lane) error {
		for range 20 {
			m := list[7*at]
			if rows := b.rows(l, m, blocks[at%2], 0, 1); !device.SameBits(rows[:toyClasses], toy.Want(blocks[at%2].Samples()[0], m.Low)) {
				b.Errorf("lane %d beside others: %v", at, rows)
			}
		}
		return nil
	}); err != nil {
		b.Error(err)
	}
}

// testFollowed runs the network with weights that follow a holder, in one piece and in parts.
func testFollowed(b *bench) {
	b.open()
	toy := NewToy(toyBlock, toySamples, 4, follows())
	blocks := b.load(toy)
	for _, cuts := range [][]int{{0, 4}, {0, 1, 2, 4}} {
		lanes := b.compile(toy, 2, cuts...).Lanes()
		var parts []int
		for p := range len(cuts) - 1 {
			parts = append(parts, p)
		}
		for i, m := range slices.Concat(masks(), masks()) {
			for at, l := range lanes {
				if at == 0 || i%3 > 0 {
					b.check("weights that follow", toy, m, blocks[1], b.rows(l, m, blocks[1], parts...))
				}
			}
		}
	}
}

// testStreamed runs blocks that are read when they are run.
func testStreamed(b *bench) {
	b.open(func(o *device.Options) { o.Stream = true })
	toy := NewToy(toyBlock, toySamples, 5)
	l, blocks := b.compile(toy, 1, 0, 2, 4).Lanes()[0], b.load(toy)
	for _, m := range masks()[:4] {
		for _, block := range slices.Concat(blocks, blocks) {
			b.check("read when run", toy, m, block, b.rows(l, m, block, 0, 1))
		}
	}
}

// testNaN holds that NaN in front of a holder is seen, and no sooner.
func testNaN(b *bench) {
	b.open()
	toy := NewToy(toyBlock, toySamples, 6)
	toy.Set(5, 2, nan)
	l, blocks := b.compile(toy, 1, 0, 4).Lanes()[0], b.load(toy)
	watch := func(on bool) (seen bool) {
		b.must(l.Do(func() (err error) {
			seen, err = l.WatchNaN(on)
			return err
		}))
		return seen
	}
	none := search.NewMask(toyHolders)
	for _, i := range []int{0, 1, 0, 1} {
		b.rows(l, none, blocks[1], 0) // nobody asks
		watch(true)
		b.rows(l, none, blocks[i], 0)
		if seen := watch(false); seen != (i == 1) {
			b.Errorf("block %d: NaN seen %v", i, seen)
		}
	}
}

// testCompare holds the answers of nodes that are asked whether both grids give the same.
func testCompare(b *bench) {
	if !b.Compares {
		return
	}
	b.open()
	toy := NewToy(toyBlock, toyBlock, 7)
	for sample := range toyBlock { // on both grids of holder 0
		for i := range toyIn {
			toy.Set(sample, i, float32(sample*i)/2-3)
		}
	}
	l, block := b.compile(toy, 1, 0, 4).Lanes()[0], b.load(toy)[0]
	for _, m := range masks() {
		var got, want [toyHolders]bool
		b.must(l.Do(func() error {
			if err := l.SetMask(m); err != nil {
				return err
			}
			l.Compare([]int{0, 1, 2, 3})
			if err := l.RunPart(block, 0); err != nil {
				return err
			}
			for h := range got {
				got[h] = l.Agree(h)
			}
			return nil
		}))
		for h := range want {
			want[h] = true
			for sample := range toyBlock {
				_, given := toy.compute(sample, m.Low)
				for _, v := range given[h] {
					r := ToyRecords()[h]
					want[h] = want[h] && r.Low.Value(v) == r.High.Value(v)
				}
			}
		}
		if got != want || !got[0] {
			b.Errorf("mask %s: both grids agree of holders %v, want %v", m, got, want)
		}
		rows := b.rows(l, m, block, 0)
		b.check("beside the question", toy, m, block, rows)
	}
}

// testSteps runs samples of several steps, whose state is handed on.
func testSteps(b *bench) {
	const steps, n = 3, 2
	grid := ToyRecords()[0]
	b.open(func(o *device.Options) { o.Records = []quant.Record{grid} })
	x := device.Tensor{Name: "x", Type: device.Float32, Dims: []int64{toyBlock, n}, Steps: steps}
	h := device.Tensor{Name: "h", Type: device.Float32, Dims: []int64{toyBlock, n}, Fed: "s"}
	s := device.Tensor{Name: "s", Type: device.Float32, Dims: []int64{toyBlock, n}}
	y := device.Tensor{Name: "y", Type: device.Float32, Dims: []int64{toyBlock, n}}
	nodes := []*onnxpb.NodeProto{node("Add", "s", "x", "h"), fakeQuant("FakeQuant", 0, "s", "q"), node("Relu", "y", "q")}
	file, err := model(nodes, nil, []device.Tensor{{Name: "x", Type: x.Type, Dims: x.Dims}, {Name: "h", Type: h.Type, Dims: h.Dims}, maskOf(1)}, []device.Tensor{y, s})
	b.must(err)
	part := &device.Segment{Model: file, Inputs: []device.Tensor{x, h}, Outputs: []device.Tensor{y, s}, Mask: maskName, Holders: []int{0}, Kept: device.KeptOutput{Name: "y"}}
	l := b.network([]*device.Segment{part}, part.Inputs, 1).Lanes()[0]
	at := func(step, slot, i int) float32 { return float32(7*slot+3*step-i) / 4 }
	block, err := b.device.Load(part.Inputs, []int{0, 1, 2, 3}, func(input int, dst []byte) error {
		for k := range len(dst) / 4 {
			v := float32(k) // of the state in front of the first step
			if input == 0 {
				v = at(k/(toyBlock*n), k/n%toyBlock, k%n)
			}
			binary.LittleEndian.PutUint32(dst[4*k:], math.Float32bits(v))
		}
		return nil
	})
	b.must(err)
	b.made = append(b.made, block.Close)
	for _, low := range []bool{false, true} {
		m := search.NewMask(1)
		if low {
			m.Demote(0)
		}
		rows := b.rows(l, m, block, 0)
		if len(rows) != toyBlock*steps*n {
			b.Fatalf("%d values", len(rows))
		}
		for slot := range toyBlock {
			for i := range n {
				state := float32(slot*n + i)
				for step := range steps {
					state += at(step, slot, i)
					g := grid.High
					if low {
						g = grid.Low
					}
					if got, want := rows[(slot*steps+step)*n+i], max(0, g.Value(state)); got != want {
						b.Errorf("low %v, slot %d, step %d: %v, want %v", low, slot, step, got, want)
					}
				}
			}
		}
	}
	told := 0
	b.must(l.Do(func() error {
		if !l.EachStep(func(int, []string) error { told++; return nil }) {
			b.Error("it says that samples have one step")
		}
		defer l.EachStep(nil)
		return l.RunPart(block, 0)
	}))
	if told != steps {
		b.Errorf("told of %d steps", told)
	}
}
