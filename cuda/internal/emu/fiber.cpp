// Context switch by saving the callee-saved registers on the stack (System V ABI, x86-64): about 20 times cheaper than
// swapcontext, which enters the kernel to save the signal mask. The rounding mode is the same everywhere and not saved.
#include "fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

#if !defined(__x86_64__)
#error "the emulated device is written for x86-64"
#endif

namespace emu {

struct Fiber {
	void *fiber_stack;     // stack pointer while it is not running
	void *scheduler_stack; // stack pointer of whoever entered it
	void (*body)(void *);
	void *argument;
	char *memory;
};

namespace {
const size_t stack_bytes = 64 << 10, guard_bytes = 4096;
std::vector<Fiber *> pool;
} // namespace

extern "C" void demote_emu_switch(void **save, void *load);
extern "C" void demote_emu_first(void);
__asm__(".text\n"
        ".type demote_emu_switch,@function\n"
        "demote_emu_switch:\n"
        "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  mov %rsp, (%rdi)\n"
        "  mov %rsi, %rsp\n"
        "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n  pop %rbp\n"
        "  ret\n"
        ".type demote_emu_first,@function\n"
        "demote_emu_first:\n" // r12 = body, r13 = argument; body never returns
        "  mov %r13, %rdi\n"
        "  call *%r12\n"
        "  ud2\n");

Fiber *fiber_start(void (*body)(void *), void *argument) {
	Fiber *fiber;
	if (pool.empty()) {
		fiber = new Fiber();
		void *at = mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (at == MAP_FAILED || mprotect(at, guard_bytes, PROT_NONE) != 0) std::abort();
		fiber->memory = static_cast<char *>(at);
	} else {
		fiber = pool.back();
		pool.pop_back();
	}
	fiber->body = body, fiber->argument = argument;
	void **top = reinterpret_cast<void **>(fiber->memory + guard_bytes + stack_bytes - 16);
	*--top = reinterpret_cast<void *>(&demote_emu_first); // where the first switch returns to
	*--top = nullptr;                                     // rbp
	*--top = nullptr;                                     // rbx
	*--top = reinterpret_cast<void *>(body);              // r12
	*--top = argument;                                    // r13
	*--top = nullptr;                                     // r14
	*--top = nullptr;                                     // r15
	fiber->fiber_stack = top;
	return fiber;
}

void fiber_enter(Fiber *fiber) { demote_emu_switch(&fiber->scheduler_stack, fiber->fiber_stack); }
void fiber_leave(Fiber *fiber) { demote_emu_switch(&fiber->fiber_stack, fiber->scheduler_stack); }
void fiber_done(Fiber *fiber) { pool.push_back(fiber); }

} // namespace emu
