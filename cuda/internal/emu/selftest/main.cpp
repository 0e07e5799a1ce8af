// The emulated device's own test: a program that makes every mistake that the device promises to find. Exit code 0 if
// it found them all.
#include "selftest.h"

int failures = 0;
CUmodule module;

const char *const planted_entries =
    ".visible .entry correct_sum(.param .u64 a, .param .u64 b)\n.visible .entry some_leave(.param .u64 a)\n"
    ".visible .entry no_barrier(.param .u64 a)\n.visible .entry stale_shared(.param .u64 a)\n"
    ".visible .entry two_lines(.param .u64 a)\n.visible .entry lane_left(.param .u64 a)\n.visible .entry partial_warp(.param .u64 a)\n"
    ".visible .entry mixed_wait(.param .u64 a)\n.visible .entry past_the_end(.param .u64 a, .param .u32 b)\n";

std::string ptx(const std::string &head, const std::string &entries) { return "\n" + head + "\n.address_size 64\n" + entries; }

CUfunction kernel(const char *name) {
	CUfunction function = nullptr;
	EXPECT(cuModuleGetFunction(&function, module, name) == CUDA_SUCCESS);
	return function;
}

void open_context(CUcontext *context) {
	EXPECT(cuDevicePrimaryCtxRetain(context, 0) == CUDA_SUCCESS);
	EXPECT(cuCtxSetCurrent(*context) == CUDA_SUCCESS);
	EXPECT(cuModuleLoadData(&module, ptx(".version 6.3\n.target sm_75", planted_entries).c_str()) == CUDA_SUCCESS);
}

void close_context() {
	EXPECT(cuDevicePrimaryCtxRelease(0) == CUDA_SUCCESS);
	EXPECT(cuCtxSetCurrent(nullptr) == CUDA_SUCCESS);
	for (const char *what : {"live_allocations", "live_streams", "live_events", "live_modules", "live_contexts"}) EXPECT(demote_emu_counter(what) == 0);
}

int main() {
	CUdevice device;
	EXPECT(cuDeviceGet(&device, 0) == CUDA_ERROR_NOT_INITIALIZED);
	EXPECT(cuInit(1) == CUDA_ERROR_INVALID_VALUE);
	EXPECT(cuInit(0) == CUDA_SUCCESS);
	char name[64];
	EXPECT(cuDeviceGet(&device, 0) == CUDA_SUCCESS && cuDeviceGetName(name, sizeof name, device) == CUDA_SUCCESS);
	EXPECT(std::string(name) == "EMULATED device (no GPU)");
	EXPECT(cuDeviceGet(&device, 1) == CUDA_ERROR_INVALID_DEVICE);
	test_contexts();
	test_modules();
	test_streams();
	test_kernels();
	std::printf("emulated device: %d expectations failed\n", failures);
	return failures == 0 ? 0 : 1;
}
