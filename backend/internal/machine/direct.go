package machine

import (
	"encoding/binary"
	"math"
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/quant"
)

// mostCompared is how many values of the samples are put on both grids of a holder, in all: what that takes is to be
// less than the trials that it spares.
const mostCompared = 1 << 24

// same are, by block, the holders of the network's own inputs whose two grids give the same bits for all of the
// block's samples: their bit changes nothing there, whatever the mask. A device whose nodes compare finds that out
// by itself. at says of each block which one of before it is, of which that is known; -1: it is another; nil: all are.
func (e *Single) same(at []int) [][]int {
	if e.can.Compares || e.opts.Naive || e.opts.Stream {
		return nil
	}
	var list [][]int
	left, known := mostCompared, e.equal
	if known == nil && at != nil {
		known = make([][]int, slices.Max(at)+1)
	}
	for input, holders := range e.source.Direct() {
		if e.inputs[input].Fed != "" {
			continue // the values of later steps are made on the way
		}
		read := e.readFloats(input)
		for _, h := range holders {
			for b, block := range e.data.Blocks {
				if len(list) == 0 {
					list = make([][]int, e.data.Len())
				}
				if at != nil && at[b] >= 0 {
					if slices.Contains(known[at[b]], h) {
						list[b] = append(list[b], h)
					}
					continue
				}
				if read != nil && e.sameIn(input, read, e.records[h], block.Samples(), &left) {
					list[b] = append(list[b], h)
				}
			}
		}
	}
	if !slices.ContainsFunc(list, func(holders []int) bool { return len(holders) > 0 }) {
		return nil
	}
	return list
}

// reader reads a sample of an input as float32.
type reader func(input, sample int, dst []byte) error

// readFloats reads an input; nil: it is neither float32 nor made of bytes.
func (e *Single) readFloats(input int) reader {
	if e.inputs[input].Type == device.Float32 {
		return e.from.Read
	}
	if f, ok := e.from.(device.FloatSamples); ok && e.inputs[input].Type == device.Uint8 {
		return f.ReadFloats
	}
	return nil
}

// sameIn says whether both grids of a record give the same bits for all values of some samples; false where that is
// not known, since left has come to its end.
func (e *Single) sameIn(input int, read reader, r quant.Record, samples []int, left *int) bool {
	in := e.inputs[input]
	bytes := make([]byte, 4*in.Elems()*max(1, in.Steps)/in.Batch())
	low, high := r.Low.Params(), r.High.Params()
	for _, sample := range samples {
		if *left -= len(bytes) / 4; *left < 0 || read(input, sample, bytes) != nil {
			return false
		}
		for at := 0; at < len(bytes); at += 4 {
			x := math.Float32frombits(binary.LittleEndian.Uint32(bytes[at:]))
			if math.Float32bits(low.Value(x)) != math.Float32bits(high.Value(x)) {
				return false
			}
		}
	}
	return true
}
