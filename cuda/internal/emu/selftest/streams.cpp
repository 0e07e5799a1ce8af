// Mistakes with streams, events and host memory. Seed 0 runs nothing before it must, so each of them shows every time.
#include "selftest.h"

namespace {

CUdeviceptr words(unsigned n, unsigned value) {
	CUdeviceptr at = 0;
	EXPECT(cuMemAlloc(&at, n * 4) == CUDA_SUCCESS && cuMemsetD32(at, value, n) == CUDA_SUCCESS);
	return at;
}

// Pinned memory is read and written when the copy runs, and nobody may look before that.
void pinned_memory() {
	CUstream stream;
	EXPECT(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING) == CUDA_SUCCESS);
	unsigned *host = nullptr;
	EXPECT(cuMemHostAlloc(reinterpret_cast<void **>(&host), 4, 0) == CUDA_SUCCESS);
	const CUdeviceptr device = words(1, 5);
	*host = 1;
	EXPECT(cuMemcpyHtoDAsync(device, host, 4, stream) == CUDA_SUCCESS);
	*host = 2; // too early: the copy has not run, and takes this
	EXPECT(cuStreamQuery(stream) == CUDA_ERROR_NOT_READY);
	EXPECT(cuStreamSynchronize(stream) == CUDA_SUCCESS && cuStreamQuery(stream) == CUDA_SUCCESS);
	EXPECT(cuMemcpyDtoHAsync(host, device, 4, stream) == CUDA_SUCCESS);
	EXPECT(*host == 0xa5a5a5a5u); // too early: poisoned
	EXPECT(cuStreamSynchronize(stream) == CUDA_SUCCESS);
	EXPECT(*host == 2);

	unsigned pageable = 9;
	EXPECT(demote_emu_counter("pageable") == 0);
	EXPECT(cuMemcpyHtoDAsync(device, &pageable, 4, stream) == CUDA_SUCCESS);
	pageable = 10; // allowed: the call has waited
	EXPECT(demote_emu_counter("pageable") == 1);
	EXPECT(cuMemcpyDtoH(&pageable, device, 4) == CUDA_SUCCESS && pageable == 9);
	EXPECT(cuMemFreeHost(host) == CUDA_SUCCESS && cuMemFreeHost(host) == CUDA_ERROR_INVALID_VALUE);
	EXPECT(cuStreamDestroy(stream) == CUDA_SUCCESS && cuStreamDestroy(stream) == CUDA_ERROR_INVALID_HANDLE);
}

// The default stream and blocking streams wait for each other; a non-blocking one waits for nobody.
void default_stream() {
	for (unsigned flags : {unsigned(CU_STREAM_DEFAULT), unsigned(CU_STREAM_NON_BLOCKING)}) {
		CUstream stream;
		EXPECT(cuStreamCreate(&stream, flags) == CUDA_SUCCESS);
		const CUdeviceptr device = words(1, 5);
		unsigned value = 0;
		EXPECT(cuMemsetD32Async(device, 6, 1, stream) == CUDA_SUCCESS);
		EXPECT(cuMemcpyDtoH(&value, device, 4) == CUDA_SUCCESS); // on the default stream
		EXPECT(value == (flags == CU_STREAM_DEFAULT ? 6u : 5u));
		EXPECT(cuStreamDestroy(stream) == CUDA_SUCCESS);
		EXPECT(cuMemFree(device) == CUDA_SUCCESS && cuMemFree(device) == CUDA_ERROR_INVALID_VALUE);
	}
}

