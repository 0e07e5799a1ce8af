// Running a kernel: blocks one after another, the threads of a block as fibers in a shuffled order, barriers and warp
// operations as meeting points that must be reached by exactly the threads that they name, at one place in the source.
#include "emu.h"
#include "fiber.h"
#include "host.h"

#include <setjmp.h>
#include <signal.h>

#include <algorithm>

// Bounds of the section that holds all __shared__ variables, made by the linker. Weak: a kernel file may have none.
extern "C" char __start_demote_shared[] __attribute__((weak)), __stop_demote_shared[] __attribute__((weak));

namespace emu {

Index grid_size, block_size, block_at, thread_at;

namespace {

const unsigned warp_size = 32;
enum State { FRESH, READY, AT_BARRIER, AT_WARP, LEFT };

struct Thread {
	Index index;
	unsigned number; // in the block
	State state;
	Fiber *fiber;
	// where it waits, and with what
	const char *file;
	int line;
	bool is_ballot;
	unsigned mask, value, from, answer;
};

std::vector<Thread> threads;
Thread *running;
const Kernel *kernel;
void **kernel_arguments;
sigjmp_buf fault_exit;
volatile sig_atomic_t in_device_code;
struct sigaction previous_segv;

void thread_body(void *at) {
	Thread *thread = static_cast<Thread *>(at);
	kernel->call(kernel_arguments);
	thread->state = LEFT;
	fiber_leave(thread->fiber);
}

void resume(Thread &thread) {
	if (thread.state == FRESH) thread.fiber = fiber_start(thread_body, &thread);
	thread.state = READY;
	running = &thread, thread_at = thread.index;
	fiber_enter(thread.fiber);
	if (thread.state == LEFT) fiber_done(thread.fiber), thread.fiber = nullptr;
}

// meet leaves the running thread at a meeting point until the block's scheduler answers.
unsigned meet(State state, unsigned mask, unsigned value, unsigned from, bool is_ballot, const char *file, int line) {
	Thread *self = running;
	self->state = state, self->mask = mask, self->value = value, self->from = from, self->is_ballot = is_ballot;
	self->file = file, self->line = line;
	fiber_leave(self->fiber);
	return self->answer;
}

bool same_place(const Thread &a, const Thread &b) { return a.line == b.line && a.file == b.file; }

// release_warp answers one warp operation if all lanes that it names have come to it; false if none can go on.
bool release_warp(size_t first) {
	const size_t end = std::min(threads.size(), first + warp_size);
	for (size_t t = first; t < end; t++) {
		const Thread &leader = threads[t];
		if (leader.state != AT_WARP) continue;
		bool complete = true;
		for (unsigned lane = 0; lane < warp_size && complete; lane++) {
			if (!(leader.mask >> lane & 1)) continue;
			const size_t other = first + lane;
			complete = other < end && threads[other].state == AT_WARP && same_place(threads[other], leader) && threads[other].mask == leader.mask;
		}
		if (!complete || !(leader.mask >> (t - first) & 1)) continue;
		const unsigned mask = leader.mask;
		unsigned bits = 0;
		for (unsigned lane = 0; lane < warp_size; lane++) bits |= (mask >> lane & 1) && threads[first + lane].value ? 1u << lane : 0;
		for (unsigned lane = 0; lane < warp_size; lane++) {
			if (!(mask >> lane & 1)) continue;
			Thread &thread = threads[first + lane];
			const unsigned from = thread.from < warp_size && (mask >> thread.from & 1) ? thread.from : lane;
			thread.answer = thread.is_ballot ? bits : threads[first + from].value;
			thread.state = READY;
		}
		return true;
	}
	return false;
}

// release_barrier lets all threads go on once every thread that has not left waits at the same barrier.
bool release_barrier() {
	const Thread *leader = nullptr;
	unsigned any = 0;
	for (const Thread &thread : threads) {
		if (thread.state == LEFT) continue;
		if (thread.state != AT_BARRIER || (leader && !same_place(thread, *leader))) return false;
		leader = &thread, any |= thread.value;
	}
	if (!leader) return false;
	for (Thread &thread : threads) {
		if (thread.state == AT_BARRIER) thread.state = READY, thread.answer = any;
	}
	return true;
}

// explain says where the threads of a block that cannot go on are waiting.
void explain() {
	std::string places;
	std::map<std::string, unsigned> waiting;
	for (const Thread &thread : threads) {
		if (thread.state == LEFT) waiting["left the kernel"]++;
		else waiting[std::string(thread.state == AT_BARRIER ? "at the barrier in line " : "at the warp operation in line ") + std::to_string(thread.line)]++;
	}
	for (const auto &entry : waiting) places += (places.empty() ? "" : ", ") + std::to_string(entry.second) + " " + entry.first;
	report("kernel %s, block (%u,%u,%u): threads wait for each other for ever: %s (seed %llu)", kernel->name, block_at.x, block_at.y, block_at.z,
	       places.c_str(), static_cast<unsigned long long>(settings.seed));
}

// abandon gives back the stacks of threads that will never finish.
void abandon() {
	for (Thread &thread : threads) {
		if (thread.fiber) fiber_done(thread.fiber), thread.fiber = nullptr;
	}
}

template <class T> void shuffle(std::vector<T> &items) {
	if (settings.seed == 0) return;
	for (size_t i = items.size(); i > 1; i--) std::swap(items[i - 1], items[draw(i)]);
}

// A device address that no allocation covers stops the kernel, as it does on hardware. Anything else is not ours.
void on_segv(int signal, siginfo_t *info, void *context) {
	if (in_device_code && is_device(info->si_addr)) siglongjmp(fault_exit, 1);
	if (previous_segv.sa_flags & SA_SIGINFO) previous_segv.sa_sigaction(signal, info, context);
	else sigaction(SIGSEGV, &previous_segv, nullptr);
}

void poison_shared() {
	if (__start_demote_shared) std::fill(__start_demote_shared, __stop_demote_shared, char(0xa9));
}

CUresult run_block(std::vector<unsigned> &order) {
	poison_shared();
	shuffle(order);
	for (size_t i = 0; i < threads.size(); i++) threads[i].state = FRESH;
	for (;;) {
		for (unsigned t : order) {
			if (threads[t].state == FRESH || threads[t].state == READY) resume(threads[t]);
		}
		bool released = false;
		for (size_t warp = 0; warp < threads.size(); warp += warp_size) {
			while (release_warp(warp)) released = true;
		}
		if (released || release_barrier()) continue;
		if (std::all_of(threads.begin(), threads.end(), [](const Thread &t) { return t.state == LEFT; })) return CUDA_SUCCESS;
		break;
	}
	explain();
	abandon();
	return CUDA_ERROR_LAUNCH_FAILED;
}

CUresult run_blocks(const Launch &launch) {
	std::vector<uint64_t> blocks(uint64_t(launch.grid[0]) * launch.grid[1] * launch.grid[2]);
	for (uint64_t i = 0; i < blocks.size(); i++) blocks[i] = i;
	shuffle(blocks);
	threads.assign(size_t(launch.block[0]) * launch.block[1] * launch.block[2], Thread());
	std::vector<unsigned> order(threads.size());
	for (unsigned i = 0; i < threads.size(); i++) {
		threads[i].number = order[i] = i;
		threads[i].index = {i % launch.block[0], i / launch.block[0] % launch.block[1], i / launch.block[0] / launch.block[1]};
	}
	for (uint64_t at : blocks) {
		block_at = {unsigned(at % launch.grid[0]), unsigned(at / launch.grid[0] % launch.grid[1]), unsigned(at / launch.grid[0] / launch.grid[1])};
		if (CUresult code = run_block(order)) return code;
	}
	return CUDA_SUCCESS;
}

} // namespace

CUresult run_kernel(const Launch &launch, void **arguments) {
	kernel = launch.kernel, kernel_arguments = arguments;
	grid_size = {launch.grid[0], launch.grid[1], launch.grid[2]};
	block_size = {launch.block[0], launch.block[1], launch.block[2]};
	counters.launches++;
	Section section;
	struct sigaction action = {};
	action.sa_sigaction = on_segv;
	action.sa_flags = SA_SIGINFO | SA_ONSTACK;
	sigaction(SIGSEGV, &action, &previous_segv);
	CUresult code;
	if (sigsetjmp(fault_exit, 1) == 0) {
		in_device_code = 1;
		code = run_blocks(launch);
	} else {
		report("kernel %s, block (%u,%u,%u), thread (%u,%u,%u): device address outside every allocation", kernel->name, block_at.x, block_at.y,
		       block_at.z, thread_at.x, thread_at.y, thread_at.z);
		abandon();
		code = CUDA_ERROR_ILLEGAL_ADDRESS;
	}
	in_device_code = 0;
	sigaction(SIGSEGV, &previous_segv, nullptr);
	if (code == CUDA_SUCCESS && !guards_intact()) {
		report("kernel %s wrote past the end of an allocation", kernel->name);
		code = CUDA_ERROR_ILLEGAL_ADDRESS;
	}
	return code;
}

// ---------------------------------------------------------------- what kernels call

void barrier(const char *file, int line) { meet(AT_BARRIER, 0, 0, 0, false, file, line); }
int barrier_or(int value, const char *file, int line) { return int(meet(AT_BARRIER, 0, value != 0, 0, false, file, line)); }
unsigned exchange(unsigned mask, unsigned value, unsigned lane, const char *file, int line) {
	return meet(AT_WARP, mask, value, lane, false, file, line);
}
unsigned ballot(unsigned mask, bool value, const char *file, int line) { return meet(AT_WARP, mask, value, 0, true, file, line); }
unsigned lane_now() { return running->number % warp_size; }

} // namespace emu
