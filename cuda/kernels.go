//go:build cuda

package cuda

import (
	"math"

	"example.org/demote/quant"
)

// RecordTable lays records out as the kernels read them: for each holder the low grid's parameters, then the high
// one's.
func RecordTable(records []quant.Record) []quant.Params {
	table := make([]quant.Params, 0, 2*len(records))
	for _, r := range records {
		table = append(table, r.Low.Params(), r.High.Params())
	}
	return table
}

// MaskBytes returns the bytes of a packed mask of n holders: bit i lies in byte i/8 at position i%8, 1 = low.
func MaskBytes(n int) int { return ceilDiv(n, 8) }

// Clip is a Relu or Clip in front of a holder that FakeQuant does as well. The zero value is Relu; NoClip leaves values
// alone.
type Clip struct {
	Below float32 // smaller values become this
	Above float32 // greater ones this; 0 with Below 0 means no upper bound
}

// NoClip changes no value.
var NoClip = Clip{float32(math.Inf(-1)), float32(math.Inf(1))}

// ChooseGrids writes the grid that a mask chooses for each holder: what FakeQuant reads. records is a RecordTable, mask
// a packed mask; chosen has one grid for each holder.
func (d *Device) ChooseGrids(chosen, records *Buffer[quant.Params], mask *Buffer[uint8]) *Launch {
	need("choose_grids", records, 2*chosen.n)
	need("choose_grids", mask, MaskBytes(chosen.n))
	return d.newLaunch("choose_grids", d.gridFor(chosen.n), 1,
		pointerArg(chosen.Address()), pointerArg(records.Address()), pointerArg(mask.Address()), uint32Arg(chosen.n))
}

// FakeQuant rounds all of x to the grid of a holder among those that ChooseGrids has written, and writes y, which is x
// itself or does not overlap it. For every float32 the bits are those of quant.Params.Value. MarkNaN has it say whether
// one was NaN.
func (d *Device) FakeQuant(y, x *Buffer[float32], grids *Buffer[quant.Params], holder int, clip Clip) *Launch {
	need("fake_quant", y, x.n)
	need("fake_quant", grids, holder+1)
	if clip == (Clip{}) {
		clip.Above = float32(math.Inf(1))
	}
	return d.newLaunch("fake_quant", d.gridFor(ceilDiv(x.n, 4)), 1,
		pointerArg(y.Address()), pointerArg(x.Address()), pointerArg(grids.Address()), uint32Arg(holder),
		uint64Arg(x.n), float32Arg(clip.Below), float32Arg(clip.Above), pointerArg(0))
}

// The operations in front of a holder that FakeQuantOf does, as bits.
const (
	FrontAdd     = 1 << iota // x + other
	FrontMul                 // x * other
	FrontSigmoid             // Sigmoid of that
	FrontGate                // that times its Sigmoid
	FrontLine                // a line that is cut off, see Line
	FrontTimes               // it times that
	FrontOfLine              // the factor is of the line,
	FrontOfValue             // or of that; else of the result
	FrontDivides             // the factor divides
)

// A Front is what stands in front of a holder and is done by its launch, in this order: Add or Mul by another tensor,
// Sigmoid, Gate or Line, Clip.
type Front struct {
	Does  int // Front... bits
	Other *Buffer[float32]
	Inner int // the partner of element i is Other[i / Inner % its length]; 1 for a tensor of the shape of x
	Line  Line
	Clip  Clip
}

// FakeQuantOf is FakeQuant of what stands in front of a holder. y may be x, and overlaps nothing else; Other may be x.
func (d *Device) FakeQuantOf(y, x *Buffer[float32], f Front, grids *Buffer[quant.Params], holder int) *Launch {
	need("fake_quant_of", y, x.n)
	need("fake_quant_of", grids, holder+1)
	other, count := uintptr(0), 0
	if f.Does&(FrontAdd|FrontMul) != 0 {
		need("fake_quant_of", f.Other, 1)
		other, count = f.Other.Address(), f.Other.n
	}
	return d.newLaunch("fake_quant_of", d.gridFor(ceilDiv(x.n, 4)), 1,
		pointerArg(y.Address()), pointerArg(x.Address()), pointerArg(other), pointerArg(grids.Address()), uint32Arg(holder),
		uint64Arg(x.n), uint64Arg(f.Inner), uint64Arg(count), uint32Arg(f.Does), float32Arg(f.Clip.Below), float32Arg(f.Clip.Above),
		float32Arg(f.Line.Slope), float32Arg(f.Line.Offset), float32Arg(f.Line.Low), float32Arg(f.Line.High), float32Arg(f.Line.Factor), pointerArg(0))
}

