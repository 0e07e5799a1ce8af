// What kernels.cu does in front of a grid, for all floats: its own function, compiled for the vectors of the host, held
// against values from elsewhere. Included behind kernels.cu.

namespace emu {
namespace {

struct Fronted {
	Front front;
	unsigned first; // bits of the first float
	const float *want;
	size_t n;
	size_t *where; // the first that differs
};

// Two values are the same to a grid if they are equal, such as 0 and -0, or both NaN.
template <unsigned DOES> __attribute__((target("avx2,fma"), optimize("O3", "no-trapping-math"))) size_t different(const Fronted &f) {
	Front front = f.front;
	front.does = DOES;
	size_t all = 0;
	for (size_t at = 0; at < f.n; at += 4096) {
		const unsigned n = (unsigned)(f.n - at < 4096 ? f.n - at : 4096), first = f.first + (unsigned)at;
		const float *want = f.want + at;
		unsigned differ = 0;
		for (unsigned i = 0; i < n; i++) {
			const unsigned bits = first + i;
			float x;
			std::memcpy(&x, &bits, sizeof x);
			const float v = fronted(front, x, x), w = want[i];
			differ += !((v == w) | ((v != v) & (w != w)));
		}
		if (differ && !all) {
			for (unsigned i = 0; i < n; i++) {
				const float x = bits_to_float(first + i), v = fronted(front, x, x);
				if (v == want[i] || (v != v && want[i] != want[i])) continue;
				*f.where = at + i;
				break;
			}
		}
		all += differ;
	}
	return all;
}

// The combinations that are compiled.
template <unsigned... DOES> size_t choose(unsigned does, const Fronted &f) {
	size_t all = ~(size_t)0;
	((does == DOES ? (void)(all = different<DOES>(f)) : (void)0), ...);
	return all;
}

} // namespace
} // namespace emu

// Compares n floats from the bits first on, each its own partner; numbers are below, above and the five of the line. It
// returns how many differ from want, and where the first does; ~0 if that front is not compiled or
// the processor is too old.
extern "C" size_t demote_emu_fronts(unsigned does, const float *numbers, unsigned first, const float *want, size_t n, size_t *where) {
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return ~(size_t)0;
	const float *l = numbers;
	const emu::Fronted f = {{does, l[0], l[1], l[2], l[3], l[4], l[5], l[6]}, first, want, n, where};
	return emu::choose<0, FRONT_ADD, FRONT_MUL, FRONT_SIGMOID, FRONT_GATE, 16, 16 | 32, 16 | 64, 16 | 32 | 64, 16 | 32 | 128, 16 | 256, 16 | 32 | 256,
	                   16 | 64 | 256, 16 | 32 | 64 | 256, 16 | 32 | 128 | 256>(does, f);
}
