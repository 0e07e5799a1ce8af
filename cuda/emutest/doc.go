// Package emutest controls the emulated device from tests: its settings, planned faults and counters (cuda/internal/emu). It needs the
// tag cuda and LD_LIBRARY_PATH=bin/emu, which `make test-cuda` sets; on a real driver every test that asks for it fails and says so.
package emutest
