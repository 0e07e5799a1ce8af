# The CUDA side of the project. The main Makefile includes this file; every target also works on a machine without a GPU, but for
# gpu-check. Nothing here is needed for the CPU program.

CUDA_BIN := bin/cuda
EMU_BIN := bin/emu
EMU_SRC := cuda/internal/emu
LINK_SRC := cuda/internal/driver/link

# Headers: a toolkit of CUDA 11 or 12 if one is installed, else our own declarations. gorgonia.org/cu does not compile with CUDA 13's
# header, so a newer toolkit counts as none: the driver keeps the older functions.
CUDA_TOOLKIT := $(shell for d in "$(CUDA_HOME)" /usr/local/cuda /opt/cuda /usr; do \
  v=$$(sed -n 's/^.define CUDA_VERSION \([0-9]*\).*/\1/p' "$$d/include/cuda.h" 2>/dev/null | head -n 1); \
  [ -n "$$v" ] && [ "$$v" -ge 11000 ] && [ "$$v" -lt 13000 ] && echo "$$d/include" && break; done)
CUDA_INCLUDE := $(if $(CUDA_TOOLKIT),$(CUDA_TOOLKIT),$(CURDIR)/cuda/include)
CUDA_ENV = CGO_CFLAGS="-O2 -ffp-contract=off -I$(CUDA_INCLUDE) -Wno-deprecated-declarations" CGO_LDFLAGS="-L$(CURDIR)/$(CUDA_BIN) -ldl"

$(CUDA_BIN)/functions.def: cuda/include/cuda_functions.h cuda/include/cuda.h cuda/include/cuda_values.h cuda.mk
	@mkdir -p $(@D)
	@$(CC) -E -P -xc cuda/include/cuda.h | grep -oE '\bcu[A-Z][A-Za-z0-9_]*\(' | sed 's/(//; s/.*/F(&)/' | sort -u > $@

# libcuda.a: what -lcuda finds at link time (see trampoline.c). Never a libcuda.so: nothing that ships needs one to start.
$(CUDA_BIN)/libcuda.a: $(LINK_SRC)/trampoline.c $(CUDA_BIN)/functions.def
	@$(CC) -O2 -fPIC -Wall -Wextra -I$(CUDA_BIN) -c $< -o $(CUDA_BIN)/trampoline.o
	@rm -f $@ && ar rcs $@ $(CUDA_BIN)/trampoline.o

.PHONY: emu
emu: $(EMU_BIN)/libcuda.so.1 ## build the emulated device (bin/emu/libcuda.so.1), for tests only

EMU_FLAGS := -std=c++17 -O2 -g -fPIC -ffp-contract=off -msse4.1 -fno-strict-aliasing -fcf-protection=none -Wall -Wextra -I$(EMU_SRC) -I cuda/include
EMU_OBJECTS := $(patsubst $(EMU_SRC)/%.cpp,$(EMU_BIN)/%.o,$(filter-out $(EMU_SRC)/kernels.cpp,$(wildcard $(EMU_SRC)/*.cpp)))

$(EMU_BIN)/%.o: $(EMU_SRC)/%.cpp $(wildcard $(EMU_SRC)/*.h) $(wildcard cuda/include/*.h) cuda.mk
	@mkdir -p $(@D)
	@$(CXX) $(EMU_FLAGS) -c $< -o $@

# host_build KERNELS, ENTRIES: compiles the kernels of a .cu file with the table of them.
host_build = $(CXX) $(EMU_FLAGS) -DDEMOTE_KERNELS='"$(CURDIR)/$(1)"' -DDEMOTE_ENTRIES='"$(CURDIR)/$(2)"' -c $(EMU_SRC)/kernels.cpp -o $@

$(EMU_BIN)/kernels.o: $(EMU_SRC)/kernels.cpp kernels.cu $(wildcard $(EMU_SRC)/*.h)
	@mkdir -p $(@D)
	@$(call host_build,kernels.cu,$(EMU_SRC)/entries.h)

# Every function of the header that has no body in the emulation answers "not supported" and says its name.
$(EMU_BIN)/unsupported.c: $(CUDA_BIN)/functions.def
	@mkdir -p $(@D)
	@{ echo 'int demote_emu_unsupported(const char *);'; \
	  sed 's/F(\(.*\))/__attribute__((weak)) int \1(void) { return demote_emu_unsupported("\1"); }/' $<; } > $@

$(EMU_BIN)/libcuda.so.1: $(EMU_SRC)/emu.map $(EMU_OBJECTS) $(EMU_BIN)/kernels.o $(EMU_BIN)/unsupported.c
	@$(CC) -O2 -fPIC -c $(EMU_BIN)/unsupported.c -o $(EMU_BIN)/unsupported.o
	@$(CXX) -shared -Wl,-soname,libcuda.so.1 -Wl,-Bsymbolic -Wl,--version-script=$(EMU_SRC)/emu.map -o $@ $(EMU_OBJECTS) $(EMU_BIN)/kernels.o $(EMU_BIN)/unsupported.o

# The emulated device's own test: the same objects with planted kernels in place of kernels.cu.
SELFTEST := $(EMU_BIN)/selftest

$(EMU_BIN)/planted.o: $(EMU_SRC)/kernels.cpp $(wildcard $(EMU_SRC)/selftest/*) $(wildcard $(EMU_SRC)/*.h)
	@mkdir -p $(@D)
	@$(call host_build,$(EMU_SRC)/selftest/planted.cu,$(EMU_SRC)/selftest/entries.h)

$(SELFTEST): $(EMU_OBJECTS) $(EMU_BIN)/planted.o $(EMU_BIN)/unsupported.c $(wildcard $(EMU_SRC)/selftest/*)
	@$(CC) -O2 -fPIC -c $(EMU_BIN)/unsupported.c -o $(EMU_BIN)/unsupported.o
	@$(CXX) $(EMU_FLAGS) -o $@ $(wildcard $(EMU_SRC)/selftest/*.cpp) $(EMU_OBJECTS) $(EMU_BIN)/planted.o $(EMU_BIN)/unsupported.o -pthread
