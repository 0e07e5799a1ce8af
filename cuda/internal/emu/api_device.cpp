// Driver calls about the machine: initialization, versions, devices, error names.
#include "emu.h"

#include <cstdio>
#include <cstring>

using namespace emu;

namespace {

bool known(CUdevice device) { return device >= 0 && device < settings.devices; }

// attribute values of the emulated device; limits are those that every device from capability 7.5 on shares.
int attribute(CUdevice_attribute which) {
	switch (which) {
	case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK: return 1024;
	case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X: return 1024;
	case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y: return 1024;
	case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z: return 64;
	case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X: return 2147483647;
	case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y: return 65535;
	case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z: return 65535;
	case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK: return 49152;
	case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR: return 65536;
	case CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY: return 65536;
	case CU_DEVICE_ATTRIBUTE_WARP_SIZE: return 32;
	case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK: return 65536;
	case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR: return 65536;
	case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR: return 1024;
	case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: return 2; // few blocks: they run one after another here
	case CU_DEVICE_ATTRIBUTE_CLOCK_RATE: return 1000000;
	case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING: return 1;
	case CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY: return 1;
	case CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT: return 1;
	case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: return settings.capability / 10;
	case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: return settings.capability % 10;
	default: return 0;
	}
}

struct Name {
	CUresult code;
	const char *name, *text;
};
#define NAME(code, text) {code, #code, text}
const Name names[] = {
    NAME(CUDA_SUCCESS, "no error"), NAME(CUDA_ERROR_INVALID_VALUE, "invalid argument"), NAME(CUDA_ERROR_OUT_OF_MEMORY, "out of memory"),
    NAME(CUDA_ERROR_NOT_INITIALIZED, "initialization error"), NAME(CUDA_ERROR_NO_DEVICE, "no CUDA-capable device is detected"),
    NAME(CUDA_ERROR_INVALID_DEVICE, "invalid device ordinal"), NAME(CUDA_ERROR_INVALID_IMAGE, "device kernel image is invalid"),
    NAME(CUDA_ERROR_INVALID_CONTEXT, "invalid device context"), NAME(CUDA_ERROR_NO_BINARY_FOR_GPU, "no kernel image is available for execution on the device"),
    NAME(CUDA_ERROR_INVALID_PTX, "a PTX JIT compilation failed"), NAME(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "the provided PTX was compiled with an unsupported toolchain"),
    NAME(CUDA_ERROR_ECC_UNCORRECTABLE, "uncorrectable ECC error encountered"), NAME(CUDA_ERROR_INVALID_HANDLE, "invalid resource handle"),
    NAME(CUDA_ERROR_NOT_FOUND, "named symbol not found"), NAME(CUDA_ERROR_NOT_READY, "device not ready"),
    NAME(CUDA_ERROR_ILLEGAL_ADDRESS, "an illegal memory access was encountered"),
    NAME(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "too many resources requested for launch"), NAME(CUDA_ERROR_LAUNCH_TIMEOUT, "the launch timed out and was terminated"),
    NAME(CUDA_ERROR_CONTEXT_IS_DESTROYED, "context is destroyed"), NAME(CUDA_ERROR_LAUNCH_FAILED, "unspecified launch failure"),
    NAME(CUDA_ERROR_NOT_SUPPORTED, "operation not supported"),
};

const Name *find(CUresult code) {
	for (const Name &entry : names) {
		if (entry.code == code) return &entry;
	}
	return nullptr;
}

} // namespace

extern "C" {

CUresult cuInit(unsigned int flags) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuInit", NOTHING)) return code;
	if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
	if (settings.devices == 0) return CUDA_ERROR_NO_DEVICE;
	initialized = true;
	return CUDA_SUCCESS;
}

CUresult cuDriverGetVersion(int *version) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuDriverGetVersion", NOTHING)) return code;
	*version = settings.driver;
	return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *count) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuDeviceGetCount", INITIALIZED)) return code;
	*count = settings.devices;
	return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuDeviceGet", INITIALIZED)) return code;
	if (!known(ordinal)) return CUDA_ERROR_INVALID_DEVICE;
	*device = ordinal;
	return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuDeviceGetName", INITIALIZED)) return code;
	if (!known(device)) return CUDA_ERROR_INVALID_DEVICE;
	std::snprintf(name, size_t(length), "EMULATED device (no GPU)");
	return CUDA_SUCCESS;
}

CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice device) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuDeviceGetUuid", INITIALIZED)) return code;
	if (!known(device)) return CUDA_ERROR_INVALID_DEVICE;
	std::memset(uuid, 0, sizeof *uuid);
	std::memcpy(uuid->bytes, "EMULATED", 8);
	uuid->bytes[15] = char(device);
	return CUDA_SUCCESS;
}

CUresult cuDeviceTotalMem(size_t *bytes, CUdevice device) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuDeviceTotalMem_v2", INITIALIZED)) return code;
	if (!known(device)) return CUDA_ERROR_INVALID_DEVICE;
	*bytes = settings.memory;
	return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute which, CUdevice device) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuDeviceGetAttribute", INITIALIZED)) return code;
	if (!known(device)) return CUDA_ERROR_INVALID_DEVICE;
	*value = attribute(which);
	return CUDA_SUCCESS;
}

CUresult cuGetErrorName(CUresult code, const char **name) {
	const Name *entry = find(code);
	*name = entry ? entry->name : nullptr;
	return entry ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGetErrorString(CUresult code, const char **text) {
	const Name *entry = find(code);
	*text = entry ? entry->text : nullptr;
	return entry ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

} // extern "C"
