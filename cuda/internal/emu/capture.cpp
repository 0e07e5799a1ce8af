// Captures: between begin and end what is put into a stream is counted and not run. The graph of it is a handle alone.
// As on a GPU, a call that no capture takes breaks it: the stream takes no work any more until its capture is ended.
#include "emu.h"

#include <cstring>

namespace emu {
namespace {

struct Graph {};
std::set<Graph *> graphs;

// unsafe are calls that break a capture of mode global, whichever thread makes them: they may wait for the device.
const char *const unsafe[] = {
    "cuMemAlloc_v2", "cuMemFree_v2", "cuMemHostAlloc", "cuMemFreeHost", "cuModuleLoadData", "cuModuleLoadDataEx", "cuModuleUnload",
    "cuMemcpyHtoD_v2", "cuMemcpyDtoH_v2", "cuMemcpyDtoD_v2", "cuMemsetD8_v2", "cuMemsetD16_v2", "cuMemsetD32_v2", "cuEventQuery",
};

} // namespace

CUresult capture_of(Stream *stream, bool *open) {
	*open = stream->capturing == CU_STREAM_CAPTURE_STATUS_ACTIVE;
	if (stream->capturing == CU_STREAM_CAPTURE_STATUS_INVALIDATED) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
	if (*open) counters.captured++;
	return CUDA_SUCCESS;
}

CUresult break_capture(Stream *stream) {
	stream->capturing = CU_STREAM_CAPTURE_STATUS_INVALIDATED;
	return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

CUresult capture_forbids(const char *function) {
	bool listed = false;
	for (const char *name : unsafe) listed |= std::strcmp(name, function) == 0;
	if (!listed) return CUDA_SUCCESS;
	CUresult code = CUDA_SUCCESS;
	for (Context *context : contexts) {
		for (Stream *stream : context->streams) {
			if (!stream->capturing || stream->mode != CU_STREAM_CAPTURE_MODE_GLOBAL) continue;
			report("%s breaks a capture", function);
			code = break_capture(stream);
		}
	}
	return code;
}

size_t live_graphs() { return graphs.size(); }

} // namespace emu

using namespace emu;

extern "C" {

CUresult cuStreamBeginCapture(CUstream handle, CUstreamCaptureMode mode) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuStreamBeginCapture_v2", CONTEXT, &context)) return code;
	Stream *stream = handle ? stream_of(context, handle) : nullptr; // the legacy default stream cannot be captured
	if (!stream) return CUDA_ERROR_INVALID_HANDLE;
	if (stream->capturing) return CUDA_ERROR_ILLEGAL_STATE;
	stream->capturing = CU_STREAM_CAPTURE_STATUS_ACTIVE, stream->mode = mode;
	return CUDA_SUCCESS;
}

CUresult cuStreamIsCapturing(CUstream handle, CUstreamCaptureStatus *status) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuStreamIsCapturing", CONTEXT, &context)) return code;
	const Stream *stream = stream_of(context, handle);
	if (!stream) return CUDA_ERROR_INVALID_HANDLE;
	*status = stream->capturing;
	return CUDA_SUCCESS;
}

CUresult cuStreamEndCapture(CUstream handle, CUgraph *graph) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	*graph = nullptr;
	if (CUresult code = enter("cuStreamEndCapture", CONTEXT, &context)) return code;
	Stream *stream = stream_of(context, handle);
	if (!stream) return CUDA_ERROR_INVALID_HANDLE;
	const CUstreamCaptureStatus was = stream->capturing;
	if (was == CU_STREAM_CAPTURE_STATUS_NONE) return CUDA_ERROR_ILLEGAL_STATE;
	stream->capturing = CU_STREAM_CAPTURE_STATUS_NONE;
	if (was == CU_STREAM_CAPTURE_STATUS_INVALIDATED) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
	*graph = reinterpret_cast<CUgraph>(*graphs.insert(new Graph()).first);
	return CUDA_SUCCESS;
}

CUresult cuGraphDestroy(CUgraph handle) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuGraphDestroy", CONTEXT, &context)) return code;
	Graph *graph = reinterpret_cast<Graph *>(handle);
	if (!graphs.erase(graph)) return CUDA_ERROR_INVALID_VALUE;
	delete graph;
	return CUDA_SUCCESS;
}

} // extern "C"
