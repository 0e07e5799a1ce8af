package devicetest

import (
	"errors"
	"os"
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/search"
)

// testCodes keeps what lies between parts as codes, runs other blocks, and goes on from them: under masks that choose
// either grid.
func testCodes(b *bench) {
	b.open()
	toy := NewToy(toyBlock, toySamples, 8)
	l, blocks := b.compile(toy, 1, 0, 1, 2, 3, 4).Lanes()[0], b.load(toy)
	for cut := 1; cut < 4; cut++ {
		stored := toy.Stored(cut)
		rooms := b.rooms(l, stored)
		for _, m := range masks() {
			b.rows(l, m, blocks[0], 0, 1, 2, 3)
			b.must(l.Do(func() error {
				if err := l.SetMask(masks()[15-m.Count()]); err != nil { // the grid is that of m all the same
					return err
				}
				for i := range stored {
					if err := l.Encode(&stored[i], m, rooms[i]); err != nil {
						return err
					}
				}
				return l.Wait()
			}))
			b.rows(l, masks()[9], blocks[1], 0, 1, 2, 3)
			b.must(l.Do(func() error {
				for i := range stored {
					if err := l.Decode(&stored[i], m, rooms[i]); err != nil {
						return err
					}
				}
				return nil
			}))
			b.check("from codes", toy, m, blocks[0], b.rows(l, m, blocks[0], []int{0, 1, 2, 3}[cut:]...))
			b.must(l.Do(func() error {
				if b.Entries && !l.Same(rooms[0], rooms[0]) {
					b.Error("codes are not the same as themselves")
				}
				return nil
			}))
		}
	}
	b.must(l.Do(func() error {
		if speed := l.CodeSpeed(); !(speed >= 0 && speed < 1) {
			b.Errorf("a byte of codes takes %v s", speed)
		}
		return nil
	}))
}

// rooms makes memory for the codes of tensors.
func (b *bench) rooms(l device.Lane, stored []device.StoredTensor) (rooms []device.Room) {
	b.Helper()
	for i := range stored {
		b.must(l.Do(func() error {
			r, err := l.Room(&stored[i])
			if err == nil {
				rooms, b.made = append(rooms, r), append(b.made, r.Close)
			}
			return err
		}))
	}
	return rooms
}

// testRecode brings codes of values that lie on both grids from one to the other.
func testRecode(b *bench) {
	d := b.open()
	toy := NewToy(toyBlock, toyBlock, 9)
	for sample := range toyBlock {
		for i := range toyIn {
			toy.Set(sample, i, float32(2*(sample+i)-4))
		}
	}
	l, block := b.compile(toy, 1, 0, 1, 4).Lanes()[0], b.load(toy)[0]
	stored := toy.Stored(1)
	room := b.rooms(l, stored)[0]
	for _, c := range [][2]search.Mask{{one(), one(1)}, {one(1), one()}, {one(0), one(0, 1)}} {
		b.rows(l, c[0], block, 0, 1)
		b.must(l.Do(func() error { return errors.Join(l.Encode(&stored[0], c[0], room), l.Wait()) }))
		if !d.Recode(&stored[0], c[0], c[1], room) {
			return // it cannot
		}
		b.rows(l, one(2), block, 0, 1)
		b.must(l.Do(func() error { return l.Decode(&stored[0], c[1], room) }))
		b.check("from codes on the other grid", toy, c[1], block, b.rows(l, c[1], block, 1))
	}
}

