// What the CUDA compiler provides and kernels.cu uses, for the host build: qualifiers, indices, vector types,
// intrinsics. Every function here acts for the CUDA thread whose fiber is running.
#ifndef DEMOTE_EMU_HOST_H
#define DEMOTE_EMU_HOST_H

#include <cmath>
#include <cstddef>
#include <cstring>

#define __global__
#define __device__
#define __forceinline__ inline __attribute__((always_inline))
// Shared memory is static, in a section that the block runner poisons before every block.
#define __shared__ static __attribute__((section("demote_shared")))

struct alignas(16) float4 {
	float x, y, z, w;
};

namespace emu {

struct Index {
	unsigned x, y, z;
};
extern Index grid_size, block_size, block_at; // of the block that runs
extern Index thread_at;                       // of the fiber that runs, set at every switch

void barrier(const char *file, int line);
int barrier_or(int value, const char *file, int line);
unsigned exchange(unsigned mask, unsigned value, unsigned lane, const char *file, int line); // value of another lane
unsigned ballot(unsigned mask, bool value, const char *file, int line);
unsigned lane_now();

inline float bits_to_float(unsigned bits) {
	float f;
	std::memcpy(&f, &bits, sizeof f);
	return f;
}
inline unsigned float_to_bits(float f) {
	unsigned bits;
	std::memcpy(&bits, &f, sizeof bits);
	return bits;
}

// The device's max and min return the other operand for a NaN.
inline float device_max(float a, float b) { return a != a ? b : b > a ? b : a; }
inline float device_min(float a, float b) { return a != a ? b : b < a ? b : a; }

// The sum of four products of signed bytes and of c.
inline int dot4(int a, int b, int c) {
	for (int i = 0; i < 32; i += 8) c += (signed char)(a >> i) * (signed char)(b >> i);
	return c;
}

inline float exchange(unsigned mask, float value, unsigned lane, const char *file, int line) {
	return bits_to_float(exchange(mask, float_to_bits(value), lane, file, line));
}

} // namespace emu

#define gridDim (emu::grid_size)
#define blockDim (emu::block_size)
#define blockIdx (emu::block_at)
#define threadIdx (emu::thread_at)
#define __syncthreads() emu::barrier(__FILE__, __LINE__)
#define __syncthreads_or(value) emu::barrier_or(value, __FILE__, __LINE__)
#define __shfl_xor_sync(mask, value, step) emu::exchange(mask, value, emu::lane_now() ^ (step), __FILE__, __LINE__)
#define __ballot_sync(mask, value) emu::ballot(mask, value, __FILE__, __LINE__)
#define __int_as_float(i) emu::bits_to_float((unsigned)(i))
#define __float_as_int(f) ((int)emu::float_to_bits(f))
#define __dp4a emu::dot4
#define fmaxf emu::device_max
#define fminf emu::device_min

#endif