// MarkNaN has a launch of FakeQuant or FakeQuantOf set seen[0] to 1 if one of its values is NaN.
func (l *Launch) MarkNaN(seen *Buffer[uint32]) {
	need(l.name, seen, 1)
	l.SetAddress(len(l.slots)-1, seen.Address())
}

// WeightSpan is the place of one weight tensor in the arenas of SelectWeights, and the activation quantizer (holder)
// whose mask bit chooses the weights: those of the 8-bit or of the 16-bit file.
type WeightSpan struct {
	Offset   uint64 // in elements, a multiple of 4
	Count    uint64
	Holder   uint32
	reserved uint32
}

// SelectWeights copies into active every span whose holder's bit differs between applied and mask: from low if the bit
// is 1, from high if it is 0. With all, it copies every span. Then mask must be copied over applied (Buffer.CopyFrom).
// The three arenas have the same layout.
func (d *Device) SelectWeights(active, high, low *Buffer[float32], spans *Buffer[WeightSpan], mask, applied *Buffer[uint8], all bool) *Launch {
	need("select_weights", high, active.n)
	need("select_weights", low, active.n)
	need("select_weights", applied, mask.n)
	return d.newLaunch("select_weights", d.gridFor(ceilDiv(active.n, 4*max(1, spans.n))), clampInt(spans.n, 1, maxGridY),
		pointerArg(active.Address()), pointerArg(high.Address()), pointerArg(low.Address()), pointerArg(spans.Address()), uint32Arg(spans.n),
		pointerArg(mask.Address()), pointerArg(applied.Address()), boolArg(all))
}

// TopK sets bit i%8 of byte i/8 of bits where the label of sample i is among the k best of its row of scores: ties go
// to the lower index, a label outside the classes or one that scores NaN is not among them. It writes ceil(samples/8)
// bytes. Top-1 is k = 1, top-5 k = 5, the agreement with another network k = 1 with that network's first maxima as
// labels.
func (d *Device) TopK(bits *Buffer[uint8], scores *Buffer[float32], labels *Buffer[int64], samples, classes, k int) *Launch {
	need("topk_bits", bits, ceilDiv(samples, 8))
	need("topk_bits", scores, samples*classes)
	need("topk_bits", labels, samples)
	return d.newLaunch("topk_bits", d.gridFor(ceilDiv(samples, 32)*blockThreads), 1,
		pointerArg(bits.Address()), pointerArg(scores.Address()), pointerArg(labels.Address()), uint32Arg(samples), uint32Arg(classes), uint32Arg(k))
}

// Pack stores values that lie on one grid (one Params) as 16-bit codes counted from the grid's lowest. A value beside
// the grid gets the nearest code, or the last one.
func (d *Device) Pack(codes *Buffer[uint16], y *Buffer[float32], grid *Buffer[quant.Params]) *Launch {
	need("pack16", codes, y.n)
	need("pack16", grid, 1)
	return d.newLaunch("pack16", d.gridFor(ceilDiv(y.n, 4)), 1,
		pointerArg(codes.Address()), pointerArg(y.Address()), pointerArg(grid.Address()), uint64Arg(y.n))
}

// Unpack gives back the values that Pack stored, all of y, bit for bit.
func (d *Device) Unpack(y *Buffer[float32], codes *Buffer[uint16], grid *Buffer[quant.Params]) *Launch {
	need("unpack16", codes, y.n)
	need("unpack16", grid, 1)
	return d.newLaunch("unpack16", d.gridFor(ceilDiv(y.n, 4)), 1,
		pointerArg(y.Address()), pointerArg(codes.Address()), pointerArg(grid.Address()), uint64Arg(y.n))
}
