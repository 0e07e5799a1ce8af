// Driver calls about memory: device and pinned allocations, and what is known about an address.
#include "emu.h"

using namespace emu;

extern "C" {

CUresult cuMemGetInfo(size_t *free, size_t *total) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuMemGetInfo_v2", CONTEXT, &context)) return code;
	*total = settings.memory;
	*free = settings.memory - std::min(settings.memory, used_bytes(context->device));
	return CUDA_SUCCESS;
}

CUresult cuMemAlloc(CUdeviceptr *out, size_t bytes) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuMemAlloc_v2", CONTEXT, &context)) return code;
	return allocate(context, bytes, out);
}

// cuMemFree waits for the device, as the real one does.
CUresult cuMemFree(CUdeviceptr address) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuMemFree_v2", CONTEXT, &context)) return code;
	if (address == 0) return CUDA_SUCCESS;
	if (CUresult code = drain(context)) return code;
	return release(context, address);
}

CUresult cuMemHostAlloc(void **out, size_t bytes, unsigned int) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuMemHostAlloc", CONTEXT, &context)) return code;
	return allocate_host(context, bytes, out);
}

CUresult cuMemFreeHost(void *address) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuMemFreeHost", CONTEXT, &context)) return code;
	if (CUresult code = drain(context)) return code;
	return release_host(address);
}

CUresult cuMemGetAddressRange(CUdeviceptr *base, size_t *bytes, CUdeviceptr address) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuMemGetAddressRange_v2", CONTEXT, &context)) return code;
	CUdeviceptr found = 0;
	size_t size = 0;
	if (!allocation_of(address, &found, &size)) return CUDA_ERROR_INVALID_VALUE;
	if (base) *base = found;
	if (bytes) *bytes = size;
	return CUDA_SUCCESS;
}

CUresult cuPointerGetAttribute(void *out, CUpointer_attribute which, CUdeviceptr address) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuPointerGetAttribute", INITIALIZED)) return code;
	CUdeviceptr base = 0;
	size_t size = 0;
	const bool device = allocation_of(address, &base, &size), host = is_pinned(reinterpret_cast<void *>(address), 1);
	if (!out || (!device && !host)) return CUDA_ERROR_INVALID_VALUE;
	switch (which) {
	case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
		*static_cast<unsigned *>(out) = device ? CU_MEMORYTYPE_DEVICE : CU_MEMORYTYPE_HOST;
		return CUDA_SUCCESS;
	case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
		*static_cast<CUdeviceptr *>(out) = address;
		return CUDA_SUCCESS;
	default: return CUDA_ERROR_NOT_SUPPORTED;
	}
}

} // extern "C"
