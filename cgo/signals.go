package cgo

/*
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>

// Signals of faults do what they do in a program without handlers: they kill it.
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

// FaultsKill calls f. While f runs, a fault such as SIGSEGV kills this process by its signal, without a core file.
// After f, Go's own handlers are back, which end the process with exit code 2 and a stack. So a parent process can
// distinguish a fault of ONNX Runtime, which f calls, from a fault of Go code outside f. Only one call may run at a
// time.
func FaultsKill(f func()) {
	C.demote_default_faults()
	defer C.demote_own_faults()
	f()
}
