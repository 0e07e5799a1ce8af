// Driver calls about streams and events.
#include "emu.h"

using namespace emu;

namespace {

// event_of finds an event of this context.
std::shared_ptr<Event> event_of(Context *context, CUevent handle) {
	auto it = context->events.find(handle);
	return it == context->events.end() ? nullptr : it->second;
}

} // namespace

extern "C" {

CUresult cuStreamCreate(CUstream *out, unsigned int flags) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuStreamCreate", CONTEXT, &context)) return code;
	if (flags & ~unsigned(CU_STREAM_NON_BLOCKING)) return CUDA_ERROR_INVALID_VALUE;
	Stream *stream = new Stream{context, flags, {}};
	context->streams.insert(stream);
	*out = reinterpret_cast<CUstream>(stream);
	return CUDA_SUCCESS;
}

CUresult cuStreamDestroy(CUstream handle) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuStreamDestroy_v2", CONTEXT, &context)) return code;
	Stream *stream = handle ? stream_of(context, handle) : nullptr;
	if (!stream) return CUDA_ERROR_INVALID_HANDLE;
	if (CUresult code = drain(stream)) return code;
	context->streams.erase(stream);
	delete stream;
	return CUDA_SUCCESS;
}

CUresult cuStreamSynchronize(CUstream handle) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuStreamSynchronize", CONTEXT, &context)) return code;
	Stream *stream = stream_of(context, handle);
	return stream ? drain(stream) : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuStreamQuery(CUstream handle) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuStreamQuery", CONTEXT, &context)) return code;
	const Stream *stream = stream_of(context, handle);
	if (!stream) return CUDA_ERROR_INVALID_HANDLE;
	return stream->queue.empty() ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}

CUresult cuStreamWaitEvent(CUstream handle, CUevent event, unsigned int) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuStreamWaitEvent", CONTEXT, &context)) return code;
	Stream *stream = stream_of(context, handle);
	std::shared_ptr<Event> found = event_of(context, event);
	if (!stream || !found) return CUDA_ERROR_INVALID_HANDLE;
	Op op;
	// of the record so far; an event never recorded is reached
	op.name = "wait", op.keep = found, op.wait_for = found->last;
	return enqueue(stream, std::move(op));
}

CUresult cuEventCreate(CUevent *out, unsigned int flags) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuEventCreate", CONTEXT, &context)) return code;
	std::shared_ptr<Event> event(new Event());
	event->context = context, event->flags = flags;
	*out = reinterpret_cast<CUevent>(event.get());
	context->events[*out] = event;
	return CUDA_SUCCESS;
}

CUresult cuEventDestroy(CUevent handle) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuEventDestroy_v2", CONTEXT, &context)) return code;
	return context->events.erase(handle) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuEventRecord(CUevent handle, CUstream on) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuEventRecord", CONTEXT, &context)) return code;
	Stream *stream = stream_of(context, on);
	std::shared_ptr<Event> event = event_of(context, handle);
	if (!stream || !event) return CUDA_ERROR_INVALID_HANDLE;
	Op op;
	op.name = "record", op.keep = event, op.record = event.get();
	return enqueue(stream, std::move(op));
}

CUresult cuEventQuery(CUevent handle) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuEventQuery", CONTEXT, &context)) return code;
	const std::shared_ptr<Event> event = event_of(context, handle);
	if (!event) return CUDA_ERROR_INVALID_HANDLE;
	if (event->done >= event->last) return CUDA_SUCCESS;
	const CUresult code = pass_time(context); // what is done by now is seen at the next question
	return code ? code : CUDA_ERROR_NOT_READY;
}

CUresult cuEventSynchronize(CUevent handle) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuEventSynchronize", CONTEXT, &context)) return code;
	const std::shared_ptr<Event> event = event_of(context, handle);
	return event ? drain(context, event.get()) : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuEventElapsedTime(float *milliseconds, CUevent from, CUevent to) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuEventElapsedTime", CONTEXT, &context)) return code;
	const std::shared_ptr<Event> start = event_of(context, from), end = event_of(context, to);
	if (!start || !end || ((start->flags | end->flags) & CU_EVENT_DISABLE_TIMING)) return CUDA_ERROR_INVALID_HANDLE;
	if (start->done < start->last || end->done < end->last) return CUDA_ERROR_NOT_READY;
	*milliseconds = float(end->milliseconds - start->milliseconds);
	return CUDA_SUCCESS;
}

} // extern "C"
