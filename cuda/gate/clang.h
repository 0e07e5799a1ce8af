/* What clang lacks when it compiles kernels.cu without NVIDIA's headers: qualifiers, indices, vector types and the intrinsics that the
 * kernels use. NVRTC and nvcc bring their own. */
#ifndef DEMOTE_GATE_CLANG_H
#define DEMOTE_GATE_CLANG_H

#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __forceinline__ inline __attribute__((always_inline))

struct __attribute__((aligned(16))) float4 {
  float x, y, z, w;
};

/* Special registers, read where they are named. */
struct demote_thread { __declspec(property(get = get_x)) unsigned x; static __device__ __forceinline__ unsigned get_x() { return __nvvm_read_ptx_sreg_tid_x(); } };
struct demote_block {
  __declspec(property(get = get_x)) unsigned x;
  __declspec(property(get = get_y)) unsigned y;
  static __device__ __forceinline__ unsigned get_x() { return __nvvm_read_ptx_sreg_ctaid_x(); }
  static __device__ __forceinline__ unsigned get_y() { return __nvvm_read_ptx_sreg_ctaid_y(); }
};
struct demote_block_size { __declspec(property(get = get_x)) unsigned x; static __device__ __forceinline__ unsigned get_x() { return __nvvm_read_ptx_sreg_ntid_x(); } };
struct demote_grid {
  __declspec(property(get = get_x)) unsigned x;
  __declspec(property(get = get_y)) unsigned y;
  static __device__ __forceinline__ unsigned get_x() { return __nvvm_read_ptx_sreg_nctaid_x(); }
  static __device__ __forceinline__ unsigned get_y() { return __nvvm_read_ptx_sreg_nctaid_y(); }
};
#define threadIdx (demote_thread())
#define blockIdx (demote_block())
#define blockDim (demote_block_size())
#define gridDim (demote_grid())

#define rintf __builtin_rintf
#define fmaxf __builtin_fmaxf
#define fminf __builtin_fminf
#define fmaf __builtin_fmaf

#define __syncthreads_or(value) __nvvm_bar0_or(value)
#define __ballot_sync(mask, value) ((unsigned)__nvvm_vote_ballot_sync(mask, value))
#define __int_as_float(i) __builtin_bit_cast(float, i)
#define __float_as_int(f) __builtin_bit_cast(int, f)

static __device__ __forceinline__ unsigned __shfl_xor_sync(unsigned mask, unsigned value, unsigned step) {
  return (unsigned)__nvvm_shfl_sync_bfly_i32(mask, (int)value, (int)step, 31);
}
static __device__ __forceinline__ float __shfl_xor_sync(unsigned mask, float value, unsigned step) {
  return __nvvm_shfl_sync_bfly_f32(mask, value, (int)step, 31);
}

#endif
