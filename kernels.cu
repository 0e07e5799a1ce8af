// kernels.cu: the device side of demote. Fake quantization, weight selection, metrics, packing.
//
// An activation quantizer (holder) has two grids, low (int8) and high (int16). The mask has a bit per holder: 1 is low.
//
// Written in a small portable subset, so that three compilers take the same text: NVRTC or nvcc, clang, and g++ for the
// emulated device (cuda/internal/emu). Hence: nothing is included, kernels are extern "C", parameters are plain
// pointers and 32- or 64-bit scalars, and arithmetic is limited to + - * /, rint, min, max, comparisons and
// conversions, and to fma in the polynomials of sigmoid.
//
// Exactness. quant (plain Go) is the reference, bit for bit, for every float32. It holds when the compiler neither
// contracts (-fmad=false) nor approximates (true division, no flush to zero); the PTX gate greps for that, and the
// tests compare values.
//   - division is div.rn.f32, rounding is half to even;
//   - a NaN goes to the lowest code: fmaxf(NaN, lo) is lo;
//   - the last step adds +0.0f, so a result is never -0.
//
// Determinism. No atomics, no communication between blocks. Every sum has one order, which depends on the data's shape
// alone, never on the launch shape. The order of blocks and threads cannot change a bit; where several write to one
// place (fake_quant's nan) they all write the same.
//
// Common launch contract: one-dimensional blocks of a multiple of 32 threads, at most 1024; any grid size from 1 up in
// the axes named by the kernel (loops stride over the grid); no dynamic shared memory. Indices of elements are 64-bit.

typedef unsigned char Byte;
typedef unsigned long long Size;

// ---------------------------------------------------------------------------------------------------- constants

#define LANES 32u
#define ALL_LANES 0xffffffffu
#define SAMPLES_PER_BLOCK 32u // topk_bits: one 32-bit word of sample bits per block
#define KIND_QDQ 0
#define KIND_MCTQ 1
#define KIND_TORCH 2
// what fake_quant_of does in front of a grid
#define FRONT_ADD 1u
#define FRONT_MUL 2u
#define FRONT_SIGMOID 4u
#define FRONT_GATE 8u
#define FRONT_LINE 16u    // a line that is cut off; the next four say what is made of it
#define FRONT_TIMES 32u   // it times the value
#define FRONT_OF_LINE 64u // the factor is of the line, or of the value; else of the result
#define FRONT_OF_VALUE 128u
#define FRONT_DIVIDES 256u // the factor divides

// Params is quant.Params: the element-wise parameters of one grid, 24 bytes. A record is two of them, low then high.
struct Params {
	int kind;
	float scale, inv, lo, hi, offset;
};

// Span is one weight tensor in the three arenas of select_weights: 24 bytes.
struct Span {
	Size offset; // in elements, a multiple of 4
	Size count;  // elements
	unsigned holder, reserved;
};

// ---------------------------------------------------------------------------------------------------- device helpers

__device__ __forceinline__ Size thread_index() { return (Size)blockIdx.x * blockDim.x + threadIdx.x; }
__device__ __forceinline__ Size thread_count() { return (Size)gridDim.x * blockDim.x; }

// bit_of returns the bit of a holder in a packed mask: 1 = low grid. Bit i lies in byte i/8 at position i%8.
__device__ __forceinline__ unsigned bit_of(const Byte *mask, unsigned holder) { return (mask[holder >> 3] >> (holder & 7u)) & 1u; }

// aligned16 says whether 16-byte accesses are allowed at both addresses.
__device__ __forceinline__ bool aligned16(const void *a, const void *b) { return (((Size)a | (Size)b) & 15u) == 0; }

// clipped is a Relu or Clip in front of the grid; it keeps NaN, which the grid then sends to its lowest code.
__device__ __forceinline__ float clipped(float x, float below, float above) {
	x = x < below ? below : x;
	return x > above ? above : x;
}

// step_of returns the whole number of steps on the grid that x goes to (quant: formulas of FORMATS, section 4).
template <int KIND> __device__ __forceinline__ float step_of(const Params &p, float x) {
	if (KIND == KIND_QDQ) return rintf(fminf(fmaxf(x / p.scale, p.lo), p.hi));
	if (KIND == KIND_MCTQ) return rintf((fminf(fmaxf(x, p.lo), p.hi) - p.offset) / p.scale);
	return fminf(fmaxf(rintf(x * p.inv), p.lo), p.hi);
}

// value_of returns the float32 that a number of steps stands for.
template <int KIND> __device__ __forceinline__ float value_of(const Params &p, float q) {
	if (KIND == KIND_MCTQ) return q * p.scale + p.offset + 0.0f;
	return q * p.scale + 0.0f;
}

