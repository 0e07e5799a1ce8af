// Contexts, the current context of each OS thread, and the checks that begin every driver call.
#include "emu.h"

#include <algorithm>

namespace emu {

std::recursive_mutex lock;
std::set<Context *> contexts;
bool initialized = false;

namespace {
thread_local std::vector<Context *> stack;
std::map<int, Context *> primaries;
} // namespace

std::vector<Context *> &current_stack() { return stack; }
Context *current() { return stack.empty() ? nullptr : stack.back(); }

Context *primary_of(int device) {
	auto it = primaries.find(device);
	return it == primaries.end() ? nullptr : it->second;
}

Context *create_context(int device, bool primary) {
	Context *context = new Context();
	context->device = device, context->primary = primary;
	contexts.insert(context);
	return context;
}

CUresult retain_primary(int device, Context **out) {
	Context *&primary = primaries[device];
	if (!primary) primary = create_context(device, true);
	primary->retained++;
	*out = primary;
	return CUDA_SUCCESS;
}

CUresult release_primary(int device, bool reset) {
	Context *primary = primary_of(device);
	if (!primary) return reset ? CUDA_SUCCESS : CUDA_ERROR_INVALID_CONTEXT;
	if (!reset && --primary->retained > 0) return CUDA_SUCCESS;
	primaries.erase(device);
	destroy_context(primary);
	return CUDA_SUCCESS;
}

// destroy_context leaves the object itself alive as a tombstone: a thread may still have it current and must be told
// so.
void destroy_context(Context *context) {
	release_all(context);
	for (Stream *stream : context->streams) delete stream;
	for (Module *module : context->modules) delete module;
	context->streams.clear(), context->modules.clear(), context->functions.clear(), context->events.clear();
	context->legacy.queue.clear();
	context->gone = true;
	contexts.erase(context);
}

Stream *stream_of(Context *context, CUstream handle) {
	if (!handle) return &context->legacy;
	Stream *stream = reinterpret_cast<Stream *>(handle);
	return context->streams.count(stream) ? stream : nullptr;
}

CUresult fail_context(Context *context, CUresult code) {
	if (context->sticky == CUDA_SUCCESS) {
		context->sticky = code;
		context->legacy.queue.clear();
		for (Stream *stream : context->streams) stream->queue.clear();
	}
	return context->sticky;
}

CUresult enter(const char *function, Need need, Context **out) {
	if (CUresult code = planned_fault(function)) return code;
	if (need == NOTHING) return CUDA_SUCCESS;
	if (!initialized) return CUDA_ERROR_NOT_INITIALIZED;
	if (need == INITIALIZED) return CUDA_SUCCESS;
	Context *context = current();
	if (!context) {
		report("%s: no context is current on this OS thread", function);
		return CUDA_ERROR_INVALID_CONTEXT;
	}
	if (!context->gone && planned_loss(function)) {
		if (context->primary) primaries.erase(context->device);
		destroy_context(context);
	}
	if (context->gone) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
	if (context->sticky) return context->sticky;
	if (CUresult code = capture_forbids(function)) return code;
	*out = context;
	return CUDA_SUCCESS;
}

} // namespace emu
