/* Prints what a cuda.h says: the value of each constant, the layout of each struct, the symbol behind each function. `make ptx` builds it
 * against our own header and against NVIDIA's, and compares the output. layout.def lists constants and functions, made from ours. */
#include <cuda.h>
#include <stddef.h>
#include <stdio.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define SIZE(type) printf("sizeof " #type " %zu\n", sizeof(type));
#define AT(type, member) printf("offsetof " #type "." #member " %zu\n", offsetof(type, member));

int main(void) {
#define VALUE(name) printf(#name " %d\n", (int)name);
#define FUNCTION(name) printf("%s is %s\n", #name, TEXT(name));
#include "layout.def"
	SIZE(CUdevice) SIZE(CUdeviceptr) SIZE(CUcontext) SIZE(CUstream) SIZE(CUuuid) SIZE(CUresult) SIZE(CUmemorytype) SIZE(cuuint32_t)
	SIZE(CUDA_ARRAY_DESCRIPTOR) AT(CUDA_ARRAY_DESCRIPTOR, Format) AT(CUDA_ARRAY_DESCRIPTOR, NumChannels)
	SIZE(CUDA_ARRAY3D_DESCRIPTOR) AT(CUDA_ARRAY3D_DESCRIPTOR, Depth) AT(CUDA_ARRAY3D_DESCRIPTOR, Flags)
	SIZE(CUDA_MEMCPY2D) AT(CUDA_MEMCPY2D, srcDevice) AT(CUDA_MEMCPY2D, dstMemoryType) AT(CUDA_MEMCPY2D, dstPitch) AT(CUDA_MEMCPY2D, Height)
	SIZE(CUDA_MEMCPY3D) AT(CUDA_MEMCPY3D, reserved0) AT(CUDA_MEMCPY3D, dstXInBytes) AT(CUDA_MEMCPY3D, dstPitch) AT(CUDA_MEMCPY3D, Depth)
	SIZE(CUDA_MEMCPY3D_PEER) AT(CUDA_MEMCPY3D_PEER, srcContext) AT(CUDA_MEMCPY3D_PEER, dstContext) AT(CUDA_MEMCPY3D_PEER, Depth)
	SIZE(CUDA_KERNEL_NODE_PARAMS) AT(CUDA_KERNEL_NODE_PARAMS, sharedMemBytes) AT(CUDA_KERNEL_NODE_PARAMS, kernelParams)
	AT(CUDA_KERNEL_NODE_PARAMS, ctx)
	SIZE(CUDA_MEMSET_NODE_PARAMS) AT(CUDA_MEMSET_NODE_PARAMS, value) AT(CUDA_MEMSET_NODE_PARAMS, height)
	SIZE(CUDA_HOST_NODE_PARAMS) AT(CUDA_HOST_NODE_PARAMS, userData)
	return 0;
}