// testEntries enters the network at each of its cuts: the codes that it leaves at later ones are the same from
// wherever it is entered.
func testEntries(b *bench) {
	if !b.Entries {
		return
	}
	b.open()
	toy := NewToy(toyBlock, toySamples, 10)
	src, codes := device.Values(toy), ""
	if !b.Values {
		var err error
		src, err = toy.Coded(nil)
		b.must(err)
		codes = ":codes"
	}
	var parts []*device.Segment
	for from := range 4 {
		s, err := src.Entry(from, []int{1, 2, 3}[from:])
		b.must(err)
		parts = append(parts, s)
	}
	n, blocks := b.network(parts, toy.Inputs(), 1), b.load(toy)
	l := n.Lanes()[0]
	b.must(l.Do(func() error { return l.SetMask(one(1, 3)) }))
	for part := range parts { // as they are timed
		b.rows(l, one(1), blocks[0], part)
	}
	at := map[string]*device.StoredTensor{}
	first, later := map[string]device.Room{}, map[string]device.Room{}
	for cut := 1; cut < 4; cut++ {
		stored := src.Stored(cut)
		for i, rooms := 0, b.rooms(l, slices.Concat(stored, stored)); i < len(stored); i++ {
			if at[stored[i].Name] == nil {
				at[stored[i].Name], first[stored[i].Name], later[stored[i].Name] = &stored[i], rooms[i], rooms[len(stored)+i]
			}
		}
	}
	run := func(m search.Mask, block device.Block, part, cut int, leave map[string]device.Room) []float32 {
		b.must(l.Do(func() error {
			if err := l.SetMask(m); err != nil {
				return err
			}
			for _, s := range src.Stored(cut) {
				if cut > 0 {
					if err := l.Enter(part, at[s.Name], first[s.Name]); err != nil {
						return err
					}
				}
			}
			for _, left := range parts[cut].Left {
				if r := leave[left.Name]; r != nil {
					if err := l.Leave(part, at[left.Name], r); err != nil {
						return err
					}
				}
			}
			err := l.RunPart(block, part)
			l.Drop()
			return err
		}))
		var rows []float32
		b.must(l.Do(func() error {
			all, err := l.Rows("y")
			rows = slices.Clone(all)
			return err
		}))
		return rows
	}
	for _, m := range masks() {
		for _, block := range blocks {
			b.check("from the start", toy, m, block, run(m, block, 0, 0, first))
			run(one(0, 2), blocks[0], 0, 0, nil) // leaves nothing
			for cut := 1; cut < 4; cut++ {
				b.check("entered", toy, m, block, run(m, block, cut, cut, later))
				b.must(l.Do(func() error {
					for _, left := range parts[cut].Left {
						if !l.Same(first[left.Name], later[left.Name]) {
							b.Errorf("mask %s: entered at cut %d it leaves other codes of %s", m, cut, left.Name)
						}
					}
					return nil
				}))
			}
		}
	}
	run(one(), blocks[0], 0, 0, first)
	run(one(0), blocks[0], 0, 0, later)
	b.must(l.Do(func() error {
		if l.Same(first["a1"+codes], later["a1"+codes]) {
			b.Error("codes of different values are the same")
		}
		return nil
	}))
	n.Narrow([]int{0, 2})
	m := one(3)
	b.check("the start, of two entries", toy, m, blocks[1], run(m, blocks[1], 0, 0, first))
	b.check("the second of two entries", toy, m, blocks[1], run(m, blocks[1], 1, 2, nil))
}

// testOptimized runs a model that the device has optimized, and offers it in the place of the one that it is of.
func testOptimized(b *bench) {
	if !b.Optimizes {
		return
	}
	d := b.open()
	toy := NewToy(toyBlock, toySamples, 11)
	s, err := toy.Segment(0, 4)
	b.must(err)
	path, err := d.Optimize(s.Model, b.TempDir())
	b.must(err)
	file, err := os.ReadFile(path)
	b.must(err)
	better := device.Model{Bytes: file}
	n, blocks := b.compile(toy, 1, 0, 4), b.load(toy)
	if _, err := n.Improve(0, better, blocks[0], masks()[:3], 2); err != nil {
		b.Error(err)
	}
	other := NewToy(toyBlock, toySamples, 11)
	other.weights["b4"] = []float32{9, 9, 9}
	o, err := other.Segment(0, 4)
	b.must(err)
	if taken, err := n.Improve(0, o.Model, blocks[0], masks()[:3], 2); taken || err != nil {
		b.Errorf("a model with other outputs is taken: %v, %v", taken, err)
	}
	if taken, err := n.Improve(0, device.Model{Bytes: []byte("no model")}, blocks[0], masks()[:3], 2); taken || err != nil {
		b.Errorf("no model is taken: %v, %v", taken, err)
	}
	s.Model, s.Optimal = better, true
	again := b.network([]*device.Segment{s}, toy.Inputs(), 1)
	for _, m := range masks() {
		b.check("improved", toy, m, blocks[1], b.rows(n.Lanes()[0], m, blocks[1], 0))
		b.check("optimized", toy, m, blocks[1], b.rows(again.Lanes()[0], m, blocks[1], 0))
	}
}
