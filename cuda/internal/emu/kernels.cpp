// The host build of kernels.cu and the table of its entries. A test compares the table with the .entry list of the PTX.
#include "emu.h"
#include "host.h"

#include DEMOTE_KERNELS // the path of kernels.cu, or of a test's own kernels, given by the build

#include <utility>

namespace emu {
namespace {

// entry takes the parameter types from the kernel itself and unpacks an array of pointers to arguments, as cuLaunchKernel gets it.
template <auto KERNEL> struct Unpacked;
template <class... A, void (*KERNEL)(A...)> struct Unpacked<KERNEL> {
	static std::vector<size_t> sizes() { return {sizeof(A)...}; }
	static void call(void **arguments) { call_at(arguments, std::index_sequence_for<A...>()); }
	template <size_t... I> static void call_at(void **arguments, std::index_sequence<I...>) { KERNEL(*static_cast<A *>(arguments[I])...); }
};
template <auto KERNEL> Kernel entry(const char *name) { return {name, Unpacked<KERNEL>::sizes(), Unpacked<KERNEL>::call}; }

} // namespace

#define ENTRY(name) entry<name>(#name)
#ifndef DEMOTE_ENTRIES
#define DEMOTE_ENTRIES                                                                                                                \
	ENTRY(fake_quant), ENTRY(select_weights), ENTRY(topk_bits), ENTRY(argmax_rows), ENTRY(output_parts), ENTRY(pack8), ENTRY(pack16),   \
	    ENTRY(unpack8), ENTRY(unpack16)
#endif

const std::vector<Kernel> &kernels() {
	static const std::vector<Kernel> all = {DEMOTE_ENTRIES};
	return all;
}

} // namespace emu
