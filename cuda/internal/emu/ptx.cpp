// Module images. The driver would compile the PTX; here its entries are looked up in the host build of the same source,
// and an image that the host build does not match is refused.
#include "emu.h"

#include <cstdlib>
#include <cstring>

namespace emu {
namespace {

// Highest PTX version that a driver takes (CUDA release notes: PTX ISA 6.3 came with 10.0, 7.0 with 11.0, 8.0 with
// 12.0).
int newest_ptx(int driver) {
	const int major = driver / 1000, minor = driver % 1000 / 10;
	if (major >= 12) return 80 + minor;
	if (major == 11) return 70 + minor;
	return major == 10 ? 63 + minor : 60;
}

// number_after reads "6.3" after ".version " as 63, "sm_75" after ".target " as 75; -1 if the word is not there.
int number_after(const std::string &text, const char *word) {
	size_t at = text.find(word);
	if (at == std::string::npos) return -1;
	int value = 0;
	for (at += std::strlen(word); at < text.size() && text[at] != '\n' && text[at] != ','; at++) {
		if (text[at] >= '0' && text[at] <= '9') value = value * 10 + text[at] - '0';
	}
	return value;
}

size_t size_of_type(const std::string &type) {
	if (type.size() < 2) return 0;
	return size_t(std::atoi(type.c_str() + 1)) / 8; // u64, f32, s32, b16
}

// parameters reads the sizes in a parameter list: ".param .u64 name, .param .u32 name".
std::vector<size_t> parameters(const std::string &list) {
	std::vector<size_t> sizes;
	for (size_t at = 0; (at = list.find(".param .", at)) != std::string::npos;) {
		at += std::strlen(".param .");
		sizes.push_back(size_of_type(list.substr(at, list.find_first_of(" \t\n", at) - at)));
	}
	return sizes;
}

const Kernel *kernel_named(const std::string &name) {
	for (const Kernel &kernel : kernels()) {
		if (name == kernel.name) return &kernel;
	}
	return nullptr;
}

CUresult refuse(CUresult code, const char *why) {
	if (settings.verbose) report("module refused: %s", why);
	return code;
}

} // namespace

CUresult load_ptx(const char *image, Module *module) {
	const std::string text(image);
	const int version = number_after(text, "\n.version "), target = number_after(text, "\n.target ");
	if (version < 0 || target < 0) return refuse(CUDA_ERROR_INVALID_IMAGE, "no .version or .target: not PTX");
	if (version > newest_ptx(settings.driver)) return refuse(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "PTX version newer than the driver");
	if (target > settings.capability) return refuse(CUDA_ERROR_NO_BINARY_FOR_GPU, "target above the device's capability");
	for (size_t at = 0; (at = text.find(".entry ", at)) != std::string::npos;) {
		at += std::strlen(".entry ");
		const size_t open = text.find('(', at), close = text.find(')', at);
		if (open == std::string::npos || close == std::string::npos) return refuse(CUDA_ERROR_INVALID_PTX, "unfinished entry");
		const std::string name = text.substr(at, open - at);
		const Kernel *kernel = kernel_named(name);
		if (!kernel) return refuse(CUDA_ERROR_INVALID_PTX, ("the host build has no kernel " + name).c_str());
		if (kernel->parameters != parameters(text.substr(open, close - open))) return refuse(CUDA_ERROR_INVALID_PTX, ("other parameters in " + name).c_str());
		module->functions[name] = std::unique_ptr<Function>(new Function{module, kernel});
	}
	return module->functions.empty() ? refuse(CUDA_ERROR_INVALID_PTX, "no entries") : CUDA_SUCCESS;
}

} // namespace emu

// demote_emu_kernels lists the kernel table, a line "name size size ..." each, for the test that compares it with the
// PTX.
extern "C" const char *demote_emu_kernels(void) {
	static std::string list;
	list.clear();
	for (const emu::Kernel &kernel : emu::kernels()) {
		list += kernel.name;
		for (size_t size : kernel.parameters) list += " " + std::to_string(size);
		list += "\n";
	}
	return list.c_str();
}
