// Fibers: one a CUDA thread that is under way. They live on the OS thread that runs the block and never move to
// another.
#ifndef DEMOTE_EMU_FIBER_H
#define DEMOTE_EMU_FIBER_H

namespace emu {

struct Fiber;

// fiber_start takes a stack from the pool and prepares it to call body(argument) at the first switch.
Fiber *fiber_start(void (*body)(void *), void *argument);
// fiber_enter runs a fiber until it leaves; the caller is the scheduler.
void fiber_enter(Fiber *fiber);
// fiber_leave goes back to the scheduler from inside a fiber.
void fiber_leave(Fiber *fiber);
// fiber_done gives the stack of a fiber that will not be entered again back to the pool.
void fiber_done(Fiber *fiber);

} // namespace emu

#endif