// first_step is the number of steps of the lowest code.
template <int KIND> __device__ __forceinline__ float first_step(const Params &p) {
	if (KIND == KIND_MCTQ) return rintf((p.lo - p.offset) / p.scale);
	return p.lo;
}

template <int KIND> __device__ __forceinline__ float quantized(const Params &p, float x, float below, float above) {
	return value_of<KIND>(p, step_of<KIND>(p, clipped(x, below, above)));
}

// ---------------------------------------------------------------------------------------------------- fake quantization

// choose_grids writes the grid of each holder that the mask chooses: chosen[h] is records[2*h] if the bit of h is set,
// else records[2*h+1]. It runs once a mask, so that fake_quant waits for one record and not for the mask's bit first.
// Launch: grid in x, a thread a holder. Bits: a copy.
extern "C" __global__ void choose_grids(Params *chosen, const Params *records, const Byte *mask, unsigned holders) {
	for (Size h = thread_index(); h < holders; h += thread_count()) chosen[h] = records[2 * h + (bit_of(mask, (unsigned)h) ? 0u : 1u)];
}

// first_of loads the first four elements of a thread, before the record is there that says what becomes of them.
__device__ __forceinline__ float4 first_of(const float *x, Size vectors) {
	float4 v;
	v.x = v.y = v.z = v.w = 0.0f;
	if (thread_index() < vectors) v = ((const float4 *)x)[thread_index()];
	return v;
}

// quantize_all also says whether one of the thread's values was NaN. v has the thread's first elements.
template <int KIND>
__device__ __forceinline__ bool quantize_all(float *y, const float *x, float4 v, const Params &p, Size n, Size vectors, float below, float above) {
	bool nan = false;
	for (Size i = thread_index(); i < vectors;) {
		nan |= v.x != v.x || v.y != v.y || v.z != v.z || v.w != v.w;
		v.x = quantized<KIND>(p, v.x, below, above);
		v.y = quantized<KIND>(p, v.y, below, above);
		v.z = quantized<KIND>(p, v.z, below, above);
		v.w = quantized<KIND>(p, v.w, below, above);
		((float4 *)y)[i] = v;
		if ((i += thread_count()) < vectors) v = ((const float4 *)x)[i];
	}
	for (Size i = vectors * 4 + thread_index(); i < n; i += thread_count()) {
		const float v = x[i];
		nan |= v != v;
		y[i] = quantized<KIND>(p, v, below, above);
	}
	return nan;
}

// fake_quant rounds n floats to the grid of a holder, grids[holder] of choose_grids. A Relu or Clip in front is fused
// by below and above (Relu: 0, +Inf); -Inf and +Inf leave every value alone. nan, if it is not null, becomes 1 where a
// value is NaN, which the grid hides, and is left alone else.
// Launch: grid in x. In place (x == y) or apart, never partly overlapping. Moves 8 bytes per element.
// Bits: quant.Grid.Value for every float32.
extern "C" __global__ void fake_quant(float *y, const float *x, const Params *grids, unsigned holder, Size n, float below, float above, unsigned *nan) {
	const Size vectors = aligned16(x, y) ? n / 4 : 0;
	const float4 first = first_of(x, vectors);
	const Params p = grids[holder];
	bool seen;
	if (p.kind == KIND_MCTQ) seen = quantize_all<KIND_MCTQ>(y, x, first, p, n, vectors, below, above);
	else if (p.kind == KIND_TORCH) seen = quantize_all<KIND_TORCH>(y, x, first, p, n, vectors, below, above);
	else seen = quantize_all<KIND_QDQ>(y, x, first, p, n, vectors, below, above);
	if (seen && nan) *nan = 1u;
}

// ---------------------------------------------------------------------------------------------------- what stands in front

// Front is what a launch does before the grid, in this order: adds or multiplies by another tensor, takes sigmoid(v),
// v * sigmoid(v) or what a line makes of v, clips. The line is v * slope + offset between low and high, with a factor.
struct Front {
	unsigned does;
	float below, above;
	float slope, offset, low, high, factor;
};