void events() {
	CUstream a, b;
	CUevent event;
	EXPECT(cuStreamCreate(&a, CU_STREAM_NON_BLOCKING) == CUDA_SUCCESS && cuStreamCreate(&b, CU_STREAM_NON_BLOCKING) == CUDA_SUCCESS);
	EXPECT(cuEventCreate(&event, CU_EVENT_DISABLE_TIMING) == CUDA_SUCCESS);
	const CUdeviceptr from = words(1, 5), to = words(1, 0);
	unsigned value = 0;
	EXPECT(cuEventQuery(event) == CUDA_SUCCESS); // never recorded
	EXPECT(cuMemsetD32Async(from, 6, 1, a) == CUDA_SUCCESS && cuEventRecord(event, a) == CUDA_SUCCESS);
	// does not wait
	EXPECT(cuMemcpyDtoDAsync(to, from, 4, b) == CUDA_SUCCESS && cuStreamSynchronize(b) == CUDA_SUCCESS);
	EXPECT(cuMemcpyDtoH(&value, to, 4) == CUDA_SUCCESS && value == 5);
	EXPECT(cuStreamWaitEvent(b, event, 0) == CUDA_SUCCESS && cuMemcpyDtoDAsync(to, from, 4, b) == CUDA_SUCCESS);
	// the wait stands
	EXPECT(cuEventDestroy(event) == CUDA_SUCCESS && cuEventDestroy(event) == CUDA_ERROR_INVALID_HANDLE);
	EXPECT(cuStreamSynchronize(b) == CUDA_SUCCESS);
	EXPECT(cuMemcpyDtoH(&value, to, 4) == CUDA_SUCCESS && value == 6);
	// polling: the event is not reached when it is first asked, and later it is, by nothing else
	EXPECT(cuEventCreate(&event, CU_EVENT_DISABLE_TIMING) == CUDA_SUCCESS);
	EXPECT(cuMemsetD32Async(from, 7, 1, a) == CUDA_SUCCESS && cuMemcpyDtoDAsync(to, from, 4, a) == CUDA_SUCCESS && cuEventRecord(event, a) == CUDA_SUCCESS);
	EXPECT(cuEventQuery(event) == CUDA_ERROR_NOT_READY);
	int asked = 1;
	for (; asked < 1000 && cuEventQuery(event) == CUDA_ERROR_NOT_READY; asked++) {
	}
	EXPECT(asked > 1 && asked < 1000 && cuStreamQuery(a) == CUDA_SUCCESS);
	EXPECT(cuMemcpyDtoH(&value, to, 4) == CUDA_SUCCESS && value == 7);
	EXPECT(cuEventDestroy(event) == CUDA_SUCCESS);
}

// What is captured does not run; a call that no capture takes breaks it, and the stream takes nothing until its end.
void captures() {
	CUstream stream, other;
	EXPECT(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING) == CUDA_SUCCESS && cuStreamCreate(&other, CU_STREAM_NON_BLOCKING) == CUDA_SUCCESS);
	const CUdeviceptr device = words(1, 5);
	CUdeviceptr more = 0;
	CUgraph graph = nullptr;
	CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
	EXPECT(cuStreamEndCapture(stream, &graph) == CUDA_ERROR_ILLEGAL_STATE);
	EXPECT(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_GLOBAL) == CUDA_SUCCESS);
	EXPECT(cuMemsetD32Async(device, 6, 1, stream) == CUDA_SUCCESS && cuMemsetD32Async(device, 7, 1, other) == CUDA_SUCCESS);
	EXPECT(cuStreamSynchronize(other) == CUDA_SUCCESS && demote_emu_counter("captured") == 1);
	EXPECT(cuStreamEndCapture(stream, &graph) == CUDA_SUCCESS && cuGraphDestroy(graph) == CUDA_SUCCESS && demote_emu_counter("live_graphs") == 0);
	unsigned value = 0;
	EXPECT(cuMemcpyDtoH(&value, device, 4) == CUDA_SUCCESS && value == 7);

	for (int breaks = 0; breaks < 2; breaks++) {
		EXPECT(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_GLOBAL) == CUDA_SUCCESS);
		EXPECT((breaks ? cuMemAlloc(&more, 4) : cuStreamSynchronize(stream)) == CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
		EXPECT(cuMemsetD32Async(device, 6, 1, stream) == CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
		EXPECT(cuStreamIsCapturing(stream, &status) == CUDA_SUCCESS && status == CU_STREAM_CAPTURE_STATUS_INVALIDATED);
		EXPECT(cuStreamEndCapture(stream, &graph) == CUDA_ERROR_STREAM_CAPTURE_INVALIDATED && graph == nullptr);
		EXPECT(cuMemsetD32Async(device, 8, 1, stream) == CUDA_SUCCESS && cuStreamSynchronize(stream) == CUDA_SUCCESS);
	}
	EXPECT(cuStreamDestroy(stream) == CUDA_SUCCESS && cuStreamDestroy(other) == CUDA_SUCCESS && cuMemFree(device) == CUDA_SUCCESS);
}

} // namespace

void test_streams() {
	demote_emu_configure("seed=0");
	CUcontext context;
	open_context(&context);
	pinned_memory();
	default_stream();
	events();
	captures();
	close_context();
	demote_emu_reset();
}
