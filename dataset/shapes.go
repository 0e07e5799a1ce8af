package dataset

import (
	"encoding/binary"
	"example.org/demote/dataset/internal/files"
	"slices"
)

// shapes are the shapes that ragged samples have where nothing pads them. A combination of the shapes of all inputs
// counts as one shape. They are numbered in the order in which the file has them.
type shapes struct {
	of      []int       // by the sample's number in the file
	columns [][]*column // by shape: of each input
}

// findShapes finds the shapes of the samples where some input leaves them their own.
func (s *Set) findShapes() error {
	if !slices.ContainsFunc(s.columns, func(c *column) bool { return c.of != nil }) {
		return nil
	}
	known := map[string]int{}
	for row := range s.columns[0].rows() {
		var key []byte
		for _, c := range s.columns {
			if c.of != nil {
				for _, d := range c.items[row].Shape {
					key = binary.LittleEndian.AppendUint64(key, uint64(d))
				}
			}
		}
		shape, is := known[string(key)]
		if !is {
			shape = len(s.shapes.columns)
			known[string(key)] = shape
			columns := slices.Clone(s.columns)
			for i, c := range columns {
				if c.of == nil {
					continue
				}
				var err error
				if columns[i], err = c.of(c.items[row].Shape); err != nil {
					return err
				}
			}
			s.shapes.columns = append(s.shapes.columns, columns)
		}
		s.shapes.of = append(s.shapes.of, shape)
	}
	return nil
}

// rows is the number of samples in the file.
func (c *column) rows() int {
	if c.items != nil {
		return len(c.items)
	}
	return int(c.a.Shape[0])
}

// column is what an input has of a sample, in the sample's own shape.
func (s *Set) column(input, sample int) *column {
	if s.shapes.of == nil {
		return s.columns[input]
	}
	return s.shapes.columns[s.shapes.of[s.Number(sample)]][input]
}

// SampleSize is the size of a sample of an input in the network's element type, in the sample's own shape.
func (s *Set) SampleSize(input, sample int) int { return s.column(input, sample).bytes() }

// Shapes is the number of different shapes of the samples; 0 where all have one, by the network's own size or by a pad.
func (s *Set) Shapes() int {
	if s.shapes.of == nil {
		return 0
	}
	seen := map[int]bool{}
	for sample := range s.samples {
		seen[s.shapes.of[s.Number(sample)]] = true
	}
	return len(seen)
}

// A Group is the samples of a set that have one shape.
type Group struct {
	*Set
	Of []int // the number that each has in the set that it is a part of, rising
}

// Groups are the samples by their shapes, in the order in which these appear; nil where all samples have one shape.
// They share the set's files: they can be read until it is closed, and need no Close.
func (s *Set) Groups() []Group {
	if s.shapes.of == nil {
		return nil
	}
	at := map[int]int{}
	var list []Group
	for sample := range s.samples {
		shape := s.shapes.of[s.Number(sample)]
		i, is := at[shape]
		if !is {
			i = len(list)
			at[shape] = i
			list = append(list, Group{Set: &Set{path: s.path, temp: files.NewSpool(""), inputs: s.inputs, columns: s.shapes.columns[shape], names: s.names,
				pick: s.pick, samples: s.samples, labels: s.labels, pixels: s.pixels, values: s.values, own: s.own, perLabel: s.perLabel, labelDims: s.labelDims}})
		}
		list[i].Of = append(list[i].Of, sample)
	}
	for _, g := range list {
		g.keep(g.Of)
		g.hash.files = s.hash.files // where SampleInFile looks
	}
	return list
}

// Unpadded is the shape that a sample of an input has of its own, on axes that the network leaves free, where Shape is
// what it is padded to; nil where that is its own shape.
func (s *Set) Unpadded(input, sample int) []int64 {
	c := s.column(input, sample)
	if c.items == nil {
		return nil
	}
	free := c.in.Dims
	if !c.whole {
		free = free[1:]
	}
	own := slices.Clone(c.shape)
	if c.steps > 0 || len(free) != len(own) {
		return nil // how many steps a sample has is no shape of the network
	}
	for axis, d := range c.items[s.Number(sample)].Shape {
		if free[axis] == -1 {
			own[axis] = d
		}
	}
	if slices.Equal(own, c.shape) {
		return nil
	}
	return own
}