// sigmoid is a quotient of two polynomials on [-18, 18] plus 1/2, never below 0: ONNX Runtime's on a CPU that has fused
// multiply-adds, bit for bit (cuda.Sigmoid is the same in Go). NaN stays.
__device__ __forceinline__ float sigmoid(float x) {
	const float v = clipped(x, -18.0f, 18.0f), s = v * v;
	float p = fmaf(s, 4.37031012579801e-11f, 1.15627324459942e-07f);
	p = fmaf(p, s, 6.08574864600143e-05f);
	p = fmaf(p, s, 8.51377133304701e-03f);
	p = fmaf(p, s, 2.48287947061529e-01f);
	float q = fmaf(s, 6.10247389755681e-13f, 5.76102136993427e-09f);
	q = fmaf(q, s, 6.29106785017040e-06f);
	q = fmaf(q, s, 1.70198817374094e-03f);
	q = fmaf(q, s, 1.16817656904453e-01f);
	q = fmaf(q, s, 9.93151921023180e-01f);
	const float y = v * p / q + 0.5f;
	return y < 0.0f ? 0.0f : y;
}

// lined is HardSigmoid or HardSwish in the order of operations in which a network has it: does says which (cuda.Line is
// the same in Go). One operand has the factor, so there is one division.
__device__ __forceinline__ float lined(const Front &f, float v) {
	const float line = clipped(v * f.slope + f.offset, f.low, f.high);
	const bool times = f.does & FRONT_TIMES;
	float of = times ? v * line : line;
	if (f.does & FRONT_OF_LINE) of = line;
	if (f.does & FRONT_OF_VALUE) of = v;
	of = f.does & FRONT_DIVIDES ? of / f.factor : of * f.factor;
	if (f.does & FRONT_OF_VALUE) return of * line;
	return times && f.does & FRONT_OF_LINE ? v * of : of;
}

__device__ __forceinline__ float fronted(const Front &f, float x, float other) {
	float v = x;
	if (f.does & FRONT_ADD) v = x + other;
	if (f.does & FRONT_MUL) v = x * other;
	if (f.does & FRONT_SIGMOID) v = sigmoid(v);
	if (f.does & FRONT_GATE) v = v * sigmoid(v);
	if (f.does & FRONT_LINE) v = lined(f, v);
	return clipped(v, f.below, f.above);
}

// place is where the partner of element i lies in a tensor of count elements, each of which is for inner elements in a
// row, over and over.
__device__ __forceinline__ Size place(Size i, Size inner, Size count) {
	if (((i | inner | count) >> 32) == 0) return (unsigned)i / (unsigned)inner % (unsigned)count;
	return i / inner % count;
}

// partners loads the partners of four elements from i on; in a row they are four in a row, else one for all.
__device__ __forceinline__ float4 partners(const float *other, Size i, Size inner, Size count, bool row) {
	if (row) return *(const float4 *)(other + place(i, 1, count));
	const float o = other[place(i, inner, count)];
	float4 all;
	all.x = all.y = all.z = all.w = o;
	return all;
}

// Other is the tensor that a launch adds or multiplies by, and where the partner of an element lies in it.
struct Other {
	const float *values; // null: there is none
	Size inner, count;
	bool row; // four partners lie in a row
};

// quantize_fronted is quantize_all of what stands in front.
template <int KIND>
__device__ __forceinline__ bool quantize_fronted(float *y, const float *x, float4 v, const Other &other, const Params &p, Size n, Size vectors,
                                                 const Front &f) {
	bool nan = false;
	for (Size i = thread_index(); i < vectors;) {
		float4 o = v;
		if (other.values) o = partners(other.values, 4 * i, other.inner, other.count, other.row);
		v.x = fronted(f, v.x, o.x), v.y = fronted(f, v.y, o.y), v.z = fronted(f, v.z, o.z), v.w = fronted(f, v.w, o.w);
		nan |= v.x != v.x || v.y != v.y || v.z != v.z || v.w != v.w;
		v.x = value_of<KIND>(p, step_of<KIND>(p, v.x));
		v.y = value_of<KIND>(p, step_of<KIND>(p, v.y));
		v.z = value_of<KIND>(p, step_of<KIND>(p, v.z));
		v.w = value_of<KIND>(p, step_of<KIND>(p, v.w));
		((float4 *)y)[i] = v;
		if ((i += thread_count()) < vectors) v = ((const float4 *)x)[i];
	}
	for (Size i = vectors * 4 + thread_index(); i < n; i += thread_count()) {
		const float v = fronted(f, x[i], other.values ? other.values[place(i, other.inner, other.count)] : 0.0f);
		nan |= v != v;
		y[i] = value_of<KIND>(p, step_of<KIND>(p, v));
	}
	return nan;
}

