// Driver calls about contexts. Contexts are current per OS thread, which is what a missing runtime.LockOSThread breaks.
#include "emu.h"

using namespace emu;

namespace {

CUcontext handle(Context *context) { return reinterpret_cast<CUcontext>(context); }

// live finds the context behind a handle: 709 for one that is gone, 201 for anything else.
CUresult live(CUcontext given, Context **out) {
	Context *context = reinterpret_cast<Context *>(given);
	if (contexts.count(context)) {
		*out = context;
		return CUDA_SUCCESS;
	}
	for (Context *known : current_stack()) {
		if (known == context && known->gone) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
	}
	return CUDA_ERROR_INVALID_CONTEXT;
}

bool known(CUdevice device) { return device >= 0 && device < settings.devices; }

} // namespace

extern "C" {

CUresult cuDevicePrimaryCtxRetain(CUcontext *out, CUdevice device) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuDevicePrimaryCtxRetain", INITIALIZED)) return code;
	if (!known(device)) return CUDA_ERROR_INVALID_DEVICE;
	Context *context = nullptr;
	const CUresult code = retain_primary(device, &context);
	*out = handle(context);
	return code;
}

CUresult cuDevicePrimaryCtxRelease(CUdevice device) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuDevicePrimaryCtxRelease_v2", INITIALIZED)) return code;
	return known(device) ? release_primary(device, false) : CUDA_ERROR_INVALID_DEVICE;
}

CUresult cuDevicePrimaryCtxReset(CUdevice device) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuDevicePrimaryCtxReset_v2", INITIALIZED)) return code;
	return known(device) ? release_primary(device, true) : CUDA_ERROR_INVALID_DEVICE;
}

CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned int *flags, int *active) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuDevicePrimaryCtxGetState", INITIALIZED)) return code;
	if (!known(device)) return CUDA_ERROR_INVALID_DEVICE;
	*flags = 0, *active = primary_of(device) != nullptr;
	return CUDA_SUCCESS;
}

CUresult cuCtxCreate(CUcontext *out, unsigned int, CUdevice device) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuCtxCreate_v2", INITIALIZED)) return code;
	if (!known(device)) return CUDA_ERROR_INVALID_DEVICE;
	Context *context = create_context(device, false);
	current_stack().push_back(context);
	*out = handle(context);
	return CUDA_SUCCESS;
}

CUresult cuCtxDestroy(CUcontext given) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuCtxDestroy_v2", INITIALIZED)) return code;
	Context *context;
	if (CUresult code = live(given, &context)) return code;
	if (context->primary) return CUDA_ERROR_INVALID_CONTEXT; // the primary context is released, not destroyed
	if (current() == context) current_stack().pop_back();
	destroy_context(context);
	return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext given) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuCtxSetCurrent", INITIALIZED)) return code;
	Context *context = nullptr;
	if (given) {
		if (CUresult code = live(given, &context)) return code;
	}
	if (!current_stack().empty()) current_stack().pop_back();
	if (context) current_stack().push_back(context);
	return CUDA_SUCCESS;
}

CUresult cuCtxGetCurrent(CUcontext *out) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuCtxGetCurrent", INITIALIZED)) return code;
	*out = handle(current());
	return CUDA_SUCCESS;
}

CUresult cuCtxPushCurrent(CUcontext given) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuCtxPushCurrent_v2", INITIALIZED)) return code;
	Context *context;
	if (CUresult code = live(given, &context)) return code;
	current_stack().push_back(context);
	return CUDA_SUCCESS;
}

CUresult cuCtxPopCurrent(CUcontext *out) {
	std::lock_guard<std::recursive_mutex> held(lock);
	if (CUresult code = enter("cuCtxPopCurrent_v2", INITIALIZED)) return code;
	if (current_stack().empty()) return CUDA_ERROR_INVALID_CONTEXT;
	if (out) *out = handle(current());
	current_stack().pop_back();
	return CUDA_SUCCESS;
}

CUresult cuCtxGetDevice(CUdevice *device) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuCtxGetDevice", CONTEXT, &context)) return code;
	*device = context->device;
	return CUDA_SUCCESS;
}

CUresult cuCtxSynchronize(void) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuCtxSynchronize", CONTEXT, &context)) return code;
	return drain(context);
}

} // extern "C"
