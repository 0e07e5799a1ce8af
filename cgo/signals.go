package cgo

/*
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>

// Signals of faults do what they do in a program without handlers: they end it.
static const int demote_faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
static struct sigaction demote_handlers[sizeof demote_faults / sizeof *demote_faults];

static void demote_default_faults(void) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  struct sigaction die = {.sa_handler = SIG_DFL};
  for (size_t i = 0; i < sizeof demote_faults / sizeof *demote_faults; i++) sigaction(demote_faults[i], &die, &demote_handlers[i]);
}

static void demote_own_faults(void) {
  for (size_t i = 0; i < sizeof demote_faults / sizeof *demote_faults; i++) sigaction(demote_faults[i], &demote_handlers[i], NULL);
}
*/
import "C"

// DieOfFaults calls f, during which a fault ends this process by its signal and without a core file. Go's own handlers,
// which end it with exit code 2 and a stack, are in force again behind that: so a parent process can tell a fault of
// ONNX Runtime, which f calls, from one of Go code outside f. One call at a time.
func DieOfFaults(f func()) {
	C.demote_default_faults()
	defer C.demote_own_faults()
	f()
}
