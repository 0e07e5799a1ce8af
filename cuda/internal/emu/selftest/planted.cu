// Kernels with planted mistakes, for the emulated device's own test: it must find each of them. Two are correct, as a
// control.

#define LANES 32u

// Correct: the sum over a block of 256 by warps and shared memory.
extern "C" __global__ void correct_sum(unsigned *out, const unsigned *in) {
	__shared__ unsigned part[8];
	unsigned v = in[blockIdx.x * blockDim.x + threadIdx.x];
	for (unsigned step = LANES / 2; step > 0; step /= 2) v += __shfl_xor_sync(0xffffffffu, v, step);
	if (threadIdx.x % LANES == 0) part[threadIdx.x / LANES] = v;
	__syncthreads();
	if (threadIdx.x < LANES) {
		unsigned w = threadIdx.x < 8 ? part[threadIdx.x] : 0;
		for (unsigned step = LANES / 2; step > 0; step /= 2) w += __shfl_xor_sync(0xffffffffu, w, step);
		if (threadIdx.x == 0) out[blockIdx.x] = w;
	}
}

// Correct: threads that have left do not count at a barrier (compute capability 7 and later).
extern "C" __global__ void some_leave(unsigned *out) {
	__shared__ unsigned at;
	if (threadIdx.x >= 64) return;
	if (threadIdx.x == 0) at = 7;
	__syncthreads();
	out[threadIdx.x] = at;
}

// Reads what a neighbour wrote, without a barrier.
extern "C" __global__ void no_barrier(unsigned *out) {
	__shared__ unsigned slot[256];
	slot[threadIdx.x] = threadIdx.x;
	out[threadIdx.x] = slot[(threadIdx.x + 100) % 256];
}

// Reads shared memory that nobody wrote.
extern "C" __global__ void stale_shared(unsigned *out) {
	__shared__ unsigned slot;
	if (threadIdx.x == 0) out[blockIdx.x] = slot;
}

// Two barriers, each reached by half of the threads.
extern "C" __global__ void two_lines(unsigned *out) {
	if (threadIdx.x % 2) {
		__syncthreads();
	} else {
		__syncthreads();
	}
	out[threadIdx.x] = 2;
}

// A shuffle that names a lane which has left.
extern "C" __global__ void lane_left(unsigned *out) {
	if (threadIdx.x == 3) return;
	out[threadIdx.x] = __shfl_xor_sync(0xffffffffu, threadIdx.x, 1u);
}

// A ballot of a full warp where the block ends in the middle of one.
extern "C" __global__ void partial_warp(unsigned *out) { out[threadIdx.x] = __ballot_sync(0xffffffffu, threadIdx.x % 2 == 0); }

// A warp of which half waits at a barrier and half at a shuffle.
extern "C" __global__ void mixed_wait(unsigned *out) {
	if (threadIdx.x < 16) __syncthreads();
	else out[threadIdx.x] = __shfl_xor_sync(0xffffffffu, threadIdx.x, 1u);
}

// Writes one element too many, and one far away.
extern "C" __global__ void past_the_end(unsigned *out, unsigned n) {
	if (threadIdx.x == 0) out[n] = 1;
}
