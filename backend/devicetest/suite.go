package devicetest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"example.org/demote/backend/device"
	"example.org/demote/search"
)

// A Subject is a device under test.
type Subject struct {
	device.Kind
	Options device.Options // Name, and how it computes; Run fills in Records and Block
	// what is open or allocated, in words; empty: nothing. It must be empty before and after every test
	Live func() string
}

// Run holds a device to package device: it compiles segments, loads blocks, runs them under masks, keeps tensors as
// codes and goes on from them, judges, and is asked for what it must refuse. All outputs are compared bit by bit with
// Toy.Want.
func Run(t *testing.T, s Subject) {
	for _, c := range []struct {
		name string
		test func(*bench)
	}{
		{"in one piece", testWhole}, {"in parts", testParts}, {"several lanes", testLanes}, {"weights that follow", testFollowed}, {"samples that are not kept", testStreamed},
		{"codes", testCodes}, {"codes on another grid", testRecode}, {"entries", testEntries}, {"gains", testGains}, {"NaN", testNaN}, {"both grids", testCompare},
		{"optimized", testOptimized}, {"steps", testSteps}, {"bad models", testBadModels}, {"bad data", testBadData}, {"cancelled", testCancelled},
		{"closed", testClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &bench{T: t, Subject: s, ctx: t.Context()}
			if left := s.Live(); left != "" {
				t.Fatalf("before the test is open: %s", left)
			}
			c.test(b)
			b.close()
			if left := s.Live(); left != "" {
				t.Errorf("left open: %s", left)
			}
		})
	}
}

// toyBlock is the number of samples of a block, and toySamples of all: the last block has padding.
const toyBlock, toySamples = 4, 7

// bench is what a test has made on the device.
type bench struct {
	*testing.T
	Subject
	ctx    context.Context
	device device.Device
	made   []func() // what gives it back, the last first
}

func (b *bench) close() {
	for _, f := range slices.Backward(b.made) {
		f()
	}
	b.made = nil
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.close()
		b.Fatal(err)
	}
}

// open opens the device.
func (b *bench) open(change ...func(*device.Options)) device.Device {
	b.Helper()
	o := b.Options
	o.Records, o.Block = ToyRecords(), toyBlock
	for _, f := range change {
		f(&o)
	}
	d, err := b.Open(b.ctx, o)
	b.must(err)
	b.device, b.made = d, append(b.made, d.Close)
	return d
}

// compile compiles segments of a toy between cuts.
func (b *bench) compile(toy *Toy, lanes int, cuts ...int) device.Network {
	b.Helper()
	var parts []*device.Segment
	for i := range len(cuts) - 1 {
		s, err := toy.Segment(cuts[i], cuts[i+1])
		b.must(err)
		parts = append(parts, s)
	}
	return b.network(parts, toy.Inputs(), lanes)
}

func (b *bench) network(parts []*device.Segment, inputs []device.Tensor, lanes int) device.Network {
	b.Helper()
	n, err := b.device.Compile(parts, inputs, lanes)
	b.must(err)
	b.made = append(b.made, n.Close)
	return n
}

// load loads all samples of a toy.
func (b *bench) load(toy *Toy) (blocks []device.Block) {
	b.Helper()
	for first := 0; first < toy.Len(); first += toyBlock {
		var samples []int
		for i := first; i < min(first+toyBlock, toy.Len()); i++ {
			samples = append(samples, i)
		}
		block, err := b.device.Load(toy.Inputs(), samples, func(input int, dst []byte) error {
			size := len(dst) / toyBlock
			for slot := range toyBlock {
				if err := toy.Read(input, samples[min(slot, len(samples)-1)], dst[slot*size:(slot+1)*size]); err != nil {
					return err
				}
			}
			return nil
		})
		b.must(err)
		blocks, b.made = append(blocks, block), append(b.made, block.Close)
	}
	return blocks
}

// rows runs a block under a mask in parts from one on, and copies the output.
func (b *bench) rows(l device.Lane, m search.Mask, block device.Block, parts ...int) (rows []float32) {
	b.Helper()
	b.must(l.Do(func() error {
		if err := l.SetMask(m); err != nil {
			return err
		}
		for _, p := range parts {
			if err := l.RunPart(block, p); err != nil {
				return err
			}
		}
		all, err := l.Rows("y")
		rows = slices.Clone(all)
		return err
	}))
	return rows
}

// check compares the rows of a block with what they should be.
func (b *bench) check(what string, toy *Toy, m search.Mask, block device.Block, rows []float32) {
	b.Helper()
	per := len(rows) / toyBlock
	for slot, sample := range block.Samples() {
		if want, got := toy.Want(sample, m.Low), rows[slot*per:(slot+1)*per]; len(want) != per || !device.SameBits(want, got) {
			b.Errorf("%s, mask %s, sample %d: %v, want %v", what, m, sample, got, want)
		}
	}
}

// masks are all that there are of the toy's holders.
func masks() (list []search.Mask) {
	for bits := range 1 << toyHolders {
		m := search.NewMask(toyHolders)
		for h := range toyHolders {
			if bits>>h&1 == 1 {
				m.Demote(h)
			}
		}
		list = append(list, m)
	}
	return list
}

// one is the mask with these holders demoted.
func one(holders ...int) search.Mask {
	m := search.NewMask(toyHolders)
	for _, h := range holders {
		m.Demote(h)
	}
	return m
}

// refused holds that an error is there and one line.
func (b *bench) refused(what string, err error) {
	b.Helper()
	if err == nil || strings.Contains(err.Error(), "\n") || strings.TrimSpace(err.Error()) == "" {
		b.Errorf("%s: error %q", what, fmt.Sprint(err))
	}
}

var nan = float32(math.NaN())
