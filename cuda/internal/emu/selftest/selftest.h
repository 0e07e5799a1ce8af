// What the parts of the emulated device's own test share.
#ifndef DEMOTE_EMU_SELFTEST_H
#define DEMOTE_EMU_SELFTEST_H

#include <cuda.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

extern int failures;
extern CUmodule module; // the planted kernels

// A failed expectation is a line and does not stop the test.
#define EXPECT(condition)                                                                                                             \
	do {                                                                                                                                \
		if (!(condition)) std::printf("%s:%d: %s\n", __FILE__, __LINE__, #condition), failures++;                                         \
	} while (0)

extern "C" {
int demote_emu_configure(const char *);
void demote_emu_reset(void);
const char *demote_emu_report(void);
uint64_t demote_emu_counter(const char *);
}

std::string ptx(const std::string &head, const std::string &entries);
extern const char *const planted_entries;
CUfunction kernel(const char *name);
void open_context(CUcontext *context); // device 0's primary context, current, with the planted kernels
void close_context();

void test_kernels();
void test_streams();
void test_contexts();
void test_modules();

#endif
