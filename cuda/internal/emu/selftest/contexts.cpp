// Mistakes with contexts, threads, handles and modules.
#include "selftest.h"

#include <thread>

void test_contexts() {
	CUdeviceptr memory = 0;
	EXPECT(cuMemAlloc(&memory, 4) == CUDA_ERROR_INVALID_CONTEXT);
	demote_emu_configure("devices=2");
	CUcontext first, second;
	open_context(&first);
	EXPECT(cuMemAlloc(&memory, 4) == CUDA_SUCCESS);
	CUstream stream;
	CUevent event;
	EXPECT(cuStreamCreate(&stream, 0) == CUDA_SUCCESS && cuEventCreate(&event, 0) == CUDA_SUCCESS);

	CUresult elsewhere = CUDA_SUCCESS; // the context is current on this thread only
	std::thread([&elsewhere] { elsewhere = cuCtxSynchronize(); }).join();
	EXPECT(elsewhere == CUDA_ERROR_INVALID_CONTEXT);

	EXPECT(cuDevicePrimaryCtxRetain(&second, 1) == CUDA_SUCCESS && cuCtxPushCurrent(second) == CUDA_SUCCESS);
	EXPECT(cuStreamSynchronize(stream) == CUDA_ERROR_INVALID_HANDLE && cuEventQuery(event) == CUDA_ERROR_INVALID_HANDLE);
	EXPECT(cuMemFree(memory) == CUDA_ERROR_INVALID_VALUE && cuMemsetD8(memory, 0, 1) == CUDA_ERROR_INVALID_VALUE);
	EXPECT(cuModuleUnload(module) == CUDA_ERROR_INVALID_HANDLE);
	EXPECT(cuCtxDestroy(second) == CUDA_ERROR_INVALID_CONTEXT); // a primary context is released
	EXPECT(cuDevicePrimaryCtxRelease(1) == CUDA_SUCCESS);
	EXPECT(cuCtxSynchronize() == CUDA_ERROR_CONTEXT_IS_DESTROYED); // it was current here
	EXPECT(cuCtxPopCurrent(&second) == CUDA_SUCCESS && cuCtxSynchronize() == CUDA_SUCCESS);
	EXPECT(cuDevicePrimaryCtxRelease(1) == CUDA_ERROR_INVALID_CONTEXT);

	CUcontext own;
	EXPECT(cuCtxCreate(&own, 0, 0) == CUDA_SUCCESS);
	EXPECT(cuMemFree(memory) == CUDA_ERROR_INVALID_VALUE); // of the primary context, not of this one
	EXPECT(cuCtxDestroy(own) == CUDA_SUCCESS && cuCtxDestroy(own) != CUDA_SUCCESS);
	close_context();
	demote_emu_reset();
}

void test_modules() {
	CUcontext context;
	open_context(&context);
	const struct {
		const char *head, *entries;
		CUresult want;
	} images[] = {
	    {"ELF", "", CUDA_ERROR_INVALID_IMAGE},
	    {".version 6.3\n.target sm_75", "", CUDA_ERROR_INVALID_PTX},
	    {".version 6.3\n.target sm_90", planted_entries, CUDA_ERROR_NO_BINARY_FOR_GPU},
	    {".version 9.0\n.target sm_75", planted_entries, CUDA_ERROR_UNSUPPORTED_PTX_VERSION},
	    {".version 6.3\n.target sm_75", ".visible .entry nobody(.param .u64 a)\n", CUDA_ERROR_INVALID_PTX},
	    {".version 6.3\n.target sm_75", ".visible .entry some_leave(.param .u32 a)\n", CUDA_ERROR_INVALID_PTX},
	    {".version 6.3\n.target sm_80", planted_entries, CUDA_SUCCESS},
	};
	for (const auto &image : images) {
		CUmodule loaded = nullptr;
		EXPECT(cuModuleLoadData(&loaded, ptx(image.head, image.entries).c_str()) == image.want);
		if (image.want == CUDA_SUCCESS) EXPECT(cuModuleUnload(loaded) == CUDA_SUCCESS && cuModuleUnload(loaded) == CUDA_ERROR_INVALID_HANDLE);
	}
	CUfunction function;
	EXPECT(cuModuleGetFunction(&function, module, "nobody") == CUDA_ERROR_NOT_FOUND);
	EXPECT(cuMemAllocManaged(nullptr, 1, 1) == CUDA_ERROR_NOT_SUPPORTED);
	EXPECT(std::string(demote_emu_report()) == "cuMemAllocManaged is not emulated");
	close_context();
	demote_emu_reset();
}
