//go:build cuda

package cuda

import (
	"math"

	"example.org/demote/quant"
)

// RecordTable lays records out as the kernels read them: for each holder the low grid's parameters, then the high one's.
func RecordTable(records []quant.Record) []quant.Params {
	table := make([]quant.Params, 0, 2*len(records))
	for _, r := range records {
		table = append(table, r.Low.Params(), r.High.Params())
	}
	return table
}

// MaskBytes returns the bytes of a packed mask of n holders: bit i lies in byte i/8 at position i%8, 1 = low.
func MaskBytes(n int) int { return ceilDiv(n, 8) }

// Clip is a Relu or Clip in front of a holder that FakeQuant does as well. The zero value is Relu; NoClip leaves values alone.
type Clip struct {
	Below float32 // smaller values become this
	Above float32 // greater ones this; 0 with Below 0 stands for no upper bound
}

// NoClip changes no value.
var NoClip = Clip{float32(math.Inf(-1)), float32(math.Inf(1))}

// FakeQuant rounds all of x to the grid that the mask chooses for a holder, and writes y, which is x itself or does not overlap it.
// records is a RecordTable, mask a packed mask. For every float32 the bits are those of quant.Params.Value. MarkNaN has it say whether one was NaN.
func (d *Device) FakeQuant(y, x *Buffer[float32], records *Buffer[quant.Params], mask *Buffer[uint8], holder int, clip Clip) *Launch {
	need("fake_quant", y, x.n)
	need("fake_quant", records, 2*holder+2)
	need("fake_quant", mask, holder/8+1)
	if clip == (Clip{}) {
		clip.Above = float32(math.Inf(1))
	}
	return d.newLaunch("fake_quant", d.gridFor(ceilDiv(x.n, 4)), 1,
		pointerArg(y.Address()), pointerArg(x.Address()), pointerArg(records.Address()), pointerArg(mask.Address()), uint32Arg(holder),
		uint64Arg(x.n), float32Arg(clip.Below), float32Arg(clip.Above), pointerArg(0))
}

// MarkNaN has a launch of FakeQuant set seen[0] to 1 if one of its values is NaN.
func (l *Launch) MarkNaN(seen *Buffer[uint32]) {
	need(l.name, seen, 1)
	l.Point(8, seen.Address())
}

// Span is one weight tensor in the arenas of SelectWeights: where it lies, and the holder whose bit chooses its set.
type Span struct {
	Offset   uint64 // in elements, a multiple of 4
	Count    uint64
	Holder   uint32
	reserved uint32
}

// SelectWeights copies into active every span whose holder's bit differs between applied and mask, from low where the bit is 1 and from
// high where it is 0; all copies every span. Then mask must be copied over applied (Buffer.CopyFrom). The arenas are laid out alike.
func (d *Device) SelectWeights(active, high, low *Buffer[float32], spans *Buffer[Span], mask, applied *Buffer[uint8], all bool) *Launch {
	need("select_weights", high, active.n)
	need("select_weights", low, active.n)
	need("select_weights", applied, mask.n)
	return d.newLaunch("select_weights", d.gridFor(ceilDiv(active.n, 4*max(1, spans.n))), clampInt(spans.n, 1, maxGridY),
		pointerArg(active.Address()), pointerArg(high.Address()), pointerArg(low.Address()), pointerArg(spans.Address()), uint32Arg(spans.n),
		pointerArg(mask.Address()), pointerArg(applied.Address()), boolArg(all))
}

// TopK sets bit i%8 of byte i/8 of bits where the label of sample i is among the k best of its row of scores: ties go to the lower
// index, a label outside the classes or one that scores NaN is not among them. It writes ceil(samples/8) bytes. Top-1 is k = 1, top-5
// k = 5, the agreement with another network k = 1 with the labels that Argmax gives for it.
func (d *Device) TopK(bits *Buffer[uint8], scores *Buffer[float32], labels *Buffer[int64], samples, classes, k int) *Launch {
	need("topk_bits", bits, ceilDiv(samples, 8))
	need("topk_bits", scores, samples*classes)
	need("topk_bits", labels, samples)
	return d.newLaunch("topk_bits", d.gridFor(ceilDiv(samples, 32)*blockThreads), 1,
		pointerArg(bits.Address()), pointerArg(scores.Address()), pointerArg(labels.Address()), uint32Arg(samples), uint32Arg(classes), uint32Arg(k))
}

// Argmax writes the index of the first maximum of each row of scores; a NaN is never greater than what came before it.
func (d *Device) Argmax(best *Buffer[int64], scores *Buffer[float32], samples, classes int) *Launch {
	need("argmax_rows", best, samples)
	need("argmax_rows", scores, samples*classes)
	return d.newLaunch("argmax_rows", d.gridFor(32*samples), 1,
		pointerArg(best.Address()), pointerArg(scores.Address()), uint32Arg(samples), uint32Arg(classes))
}

// PartsPerSample is the number of floats that OutputParts writes for a sample.
const PartsPerSample = 8

// OutputParts leaves four sums for each sample over its width outputs, as pairs of floats whose sum is meant: reference², (reference-y)²,
// reference·y, y². The order of the additions depends on the width alone.
func (d *Device) OutputParts(parts, y, reference *Buffer[float32], samples, width int) *Launch {
	need("output_parts", parts, PartsPerSample*samples)
	need("output_parts", y, samples*width)
	need("output_parts", reference, samples*width)
	return d.newLaunch("output_parts", d.gridFor(32*samples), 1,
		pointerArg(parts.Address()), pointerArg(y.Address()), pointerArg(reference.Address()), uint32Arg(samples), uint64Arg(width))
}

// Pack stores values that lie on one grid (one Params) as codes counted from its lowest, in 8 bits or 16 by the type of codes. lossy
// gets an entry for each of the launch's Blocks: not 0 where a value will not come back bit for bit. PackBlocks says how many it needs.
func Pack[C uint8 | uint16](d *Device, codes *Buffer[C], y *Buffer[float32], grid *Buffer[quant.Params], lossy *Buffer[uint32]) *Launch {
	name := packName[C]("pack")
	blocks := d.PackBlocks(y.n)
	need(name, codes, y.n)
	need(name, grid, 1)
	need(name, lossy, blocks)
	return d.newLaunch(name, blocks, 1,
		pointerArg(codes.Address()), pointerArg(y.Address()), pointerArg(grid.Address()), uint64Arg(y.n), pointerArg(lossy.Address()))
}

// Unpack gives back the values that Pack stored, all of y.
func Unpack[C uint8 | uint16](d *Device, y *Buffer[float32], codes *Buffer[C], grid *Buffer[quant.Params]) *Launch {
	name := packName[C]("unpack")
	need(name, codes, y.n)
	need(name, grid, 1)
	return d.newLaunch(name, d.gridFor(ceilDiv(y.n, 4)), 1,
		pointerArg(y.Address()), pointerArg(codes.Address()), pointerArg(grid.Address()), uint64Arg(y.n))
}

// PackBlocks returns how many entries Pack of n values writes to lossy.
func (d *Device) PackBlocks(n int) int { return d.gridFor(ceilDiv(n, 4)) }

func packName[C uint8 | uint16](verb string) string {
	if any(*new(C)) == any(uint8(0)) {
		return verb + "8"
	}
	return verb + "16"
}