// fake_quant_of is fake_quant of what stands in front of a holder: with the FRONT_ bits of does, v = x + other or x *
// other, then sigmoid(v), v * sigmoid(v) or what the line makes of v, then the clip, then the grid. other has count
// elements; the partner of element i is other[i / inner % count]: a tensor of the same shape (inner 1, count n), a bias
// for each channel (inner = elements of a plane), a number. It is null where neither is wanted. nan becomes 1 where v
// is NaN.
// Launch: grid in x. y is x, or apart from x and other; other may be x. Moves 8 bytes per element, and 4 of other.
// Bits: those of the operators one after another, each rounded to float32, and of quant.Grid.Value.
extern "C" __global__ void fake_quant_of(float *y, const float *x, const float *other, const Params *grids, unsigned holder, Size n, Size inner,
                                         Size count, unsigned does, float below, float above, float slope, float offset, float low, float high,
                                         float factor, unsigned *nan) {
	const Other o = {other, inner, count, inner == 1 && count % 4 == 0 && aligned16(other, other)};
	const Size vectors = aligned16(x, y) && (!other || o.row || inner % 4 == 0) ? n / 4 : 0;
	const float4 first = first_of(x, vectors);
	const Params p = grids[holder];
	const Front f = {does, below, above, slope, offset, low, high, factor};
	bool seen;
	if (p.kind == KIND_MCTQ) seen = quantize_fronted<KIND_MCTQ>(y, x, first, o, p, n, vectors, f);
	else if (p.kind == KIND_TORCH) seen = quantize_fronted<KIND_TORCH>(y, x, first, o, p, n, vectors, f);
	else seen = quantize_fronted<KIND_QDQ>(y, x, first, o, p, n, vectors, f);
	if (seen && nan) *nan = 1u;
}

// ---------------------------------------------------------------------------------------------------- weight selection

// select_weights brings the active weights in step with the mask: a span whose holder's bit differs between applied and
// mask is copied from the low set (bit 1) or the high set (bit 0); with all != 0 every span is. The caller then copies
// mask over applied.
// Launch: grid in x over the elements of a span, in y over spans. Bits: a copy.
extern "C" __global__ void select_weights(float *active, const float *high, const float *low, const Span *spans, unsigned count, const Byte *mask,
                                          const Byte *applied, int all) {
	for (unsigned s = blockIdx.y; s < count; s += gridDim.y) {
		const Span span = spans[s];
		const unsigned bit = bit_of(mask, span.holder);
		if (!all && bit == bit_of(applied, span.holder)) continue;
		const float *from = (bit ? low : high) + span.offset;
		float *to = active + span.offset;
		const Size vectors = aligned16(from, to) ? span.count / 4 : 0;
		for (Size i = thread_index(); i < vectors; i += thread_count()) ((float4 *)to)[i] = ((const float4 *)from)[i];
		for (Size i = vectors * 4 + thread_index(); i < span.count; i += thread_count()) to[i] = from[i];
	}
}

// ---------------------------------------------------------------------------------------------------- metrics

// warp_sum adds one number of each lane; every lane gets the sum. All 32 lanes of the warp must be here.
__device__ __forceinline__ unsigned warp_sum(unsigned v) {
	for (unsigned step = LANES / 2; step > 0; step /= 2) v += __shfl_xor_sync(ALL_LANES, v, step);
	return v;
}

// among_best says whether fewer than k classes come before the label in a row of scores: greater ones, and equal ones
// with a lower index. A label that scores NaN is never among them; as the first maximum is looked for from the left and
// nothing is greater than a NaN, a NaN at index 0 makes 0 the first maximum.
__device__ __forceinline__ bool among_best(const float *row, unsigned classes, unsigned label, unsigned k) {
	const float own = row[label], first = row[0];
	unsigned before = 0;
	for (unsigned c = threadIdx.x % LANES; c < classes; c += LANES) before += row[c] > own || (row[c] == own && c < label) ? 1u : 0u;
	before = warp_sum(before);
	if (k == 1 && first != first) return label == 0;
	return own == own && before < k;
}

