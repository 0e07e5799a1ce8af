// Planted mistakes inside kernels.
#include "selftest.h"

#include <functional>

namespace {

// launch runs one planted kernel on an allocation of n words and returns what the wait says; look sees the words if all
// went well.
CUresult launch(const char *name, unsigned blocks, unsigned threads, unsigned n, const std::function<void(const std::vector<unsigned> &)> &look = {},
                unsigned argument = 0) {
	CUcontext context;
	open_context(&context);
	CUdeviceptr out = 0;
	EXPECT(cuMemAlloc(&out, n * sizeof(unsigned)) == CUDA_SUCCESS);
	void *arguments[] = {&out, &argument};
	EXPECT(cuLaunchKernel(kernel(name), blocks, 1, 1, threads, 1, 1, 0, nullptr, arguments, nullptr) == CUDA_SUCCESS);
	const CUresult code = cuCtxSynchronize();
	std::vector<unsigned> words(n);
	if (code == CUDA_SUCCESS) {
		EXPECT(cuMemcpyDtoH(words.data(), out, n * sizeof(unsigned)) == CUDA_SUCCESS);
		if (look) look(words);
	} else {
		EXPECT(cuCtxSynchronize() == code); // the error sticks
	}
	close_context();
	return code;
}

bool said(const char *text) { return std::string(demote_emu_report()).find(text) != std::string::npos; }

void correct_kernels() {
	for (int seed = 0; seed < 24; seed++) {
		demote_emu_configure(("seed=" + std::to_string(seed)).c_str());
		CUcontext context;
		open_context(&context);
		const unsigned blocks = 5, n = blocks * 256;
		std::vector<unsigned> values(n), sums(blocks), want(blocks);
		for (unsigned i = 0; i < n; i++) values[i] = i * i, want[i / 256] += i * i;
		CUdeviceptr in = 0, out = 0;
		EXPECT(cuMemAlloc(&in, n * 4) == CUDA_SUCCESS && cuMemAlloc(&out, blocks * 4) == CUDA_SUCCESS);
		EXPECT(cuMemcpyHtoD(in, values.data(), n * 4) == CUDA_SUCCESS);
		void *arguments[] = {&out, &in};
		EXPECT(cuLaunchKernel(kernel("correct_sum"), blocks, 1, 1, 256, 1, 1, 0, nullptr, arguments, nullptr) == CUDA_SUCCESS);
		EXPECT(cuMemcpyDtoH(sums.data(), out, blocks * 4) == CUDA_SUCCESS);
		EXPECT(sums == want);
		close_context();
		EXPECT(launch("some_leave", 1, 128, 64, [](const std::vector<unsigned> &words) { EXPECT(words == std::vector<unsigned>(64, 7)); }) == CUDA_SUCCESS);
	}
}

} // namespace

void test_kernels() {
	correct_kernels();

	unsigned wrong = 0; // of 24 orders: with thread 0 always first it would be none
	for (int seed = 1; seed <= 24; seed++) {
		demote_emu_configure(("seed=" + std::to_string(seed)).c_str());
		launch("no_barrier", 1, 256, 256, [&wrong](const std::vector<unsigned> &words) {
			for (unsigned i = 0; i < 256; i++) {
				if (words[i] != (i + 100) % 256) return void(wrong++);
			}
		});
	}
	EXPECT(wrong == 24);
	EXPECT(launch("stale_shared", 2, 32, 2, [](const std::vector<unsigned> &words) { EXPECT(words[0] == 0xa9a9a9a9u && words[1] == words[0]); }) == CUDA_SUCCESS);

	EXPECT(launch("two_lines", 1, 64, 64) == CUDA_ERROR_LAUNCH_FAILED);
	EXPECT(said("32 at the barrier in line") && said(", 32 at the barrier in line"));
	EXPECT(launch("lane_left", 1, 32, 32) == CUDA_ERROR_LAUNCH_FAILED);
	EXPECT(said("31 at the warp operation in line") && said("1 left the kernel"));
	EXPECT(launch("partial_warp", 1, 40, 40) == CUDA_ERROR_LAUNCH_FAILED);
	EXPECT(launch("partial_warp", 1, 64, 64, [](const std::vector<unsigned> &words) { EXPECT(words[63] == 0x55555555u); }) == CUDA_SUCCESS);
	EXPECT(launch("mixed_wait", 1, 32, 32) == CUDA_ERROR_LAUNCH_FAILED);
	EXPECT(said("16 at the barrier") && said("16 at the warp operation"));

	EXPECT(launch("past_the_end", 1, 32, 100, {}, 99) == CUDA_SUCCESS);
	EXPECT(launch("past_the_end", 1, 32, 100, {}, 100) == CUDA_ERROR_ILLEGAL_ADDRESS);
	EXPECT(said("wrote past the end"));
	EXPECT(launch("past_the_end", 1, 32, 100, {}, 1 << 28) == CUDA_ERROR_ILLEGAL_ADDRESS);
	EXPECT(said("outside every allocation"));
	demote_emu_reset();
}
