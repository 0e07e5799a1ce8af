// integer.cu: convolutions and matrix products of grids, as sums of integers. A prototype: no search launches it.
//
// What lies on an 8-bit grid is a byte, its code; what lies on a 16-bit one is two, in planes of their own: code =
// 256 * high + low + 128, all of them from -128 to 127. A step on the grid, whose value is step * scale, is code +
// offset, so that a sum of weight * step is one of weight * code, and of the weights, times a number. Channels lie
// together, four to a word, filled up with weights of 0.
//
// The inner product is __dp4a, four products a lane (capability 6.1). Tensor cores would compute the same integers by
// mma.m16n8k32 of s8 and s32 (8.0 and newer; m8n8k16 on 7.5), on tiles in shared memory; the sums have no rounding, so
// the order and the unit are free. Nothing else here would change.
//
// Written as kernels.cu, for the same compilers: sums are exact, and each operation behind them is rounded once. Host
// twin: package integer.

typedef signed char Code;
typedef unsigned long long Size;

// Shape is a convolution: samples of height * width places with so many words of channels, and what is made of them.
struct Shape {
	int samples, height, width, words;
	int out_height, out_width, channels;
	int kernel_height, kernel_width, stride_y, stride_x, pad_y, pad_x, dilation_y, dilation_x;
	int zero_high, zero_low; // words of the codes of zero, for what lies outside
};

// Channel is what a channel's sum becomes: (sum + steps) * scale + bias.
struct Channel {
	long long steps; // the weights' sum times what a code lacks to a step
	float scale, bias;
};

// Finish is what follows: a clip, and the next grid, of 8 or 16 bits; of 0 bits, floats are written. A code of it is
// its step less first.
struct Finish {
	float below, above;
	float scale, lo, hi;
	int first, bits;
};

__device__ __forceinline__ Size thread_index() { return (Size)blockIdx.x * blockDim.x + threadIdx.x; }
__device__ __forceinline__ Size thread_count() { return (Size)gridDim.x * blockDim.x; }

__device__ __forceinline__ float clipped(float x, float below, float above) {
	x = x < below ? below : x;
	return x > above ? above : x;
}

// write puts one sum where it belongs: place at of a tensor with so many channels.
__device__ __forceinline__ void write(void *y, Code *low, Size at, int channel, int channels, long long sum, const Channel &c, const Finish &f) {
	const float v = clipped((float)(sum + c.steps) * c.scale + c.bias, f.below, f.above);
	if (f.bits == 0) {
		((float *)y)[at * channels + channel] = v;
		return;
	}
	const int code = (int)rintf(fminf(fmaxf(v / f.scale, f.lo), f.hi)) - f.first;
	const Size to = at * (((Size)channels + 3) / 4 * 4) + channel;
	if (f.bits == 8) {
		((Code *)y)[to] = (Code)code;
		return;
	}
	((Code *)y)[to] = (Code)(code >> 8);
	low[to] = (Code)((code & 255) - 128);
}

// A sum of two planes is up to 2^8 times one of a plane: 64 bits. Each has 32.
template <bool TWO> struct Sum {
	int high, low;
	__device__ __forceinline__ void add(int h, int l, int w) {
		high = __dp4a(h, w, high);
		if (TWO) low = __dp4a(l, w, low);
	}
	__device__ __forceinline__ long long all() const { return TWO ? (long long)high * 256 + low : (long long)high; }
};

template <bool TWO>
__device__ __forceinline__ void convolve(void *y, Code *y_low, const int *high, const int *low, const int *weights, const Shape &s, const Channel *channels,
                                         const Finish &f) {
	const Size all = (Size)s.samples * s.out_height * s.out_width * s.channels;
	for (Size i = thread_index(); i < all; i += thread_count()) {
		const int channel = (int)(i % s.channels), ox = (int)(i / s.channels % s.out_width);
		const int oy = (int)(i / s.channels / s.out_width % s.out_height), sample = (int)(i / s.channels / s.out_width / s.out_height);
		const int *w = weights + (Size)channel * s.kernel_height * s.kernel_width * s.words;
		Sum<TWO> sum = {0, 0};
		for (int ky = 0; ky < s.kernel_height; ky++) {
			const int iy = oy * s.stride_y - s.pad_y + ky * s.dilation_y;
			for (int kx = 0; kx < s.kernel_width; kx++, w += s.words) {
				const int ix = ox * s.stride_x - s.pad_x + kx * s.dilation_x;
				if (iy < 0 || iy >= s.height || ix < 0 || ix >= s.width) {
					for (int k = 0; k < s.words; k++) sum.add(s.zero_high, s.zero_low, w[k]);
					continue;
				}
				const Size at = (((Size)sample * s.height + iy) * s.width + ix) * s.words;
				for (int k = 0; k < s.words; k++) sum.add(high[at + k], TWO ? low[at + k] : 0, w[k]);
			}
		}
		write(y, y_low, i / s.channels, channel, s.channels, sum.all(), channels[channel], f);
	}
}

// conv_s8 and conv_s16 are a convolution of codes of 8 and of 16 bits with weights of 8: [channels, kernel_height,
// kernel_width, words]. y and y_low are planes, or y floats, channels last. The sum of a plane must fit into 32 bits:
// at most 131,071 products (integer.MaxProducts).
// Launch: grid in x. Bits: integer.Layer.
extern "C" __global__ void conv_s8(void *y, Code *y_low, const int *codes, const int *weights, const Shape *s, const Channel *channels, const Finish *f) {
	convolve<false>(y, y_low, codes, codes, weights, *s, channels, *f);
}

extern "C" __global__ void conv_s16(void *y, Code *y_low, const int *high, const int *low, const int *weights, const Shape *s, const Channel *channels,
                                    const Finish *f) {
	convolve<true>(y, y_low, high, low, weights, *s, channels, *f);
}

template <bool TWO>
__device__ __forceinline__ void multiply(void *y, Code *y_low, const int *high, const int *low, const int *weights, int rows, int words, int columns,
                                         const Channel *channels, const Finish &f) {
	for (Size i = thread_index(); i < (Size)rows * columns; i += thread_count()) {
		const Size row = i / columns;
		const int column = (int)(i % columns);
		Sum<TWO> sum = {0, 0};
		for (int k = 0; k < words; k++) {
			sum.add(high[row * words + k], TWO ? low[row * words + k] : 0, weights[(Size)column * words + k]);
		}
		write(y, y_low, row, column, columns, sum.all(), channels[column], f);
	}
}

// product_s8 and product_s16 are a matrix product: rows of codes with columns of weights, each of so many words.
// Launch: grid in x. Bits: integer.Layer with a kernel of one place.
extern "C" __global__ void product_s8(void *y, Code *y_low, const int *codes, const int *weights, int rows, int words, int columns, const Channel *channels,
                                      const Finish *f) {
	multiply<false>(y, y_low, codes, codes, weights, rows, words, columns, channels, *f);
}

extern "C" __global__ void product_s16(void *y, Code *y_low, const int *high, const int *low, const int *weights, int rows, int words, int columns,
                                       const Channel *channels, const Finish *f) {
	multiply<true>(y, y_low, high, low, weights, rows, words, columns, channels, *f);
}
