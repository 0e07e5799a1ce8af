// Driver calls that move or fill memory.
//
// Host memory of an asynchronous copy: pinned memory is read or written when the copy runs, and a destination is
// poisoned until then; pageable memory makes the call wait, as the real driver's staging does, and is counted, because
// a caller who wanted an asynchronous copy did not get one.
#include "emu.h"

#include <cstring>

using namespace emu;

namespace {

const unsigned char unread = 0xa5; // what an asynchronous copy's host destination holds until the copy has run

struct Copy {
	void *to;
	const void *from;
	size_t bytes;
	uint64_t *copies, *moved;
	bool poisons; // the destination is pinned host memory that nobody may read yet
};

Op op_of(const Copy &copy) {
	Op op;
	op.name = "copy";
	op.run = [copy] {
		std::memcpy(copy.to, copy.from, copy.bytes);
		return CUDA_SUCCESS;
	};
	return op;
}

// submit checks the device side of a copy and queues it; wait: until it has run.
CUresult submit(const char *call, Copy copy, CUdeviceptr device, CUdeviceptr second, CUstream on, bool wait) {
	Context *context;
	if (CUresult code = enter(call, CONTEXT, &context)) return code;
	Stream *stream = stream_of(context, on);
	if (!stream) return CUDA_ERROR_INVALID_HANDLE;
	if (copy.bytes == 0) return CUDA_SUCCESS;
	if (CUresult code = check_range(context, device, copy.bytes)) return code;
	if (second) {
		if (CUresult code = check_range(context, second, copy.bytes)) return code;
	}
	if (copy.poisons) std::memset(copy.to, unread, copy.bytes);
	++*copy.copies, *copy.moved += copy.bytes;
	if (CUresult code = enqueue(stream, op_of(copy))) return code;
	return wait ? drain(stream) : CUDA_SUCCESS;
}

const void *at(CUdeviceptr address) { return reinterpret_cast<const void *>(address); }
void *to(CUdeviceptr address) { return reinterpret_cast<void *>(address); }

CUresult up(const char *call, CUdeviceptr device, const void *host, size_t bytes, CUstream on, bool asynchronous) {
	std::lock_guard<std::recursive_mutex> held(lock);
	const bool pinned = is_pinned(host, bytes);
	if (asynchronous && !pinned) counters.pageable++;
	return submit(call, {to(device), host, bytes, &counters.up_copies, &counters.up_bytes, false}, device, 0, on, !asynchronous || !pinned);
}

CUresult down(const char *call, void *host, CUdeviceptr device, size_t bytes, CUstream on, bool asynchronous) {
	std::lock_guard<std::recursive_mutex> held(lock);
	const bool pinned = is_pinned(host, bytes);
	if (asynchronous && !pinned) counters.pageable++;
	return submit(call, {host, at(device), bytes, &counters.down_copies, &counters.down_bytes, asynchronous && pinned}, device, 0, on, !asynchronous || !pinned);
}

CUresult across(const char *call, CUdeviceptr device, CUdeviceptr source, size_t bytes, CUstream on, bool wait) {
	std::lock_guard<std::recursive_mutex> held(lock);
	return submit(call, {to(device), at(source), bytes, &counters.device_copies, &counters.device_bytes, false}, device, source, on, wait);
}

template <class T> CUresult fill(const char *call, CUdeviceptr device, T value, size_t count, CUstream on, bool wait) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter(call, CONTEXT, &context)) return code;
	Stream *stream = stream_of(context, on);
	if (!stream) return CUDA_ERROR_INVALID_HANDLE;
	if (device % sizeof(T) != 0) return CUDA_ERROR_INVALID_VALUE;
	if (count == 0) return CUDA_SUCCESS;
	if (CUresult code = check_range(context, device, count * sizeof(T))) return code;
	Op op;
	op.name = "fill";
	op.run = [device, value, count] {
		T *values = static_cast<T *>(to(device));
		for (size_t i = 0; i < count; i++) values[i] = value;
		return CUDA_SUCCESS;
	};
	if (CUresult code = enqueue(stream, std::move(op))) return code;
	return wait ? drain(stream) : CUDA_SUCCESS;
}

} // namespace

extern "C" {

CUresult cuMemcpyHtoD(CUdeviceptr device, const void *host, size_t bytes) { return up("cuMemcpyHtoD_v2", device, host, bytes, nullptr, false); }
CUresult cuMemcpyHtoDAsync(CUdeviceptr device, const void *host, size_t bytes, CUstream on) { return up("cuMemcpyHtoDAsync_v2", device, host, bytes, on, true); }
CUresult cuMemcpyDtoH(void *host, CUdeviceptr device, size_t bytes) { return down("cuMemcpyDtoH_v2", host, device, bytes, nullptr, false); }
CUresult cuMemcpyDtoHAsync(void *host, CUdeviceptr device, size_t bytes, CUstream on) { return down("cuMemcpyDtoHAsync_v2", host, device, bytes, on, true); }
CUresult cuMemcpyDtoD(CUdeviceptr device, CUdeviceptr source, size_t bytes) { return across("cuMemcpyDtoD_v2", device, source, bytes, nullptr, true); }
CUresult cuMemcpyDtoDAsync(CUdeviceptr device, CUdeviceptr source, size_t bytes, CUstream on) {
	return across("cuMemcpyDtoDAsync_v2", device, source, bytes, on, false);
}

CUresult cuMemsetD8(CUdeviceptr device, unsigned char value, size_t count) { return fill("cuMemsetD8_v2", device, value, count, nullptr, true); }
CUresult cuMemsetD16(CUdeviceptr device, unsigned short value, size_t count) { return fill("cuMemsetD16_v2", device, value, count, nullptr, true); }
CUresult cuMemsetD32(CUdeviceptr device, unsigned int value, size_t count) { return fill("cuMemsetD32_v2", device, value, count, nullptr, true); }
CUresult cuMemsetD8Async(CUdeviceptr device, unsigned char value, size_t count, CUstream on) { return fill("cuMemsetD8Async", device, value, count, on, false); }
CUresult cuMemsetD16Async(CUdeviceptr device, unsigned short value, size_t count, CUstream on) {
	return fill("cuMemsetD16Async", device, value, count, on, false);
}
CUresult cuMemsetD32Async(CUdeviceptr device, unsigned int value, size_t count, CUstream on) {
	return fill("cuMemsetD32Async", device, value, count, on, false);
}

} // extern "C"
