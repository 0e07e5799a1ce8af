package cgo

/*
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>

// Signals of faults do what they do in a program without handlers: they end it.
static void demote_default_faults(void) {
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) signal(faults[i], SIG_DFL);
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
}
*/
import "C"

// DieOfFaults lets a fault, in C as in Go, end this process by its signal and without a core file, from now on. Go's own
// handlers end it with exit code 2 and a stack, which says less to a parent process.
func DieOfFaults() { C.demote_default_faults() }
