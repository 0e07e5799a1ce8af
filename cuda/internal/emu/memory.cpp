// Device memory and pinned host memory. Device addresses are addresses of this process, in a range of their own that
// nothing may touch outside a Section; each allocation lies on pages of its own between guard pages and its address is
// never used again.
#include "emu.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace emu {
namespace {

const size_t page = 4096;
const size_t arena_bytes = size_t(1) << 40; // addresses only: nothing is used until it is allocated
const uint32_t poison = 0x7fc0a5a5u;        // a quiet NaN that a test recognises
const unsigned char guard = 0xa7;

struct Allocation {
	Context *context;
	size_t bytes, pages;
};
std::map<uintptr_t, Allocation> allocations; // by address
struct Pinned {
	Context *context;
	size_t bytes; // asked for
};
std::map<uintptr_t, Pinned> pinned;          // by address
uintptr_t arena = 0, next_free = 0;
int open_sections = 0;

size_t rounded(size_t bytes) { return (bytes + page - 1) / page * page; }

void protect(uintptr_t address, size_t bytes, bool open) {
	mprotect(reinterpret_cast<void *>(address), bytes, open ? PROT_READ | PROT_WRITE : PROT_NONE);
}

bool reserve() {
	if (arena) return true;
	void *at = mmap(nullptr, arena_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED) return false;
	arena = reinterpret_cast<uintptr_t>(at);
	next_free = arena + page;
	return true;
}

bool open_now() { return settings.shared || open_sections > 0; }

// intact checks the first guard bytes after an allocation, at most a given number.
bool intact(uintptr_t address, const Allocation &a, size_t most) {
	const unsigned char *tail = reinterpret_cast<const unsigned char *>(address) + a.bytes;
	return std::all_of(tail, tail + std::min(a.pages - a.bytes, most), [](unsigned char b) { return b == guard; });
}

std::map<uintptr_t, Allocation>::iterator holding(CUdeviceptr address) {
	auto it = allocations.upper_bound(address);
	if (it == allocations.begin()) return allocations.end();
	--it;
	return address < it->first + it->second.bytes ? it : allocations.end();
}

void drop(std::map<uintptr_t, Allocation>::iterator it) {
	{
		Section section;
		if (!intact(it->first, it->second, page)) report("a kernel wrote past the end of an allocation of %zu bytes", it->second.bytes);
	}
	protect(it->first, it->second.pages, false);
	madvise(reinterpret_cast<void *>(it->first), it->second.pages, MADV_DONTNEED);
	allocations.erase(it);
}

} // namespace

CUresult allocate(Context *context, size_t bytes, CUdeviceptr *out) {
	if (bytes == 0 || !out) return CUDA_ERROR_INVALID_VALUE;
	if (bytes > settings.memory || used_bytes(context->device) + bytes > settings.memory || !reserve()) return CUDA_ERROR_OUT_OF_MEMORY;
	const size_t pages = rounded(bytes);
	if (next_free + pages + page > arena + arena_bytes) return CUDA_ERROR_OUT_OF_MEMORY;
	const uintptr_t address = next_free;
	next_free += pages + page;
	protect(address, pages, true);
	uint32_t *words = reinterpret_cast<uint32_t *>(address);
	std::fill(words, words + pages / sizeof *words, poison);
	std::memset(reinterpret_cast<unsigned char *>(address) + bytes, guard, pages - bytes);
	allocations[address] = {context, bytes, pages};
	if (!open_now()) protect(address, pages, false);
	counters.allocations++;
	*out = address;
	return CUDA_SUCCESS;
}

// release refuses what cuMemFree refuses: an address inside an allocation, one of another context, one already
// released.
CUresult release(Context *context, CUdeviceptr address) {
	auto it = allocations.find(address);
	if (it == allocations.end() || it->second.context != context) return CUDA_ERROR_INVALID_VALUE;
	drop(it);
	return CUDA_SUCCESS;
}

void release_all(Context *context) {
	for (auto it = allocations.begin(); it != allocations.end();) {
		auto next = std::next(it);
		if (it->second.context == context) drop(it);
		it = next;
	}
	for (auto it = pinned.begin(); it != pinned.end();) { // a destroyed context takes its host memory along
		auto next = std::next(it);
		if (it->second.context == context) release_host(reinterpret_cast<void *>(it->first));
		it = next;
	}
}

CUresult check_range(Context *context, CUdeviceptr address, size_t bytes) {
	auto it = holding(address);
	if (it == allocations.end() || it->second.context->device != context->device) return CUDA_ERROR_INVALID_VALUE;
	return address + bytes <= it->first + it->second.bytes ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

bool is_device(const void *address) {
	const uintptr_t a = reinterpret_cast<uintptr_t>(address);
	return arena && a >= arena && a < arena + arena_bytes;
}

bool allocation_of(CUdeviceptr address, CUdeviceptr *base, size_t *bytes) {
	auto it = holding(address);
	if (it == allocations.end()) return false;
	*base = it->first, *bytes = it->second.bytes;
	return true;
}

size_t used_bytes(int device) {
	size_t used = 0;
	for (const auto &entry : allocations) used += entry.second.context->device == device ? entry.second.bytes : 0;
	return used;
}

size_t live_allocations() { return allocations.size(); }

bool guards_intact() {
	Section section;
	return std::all_of(allocations.begin(), allocations.end(), [](const auto &entry) { return intact(entry.first, entry.second, 256); });
}

CUresult allocate_host(Context *context, size_t bytes, void **out) {
	if (bytes == 0 || !out) return CUDA_ERROR_INVALID_VALUE;
	void *at = mmap(nullptr, rounded(bytes) + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) return CUDA_ERROR_OUT_OF_MEMORY;
	mprotect(static_cast<char *>(at) + rounded(bytes), page, PROT_NONE);
	std::memset(at, guard, rounded(bytes));
	pinned[reinterpret_cast<uintptr_t>(at)] = {context, bytes};
	*out = at;
	return CUDA_SUCCESS;
}

CUresult release_host(void *address) {
	auto it = pinned.find(reinterpret_cast<uintptr_t>(address));
	if (it == pinned.end()) return CUDA_ERROR_INVALID_VALUE;
	munmap(address, rounded(it->second.bytes) + page);
	pinned.erase(it);
	return CUDA_SUCCESS;
}

bool is_pinned(const void *address, size_t bytes) {
	const uintptr_t a = reinterpret_cast<uintptr_t>(address);
	auto it = pinned.upper_bound(a);
	if (it == pinned.begin()) return false;
	--it;
	return a + bytes <= it->first + it->second.bytes;
}

size_t live_host_allocations() { return pinned.size(); }

Section::Section() {
	if (open_sections++ > 0 || settings.shared) return;
	for (const auto &entry : allocations) protect(entry.first, entry.second.pages, true);
}

Section::~Section() {
	if (--open_sections > 0 || settings.shared) return;
	for (const auto &entry : allocations) protect(entry.first, entry.second.pages, false);
}

// apply_sharing opens or closes memory that exists when the settings change.
void apply_sharing() {
	for (const auto &entry : allocations) protect(entry.first, entry.second.pages, open_now());
}

} // namespace emu
