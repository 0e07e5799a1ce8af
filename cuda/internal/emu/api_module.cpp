// Driver calls about modules, functions and launches.
#include "emu.h"

#include <cstring>

using namespace emu;

namespace {

CUresult load(const char *call, CUmodule *out, const void *image) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter(call, CONTEXT, &context)) return code;
	if (!out || !image) return CUDA_ERROR_INVALID_VALUE;
	std::unique_ptr<Module> module(new Module());
	module->context = context;
	if (CUresult code = load_ptx(static_cast<const char *>(image), module.get())) return code;
	for (const auto &entry : module->functions) context->functions.insert(entry.second.get());
	counters.modules_loaded++;
	*out = reinterpret_cast<CUmodule>(module.get());
	context->modules.insert(module.release());
	return CUDA_SUCCESS;
}

// function_of checks that a handle is a loaded function of this context.
Function *function_of(Context *context, CUfunction handle) {
	Function *function = reinterpret_cast<Function *>(handle);
	return context->functions.count(function) ? function : nullptr;
}

const size_t static_shared = 128; // the most that a kernel of kernels.cu declares

CUresult check_shape(const Launch &launch) {
	const unsigned most[] = {1024, 1024, 64}, widest[] = {2147483647u, 65535u, 65535u};
	for (int axis = 0; axis < 3; axis++) {
		if (launch.block[axis] == 0 || launch.grid[axis] == 0 || launch.grid[axis] > widest[axis]) return CUDA_ERROR_INVALID_VALUE;
		if (launch.block[axis] > most[axis]) return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
	}
	if (uint64_t(launch.block[0]) * launch.block[1] * launch.block[2] > 1024) return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
	return launch.shared + static_shared > 49152 ? CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES : CUDA_SUCCESS;
}

// captured copies the arguments as the driver does: at the call, each with the size of its parameter.
std::vector<std::vector<char>> captured(const Kernel &kernel, void **arguments) {
	std::vector<std::vector<char>> copies;
	for (size_t i = 0; i < kernel.parameters.size(); i++) {
		const char *from = static_cast<const char *>(arguments[i]);
		copies.emplace_back(from, from + kernel.parameters[i]);
	}
	return copies;
}

} // namespace

extern "C" {

CUresult cuModuleLoadData(CUmodule *out, const void *image) { return load("cuModuleLoadData", out, image); }

CUresult cuModuleLoadDataEx(CUmodule *out, const void *image, unsigned int, CUjit_option *, void **) {
	return load("cuModuleLoadDataEx", out, image); // the options only ask for logs of a compiler that is not here
}

CUresult cuModuleUnload(CUmodule handle) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuModuleUnload", CONTEXT, &context)) return code;
	Module *module = reinterpret_cast<Module *>(handle);
	if (!context->modules.count(module)) return CUDA_ERROR_INVALID_HANDLE;
	if (CUresult code = drain(context)) return code;
	for (const auto &entry : module->functions) context->functions.erase(entry.second.get());
	context->modules.erase(module);
	delete module;
	return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *out, CUmodule handle, const char *name) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuModuleGetFunction", CONTEXT, &context)) return code;
	Module *module = reinterpret_cast<Module *>(handle);
	if (!context->modules.count(module)) return CUDA_ERROR_INVALID_HANDLE;
	counters.lookups++;
	auto it = module->functions.find(name);
	if (it == module->functions.end()) return CUDA_ERROR_NOT_FOUND;
	*out = reinterpret_cast<CUfunction>(it->second.get());
	return CUDA_SUCCESS;
}

CUresult cuFuncGetAttribute(int *value, CUfunction_attribute which, CUfunction handle) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuFuncGetAttribute", CONTEXT, &context)) return code;
	if (!function_of(context, handle)) return CUDA_ERROR_INVALID_HANDLE;
	switch (which) {
	case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK: *value = 1024; break;
	case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES: *value = int(static_shared); break;
	case CU_FUNC_ATTRIBUTE_NUM_REGS: *value = 32; break;
	case CU_FUNC_ATTRIBUTE_PTX_VERSION: *value = 63; break;
	case CU_FUNC_ATTRIBUTE_BINARY_VERSION: *value = settings.capability; break;
	default: *value = 0;
	}
	return CUDA_SUCCESS;
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, CUfunction handle, int block_threads, size_t) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuOccupancyMaxActiveBlocksPerMultiprocessor", CONTEXT, &context)) return code;
	if (!function_of(context, handle)) return CUDA_ERROR_INVALID_HANDLE;
	if (block_threads < 1 || block_threads > 1024) return CUDA_ERROR_INVALID_VALUE;
	*blocks = 1024 / block_threads;
	return CUDA_SUCCESS;
}

CUresult cuLaunchKernel(CUfunction handle, unsigned int grid_x, unsigned int grid_y, unsigned int grid_z, unsigned int block_x,
                        unsigned int block_y, unsigned int block_z, unsigned int shared, CUstream on, void **arguments, void **extra) {
	std::lock_guard<std::recursive_mutex> held(lock);
	Context *context;
	if (CUresult code = enter("cuLaunchKernel", CONTEXT, &context)) return code;
	const Function *function = function_of(context, handle);
	Stream *stream = stream_of(context, on);
	if (!function || !stream) return CUDA_ERROR_INVALID_HANDLE;
	if (extra) return CUDA_ERROR_NOT_SUPPORTED;
	if (!arguments) return CUDA_ERROR_INVALID_VALUE;
	const Launch launch = {function->kernel, {grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared};
	if (CUresult code = check_shape(launch)) return code;
	const CUresult planned = planned_launch_fault();
	Op op;
	op.name = function->kernel->name;
	op.run = [launch, planned, copies = captured(*function->kernel, arguments)]() mutable {
		if (planned) return planned;
		std::vector<void *> pointers;
		for (auto &copy : copies) pointers.push_back(copy.data());
		return run_kernel(launch, pointers.data());
	};
	return enqueue(stream, std::move(op));
}

} // extern "C"
