// The host build of kernels.cu and the table of its entries.
#include "emu.h"
#include "host.h"

// The build gives the paths: DEMOTE_KERNELS is kernels.cu or a test's own kernels, DEMOTE_ENTRIES the list of them.
#include DEMOTE_KERNELS

#ifdef FRONT_LINE // not among a test's own kernels
#include "fronts.h"
#endif

#include <utility>

namespace emu {
namespace {

// entry takes the parameter types from the kernel itself and unpacks an array of pointers to arguments, as
// cuLaunchKernel gets it.
template <auto KERNEL> struct Unpacked;
template <class... A, void (*KERNEL)(A...)> struct Unpacked<KERNEL> {
	static std::vector<size_t> sizes() { return {sizeof(A)...}; }
	static void call(void **arguments) { call_at(arguments, std::index_sequence_for<A...>()); }
	template <size_t... I> static void call_at(void **arguments, std::index_sequence<I...>) { KERNEL(*static_cast<A *>(arguments[I])...); }
};
template <auto KERNEL> Kernel entry(const char *name) { return {name, Unpacked<KERNEL>::sizes(), Unpacked<KERNEL>::call}; }

} // namespace

const std::vector<Kernel> &kernels() {
#define ENTRY(name) entry<name>(#name),
	static const std::vector<Kernel> all = {
#include DEMOTE_ENTRIES
	};
	return all;
}

} // namespace emu