// topk_bits sets bit i%8 of byte i/8 when the label of sample i is among the k best of its row of scores: k = 1 is
// top-1 with ties to the first maximum, k = 5 is top-5 with ties to the lower index. A label outside 0..classes-1 is
// never among them. It writes ceil(samples/8) bytes, unused bits 0. With another network's first maxima as labels it is
// the agreement with that network.
// Launch: grid in x, 32 samples per block. Shared: 128 bytes, static. Bits: exact.
extern "C" __global__ void topk_bits(Byte *bits, const float *scores, const long long *labels, unsigned samples, unsigned classes, unsigned k) {
	__shared__ unsigned hit[SAMPLES_PER_BLOCK];
	const unsigned warp = threadIdx.x / LANES, warps = blockDim.x / LANES, lane = threadIdx.x % LANES;
	const unsigned groups = (samples + SAMPLES_PER_BLOCK - 1) / SAMPLES_PER_BLOCK;
	for (unsigned g = blockIdx.x; g < groups; g += gridDim.x) {
		for (unsigned i = warp; i < SAMPLES_PER_BLOCK; i += warps) {
			const unsigned sample = g * SAMPLES_PER_BLOCK + i;
			bool found = false;
			if (sample < samples && labels[sample] >= 0 && labels[sample] < (long long)classes) {
				found = among_best(scores + (Size)sample * classes, classes, (unsigned)labels[sample], k);
			}
			if (lane == 0) hit[i] = found ? 1u : 0u;
		}
		__syncthreads();
		if (warp == 0) {
			const unsigned word = __ballot_sync(ALL_LANES, hit[lane] != 0);
			const unsigned byte = g * (SAMPLES_PER_BLOCK / 8) + lane;
			if (lane < SAMPLES_PER_BLOCK / 8 && byte < (samples + 7) / 8) bits[byte] = (Byte)(word >> (8 * lane));
		}
		__syncthreads(); // hit is written again in the next round
	}
}

// ---------------------------------------------------------------------------------------------------- packing

// code_of numbers the steps of a grid from 0, its lowest code, and saturates at 65535.
template <int KIND> __device__ __forceinline__ unsigned code_of(const Params &p, float y) {
	const float q = KIND == KIND_MCTQ ? rintf((y - p.offset) / p.scale) : rintf(y / p.scale);
	return (unsigned)fminf(fmaxf(q - first_step<KIND>(p), 0.0f), 65535.0f);
}

// from_code returns the float32 that a code stands for.
template <int KIND> __device__ __forceinline__ float from_code(const Params &p, unsigned code) {
	return value_of<KIND>(p, (float)code + first_step<KIND>(p));
}

template <int KIND> __device__ __forceinline__ void pack_all(unsigned short *codes, const float *y, const Params &p, Size n) {
	const Size vectors = aligned16(y, codes) ? n / 4 : 0;
	for (Size i = thread_index(); i < vectors; i += thread_count()) {
		const float4 v = ((const float4 *)y)[i];
		const unsigned a = code_of<KIND>(p, v.x), b = code_of<KIND>(p, v.y), c = code_of<KIND>(p, v.z), d = code_of<KIND>(p, v.w);
		((Size *)codes)[i] = (Size)(a | b << 16) | (Size)(c | d << 16) << 32;
	}
	for (Size i = vectors * 4 + thread_index(); i < n; i += thread_count()) codes[i] = (unsigned short)code_of<KIND>(p, y[i]);
}

template <int KIND> __device__ __forceinline__ void unpack_all(float *y, const unsigned short *codes, const Params &p, Size n) {
	const Size vectors = aligned16(y, codes) ? n / 4 : 0;
	for (Size i = thread_index(); i < vectors; i += thread_count()) {
		const Size w = ((const Size *)codes)[i];
		float4 v;
		v.x = from_code<KIND>(p, (unsigned)w & 65535u), v.y = from_code<KIND>(p, (unsigned)(w >> 16) & 65535u);
		v.z = from_code<KIND>(p, (unsigned)(w >> 32) & 65535u), v.w = from_code<KIND>(p, (unsigned)(w >> 48));
		((float4 *)y)[i] = v;
	}
	for (Size i = vectors * 4 + thread_index(); i < n; i += thread_count()) y[i] = from_code<KIND>(p, codes[i]);
}

// pack16 stores values that lie on a grid as 16-bit codes, counted from the grid's lowest code; record points to one
// Params. A value beside the grid gets the nearest code, or the last one: the caller packs the outputs of fake_quant
// alone. A Torch grid is packed as a QDQ grid, since its values are the same multiples of the scale.
// Launch: grid in x. codes and y do not overlap. Moves 6 bytes per element.
extern "C" __global__ void pack16(unsigned short *codes, const float *y, const Params *record, Size n) {
	const Params p = *record;
	if (p.kind == KIND_MCTQ) pack_all<KIND_MCTQ>(codes, y, p, n);
	else pack_all<KIND_QDQ>(codes, y, p, n);
}

// unpack16 gives back the values that pack16 stored, bit for bit.
// Launch: grid in x. codes and y do not overlap. Moves 6 bytes per element.
extern "C" __global__ void unpack16(float *y, const unsigned short *codes, const Params *record, Size n) {
	const Params p = *record;
	if (p.kind == KIND_MCTQ) unpack_all<KIND_MCTQ>(y, codes, p, n);
	else unpack_all<KIND_QDQ>(y, codes, p, n);
}
