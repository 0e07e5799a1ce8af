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

# The prototype of cuda/integer: the same device with its kernels.
EMU_INTEGER := $(EMU_BIN)/integer/libcuda.so.1

$(EMU_BIN)/integer.o: $(EMU_SRC)/kernels.cpp cuda/integer/integer.cu cuda/integer/entries.h $(wildcard $(EMU_SRC)/*.h)
	@mkdir -p $(@D)
	@$(call host_build,cuda/integer/integer.cu,cuda/integer/entries.h)

$(EMU_INTEGER): $(EMU_SRC)/emu.map $(EMU_OBJECTS) $(EMU_BIN)/integer.o $(EMU_BIN)/unsupported.c
	@mkdir -p $(@D)
	@$(CC) -O2 -fPIC -c $(EMU_BIN)/unsupported.c -o $(EMU_BIN)/unsupported.o
	@$(CXX) -shared -Wl,-soname,libcuda.so.1 -Wl,-Bsymbolic -Wl,--version-script=$(EMU_SRC)/emu.map -o $@ $(EMU_OBJECTS) $(EMU_BIN)/integer.o $(EMU_BIN)/unsupported.o

# ---- the compile gate: NVIDIA's own compilers, which need no GPU

NV := .nv/nvidia
GATE_BIN := bin/gate
GATE_ARCHS := 75 80 86 89 90 100 120

.nv/wheels.sha256: cuda/setup/gate.txt cuda/setup/wheels.py
	@sh scripts/need.sh linux pip
	@python3 cuda/setup/wheels.py $< .nv
	@chmod +x $(NV)/cuda_nvcc/bin/ptxas && touch $@

# nvrtc: compiles the first prerequisite to PTX.
define nvrtc
	@mkdir -p $(@D)
	@python3 cuda/gate/nvrtc.py $(NV)/cuda_nvrtc/lib/libnvrtc.so.12 $< compute_75 $@.new --fmad=false --std=c++17
	@sed 's/^\.version .*/.version 6.3/' $@.new > $@ && rm $@.new
endef

$(GATE_BIN)/kernels.ptx: kernels.cu cuda/gate/nvrtc.py .nv/wheels.sha256
	$(nvrtc)

$(GATE_BIN)/integer/integer.ptx: cuda/integer/integer.cu cuda/gate/nvrtc.py .nv/wheels.sha256
	$(nvrtc)

.PHONY: ptx
ptx: $(GATE_BIN)/kernels.ptx gate-logs gate-integer gate-header ptx-clang ## compile kernels.cu with NVIDIA's tools and judge the result (65 MB of wheels)
	@cmp $< cuda/kernels.ptx || { echo "make: cuda/kernels.ptx is not what kernels.cu compiles to: run make ptx-write" >&2; exit 1; }
	@go run ./cuda/gate -ptx $< -logs $(GATE_BIN)
	@cmp $(GATE_BIN)/integer/integer.ptx cuda/integer/integer.ptx || { echo "make: cuda/integer/integer.ptx is not what integer.cu compiles to: run make ptx-write" >&2; exit 1; }

.PHONY: ptx-write
ptx-write: $(GATE_BIN)/kernels.ptx gate-logs gate-integer ## compile kernels.cu and write cuda/kernels.ptx and the table in docs/gpu.md
	@go run ./cuda/gate -ptx $< -logs $(GATE_BIN) -write
	@cp $< cuda/kernels.ptx
	@cp $(GATE_BIN)/integer/integer.ptx cuda/integer/integer.ptx

# ptxas_all PTX, FOLDER: ptxas with every warning an error, for each architecture, logs into the folder; the PTX is compute_75's.
ptxas_all = mkdir -p $(2) && rm -f $(2)/sm_*.log; for a in $(GATE_ARCHS); do \
  $(NV)/cuda_nvcc/bin/ptxas -v -arch=sm_$$a -warn-spills -warn-lmem-usage -warn-double-usage -Werror $(1) \
    -o $(2)/kernels.sm_$$a.cubin 2>$(2)/sm_$$a.log || { cat $(2)/sm_$$a.log >&2; exit 1; }; done

.PHONY: gate-logs
gate-logs: $(GATE_BIN)/kernels.ptx ## compile the PTX for every architecture from 7.5 to 12.0 (part of ptx)
	@$(call ptxas_all,$<,$(GATE_BIN))

.PHONY: gate-integer
gate-integer: $(GATE_BIN)/integer/integer.ptx ## the same with the prototype of cuda/integer (part of ptx)
	@$(call ptxas_all,$<,$(GATE_BIN)/integer)
	@go run ./cuda/gate -ptx $< -logs $(GATE_BIN)/integer -docs ""

# The second compiler, where there is one: its PTX must pass the same judgement.
CLANG ?= $(firstword $(foreach c,clang-19 clang-18 clang-17 clang-16 clang,$(shell command -v $(c) 2>/dev/null)))

.PHONY: ptx-clang
ptx-clang: .nv/wheels.sha256 ## compile kernels.cu with clang as well, where it is installed (part of ptx)
ifeq ($(CLANG),)
	@echo "gate: no clang is installed: kernels.cu was compiled by NVRTC alone (package clang-19 brings the second compiler)"
else
	@mkdir -p $(GATE_BIN)/clang
	@$(CLANG) -x cuda --cuda-device-only --cuda-gpu-arch=sm_75 -nocudainc -nocudalib -fms-extensions -include cuda/gate/clang.h -std=c++17 -O3 \
	  -ffp-contract=off -Wall -Wextra -Wdouble-promotion -Werror -Xclang -target-feature -Xclang +ptx63 -S kernels.cu -o $(GATE_BIN)/clang/kernels.ptx
	@$(call ptxas_all,$(GATE_BIN)/clang/kernels.ptx,$(GATE_BIN)/clang)
	@go run ./cuda/gate -ptx $(GATE_BIN)/clang/kernels.ptx -logs $(GATE_BIN)/clang -docs ""
endif

# Our own cuda.h against NVIDIA's: values, layouts, prototypes, and which version of a function a name means.
.PHONY: gate-header
gate-header: .nv/wheels.sha256 $(CUDA_BIN)/functions.def ## compare cuda/include with NVIDIA's cuda.h (part of ptx)
	@mkdir -p $(GATE_BIN)
	@{ grep -oE '\bCU[A-Z_]*_[A-Z0-9_]+ = ' cuda/include/cuda_values.h | sed 's/\(.*\) = /VALUE(\1)/'; \
	  sed -n 's/^CUresult \(cu[A-Za-z0-9]*\)(.*/FUNCTION(\1)/p' cuda/include/cuda_functions.h; } > $(GATE_BIN)/layout.def
	@sed -n 's/^FUNCTION(\(.*\))/#undef \1/p' $(GATE_BIN)/layout.def > $(GATE_BIN)/names.h
	@set -e; for h in ours=cuda/include theirs=$(NV)/cuda_runtime/include; do \
	  $(CC) -I$(GATE_BIN) -I$${h#*=} cuda/gate/header/layout.c -o $(GATE_BIN)/layout && $(GATE_BIN)/layout > $(GATE_BIN)/$${h%%=*}.txt; done
	@diff $(GATE_BIN)/ours.txt $(GATE_BIN)/theirs.txt || { echo "make: cuda/include is not what NVIDIA's cuda.h says" >&2; exit 1; }
	@$(CC) -fsyntax-only -I$(NV)/cuda_runtime/include -I$(GATE_BIN) -iquote cuda/include cuda/gate/header/prototypes.c
	@echo "gate: $$(grep -c . $(GATE_BIN)/ours.txt) facts of cuda/include agree with NVIDIA's cuda.h"

# ---- a workstation with a GPU

# onnxruntime-gpu and the NVIDIA libraries lie side by side as pip would put them; package cuda finds the second from the first. Those of CUDA
# 13 have a folder of their own. `make setup-cuda CUDA=12` (or 13) overrules what cuda/setup/driver.py makes of the driver.
ORT_GPU_12 := .ort-gpu
ORT_GPU_13 := .ort-gpu13
ORT_GPU_LIBRARY_12 := $(ORT_GPU_12)/onnxruntime/onnxruntime/capi/libonnxruntime.so.1.26.0
ORT_GPU_LIBRARY_13 := $(ORT_GPU_13)/onnxruntime/onnxruntime/capi/libonnxruntime.so.1.27.0
CUDA_WANTED := $(if $(findstring command,$(origin CUDA)),$(CUDA))
ORT_GPU_LIBRARY = $(ORT_GPU_LIBRARY_$(shell python3 cuda/setup/driver.py "$(CUDA_WANTED)" 2>/dev/null))

# wheels LIST: what the list of wheels names, in the target's folder.
wheels = @sh scripts/need.sh linux pip && python3 cuda/setup/wheels.py $(1) $(@D) && touch $@

$(ORT_GPU_12)/onnxruntime/wheels.sha256: cuda/setup/onnxruntime12.txt cuda/setup/wheels.py
	$(call wheels,$<)
$(ORT_GPU_12)/nvidia/wheels.sha256: cuda/setup/nvidia12.txt cuda/setup/wheels.py
	$(call wheels,$<)
$(ORT_GPU_13)/onnxruntime/wheels.sha256: cuda/setup/onnxruntime13.txt cuda/setup/wheels.py
	$(call wheels,$<)
$(ORT_GPU_13)/nvidia/wheels.sha256: cuda/setup/nvidia13.txt cuda/setup/wheels.py
	$(call wheels,$<)

.PHONY: setup-cuda
setup-cuda: ## bring onnxruntime-gpu and the NVIDIA libraries that suit the driver into .ort-gpu/ (CUDA 12) or .ort-gpu13/ (1.4 to 2 GB)
	@sh scripts/need.sh linux pip
	@cuda=$$(python3 cuda/setup/driver.py "$(CUDA_WANTED)") && $(MAKE) --no-print-directory setup-cuda-$$cuda

.PHONY: setup-cuda-12 setup-cuda-13
setup-cuda-12: $(ORT_GPU_12)/onnxruntime/wheels.sha256 $(ORT_GPU_12)/nvidia/wheels.sha256 ## bring those of CUDA 12 (part of setup-cuda)
	@echo "setup-cuda: ONNX Runtime 1.26.0 with its CUDA 12 provider is in $(ORT_GPU_12)/"
setup-cuda-13: $(ORT_GPU_13)/onnxruntime/wheels.sha256 $(ORT_GPU_13)/nvidia/wheels.sha256 ## bring those of CUDA 13 (part of setup-cuda)
	@echo "setup-cuda: ONNX Runtime 1.27.0 with its CUDA 13 provider is in $(ORT_GPU_13)/"

.PHONY: cuda
cuda: $(CUDA_BIN)/libcuda.a ## compile bin/demote-cuda, which runs on a GPU (and says so where there is none)
	@sh scripts/need.sh go cc
	@echo "cuda: headers of $(if $(CUDA_TOOLKIT),the CUDA toolkit in $(CUDA_TOOLKIT),this project, no CUDA 11 or 12 toolkit found)"
	$(CUDA_ENV) go build -tags cuda -ldflags "-X $(MODULE)/cli.Version=$(VERSION)" -o bin/demote-cuda ./cli/demote

# search_example WAY, ENVIRONMENT, ARGUMENTS: the example, searched on a device.
search_example = $(2) bin/demote-cuda search --device cuda:0 --model examples/fashion/model.onnx --calib examples/fashion/calib.npz \
  --data examples/fashion/eval.npz --target 16bit-0.003 --strategy demotion --out "$(DEMO_OUT)-$(1)" --force $(3)

.PHONY: demo-cuda
demo-cuda: gpu-ask setup-cuda cuda ## on a machine with a GPU: search the example on it; the mix is left in demo-out-cuda/
	$(call search_example,cuda,,--ort "$(ORT_GPU_LIBRARY)")

GPU_REPORT ?= bin/gpu-report

$(CUDA_BIN)/gpucheck: $(CUDA_BIN)/libcuda.a $(wildcard cuda/*.go cuda/gpucheck/*.go quant/*.go) cuda/kernels.ptx
	@$(CUDA_ENV) go build -tags cuda -o $@ ./cuda/gpucheck

# Without a usable GPU this ends in one line, before anything is downloaded.
.PHONY: gpu-ask
gpu-ask: $(CUDA_BIN)/gpucheck ## say whether there is a GPU that can be used (part of gpu-check and demo-cuda)
	@$(CUDA_BIN)/gpucheck -ask

# gpu_report FOLDER, ENVIRONMENT, TESTS LEFT OUT, ARGUMENTS OF BENCH, OF GPUCHECK: all checks of a device. Every step runs, whatever the one
# before it found; the report says what failed, and so does the exit code of gpucheck.
define gpu_report
	@mkdir -p $(1)
	-$(2) go test -json -tags cuda,gpu -skip '$(3)' -count=1 ./cuda >$(1)/tests.json
	-$(2) go test -json -tags cuda,gpu -run '^TestGPU' -count=1 -timeout 1h ./run >>$(1)/tests.json
	-$(2) bin/demote-cuda bench --json --device cuda:0 --model examples/fashion/model.onnx --calib examples/fashion/calib.npz \
	  --data examples/fashion/eval.npz --target 16bit-0.003 $(4) >$(1)/bench.json
	$(2) $(CUDA_BIN)/gpucheck -tests $(1)/tests.json -bench $(1)/bench.json -out $(1) $(5)
endef

.PHONY: gpu-check
gpu-check: gpu-ask setup-cuda cuda ## on a machine with a GPU: run all checks there and write bin/gpu-report/
	@sh scripts/need.sh go cc
	$(call gpu_report,$(GPU_REPORT),$(CUDA_ENV) DEMOTE_ORT="$(CURDIR)/$(ORT_GPU_LIBRARY)",^TestEmulated)

# ---- a GPU machine without a network (scripts/gpu-kit)

KIT ?= bin/gpu-kit
KIT_BIN ?= bin/gpu-kit-programs
KIT_BUILD = $(CUDA_ENV) go build -tags cuda -ldflags "-s -w -X $(MODULE)/cli.Version=$(VERSION)$(1)" -o "$(KIT_BIN)/$(2)" $(3)

.PHONY: gpu-kit
gpu-kit: ## pack all that a GPU machine without a network or Go needs into bin/gpu-kit/ (KIT_NVIDIA=1: with NVIDIA's libraries)
	@sh scripts/gpu-kit/pack.sh "$(KIT)"

.PHONY: kit-programs
kit-programs: $(CUDA_BIN)/libcuda.a ## compile the programs and tests of the kit into KIT_BIN (part of gpu-kit)
	@mkdir -p "$(KIT_BIN)"
	@$(call KIT_BUILD,,demote-cuda,./cli/demote)
	@$(call KIT_BUILD, -X $(MODULE)/backend/internal/gpu.graphs=off,demote-nographs,./cli/demote)
	@$(call KIT_BUILD,,gpucheck,./cuda/gpucheck)
	@for room in cuda run; do $(CUDA_ENV) go test -c -tags cuda,gpu -ldflags "-s -w" -o "$(KIT_BIN)/$$room.test" ./$$room || exit 1; done

# The kit with the CPU's ONNX Runtime, unpacked and run on the emulated device: every step of it that needs no GPU.
.PHONY: gpu-kit-emulated
gpu-kit-emulated: setup emu ## pack the kit without a download and run it on the emulated device; the results are bin/gpu-kit-out/
	@KIT_PRESET=0 KIT_LIMIT=4000 sh scripts/gpu-kit/pack.sh --emulated bin/gpu-kit-emulated
	@rm -rf bin/gpu-kit-out && OUT="$(CURDIR)/bin/gpu-kit-out" KIT_HOME="$(CURDIR)/bin/gpu-kit-home" bash bin/gpu-kit-emulated/load-1/on-gpu.sh --emulated
	@grep -q '^EMULATED' bin/gpu-kit-out/summary.txt && grep -q '"Emulated": true' bin/gpu-kit-out/summary.json || \
	  { echo "make: a summary of the emulated device does not say so" >&2; exit 1; }
	@rm -rf bin/gpu-kit-home

# ---- tests

EMU_ENV = $(CUDA_ENV) LD_LIBRARY_PATH="$(CURDIR)/$(EMU_BIN)$${LD_LIBRARY_PATH:+:$$LD_LIBRARY_PATH}"
CUDA_ROOMS ?= ./cuda/...
# Rooms that have files with the tag cuda, whose own tests of it are named TestEmulated....
CUDA_USERS ?= ./run ./cgo ./backend/... ./cli ./cli/demote

.PHONY: test-cuda
test-cuda: setup emu $(SELFTEST) $(CUDA_BIN)/libcuda.a ## test what is built with the tag cuda on the emulated device: no GPU, no download
	@sh scripts/need.sh go cc
	@$(SELFTEST) 2>$(EMU_BIN)/selftest.log || { cat $(EMU_BIN)/selftest.log >&2; exit 1; }
	$(CUDA_ENV) go vet -tags cuda $(CUDA_ROOMS) $(CUDA_USERS)
	$(EMU_ENV) go test -tags cuda $(TEST_FLAGS) $(CUDA_ROOMS)
	$(EMU_ENV) go test -tags cuda $(TEST_FLAGS) -run '^TestEmulated' $(CUDA_USERS)
	@$(MAKE) --no-print-directory test-integer

.PHONY: test-integer
test-integer: setup $(EMU_INTEGER) $(CUDA_BIN)/libcuda.a ## test the prototype of integer products on the emulated device (part of test-cuda)
	@sh scripts/need.sh go cc
	$(CUDA_ENV) go vet -tags cuda,integer ./cuda/integer
	$(CUDA_ENV) LD_LIBRARY_PATH="$(CURDIR)/$(dir $(EMU_INTEGER))" go test -tags cuda,integer -count=1 $(TEST_FLAGS) ./cuda/integer
	go test -tags integer -count=1 $(TEST_FLAGS) ./cuda/integer

.PHONY: measure-integer
measure-integer: setup ## outcomes of sums of integers and of TF32 beside ONNX Runtime's, over a search of the example (long)
	go test -tags integer -count=1 -timeout 4h -v -run TestOutcomes ./cuda/integer -args -samples 200 -grid pow2 -loss 0.02 -strategy bisect -evaluations 70

# The example on the emulated device, ONNX Runtime's CPU provider standing in for its CUDA provider: what it prints is no GPU's result.
.PHONY: demo-emulated
demo-emulated: setup emu cuda ## search the example on the emulated device, with 40 samples: no GPU
	$(call search_example,emulated,$(EMU_ENV) DEMOTE_EMU=shared=1,--limit 40)

# What gpu-check and demo-cuda run, on the emulated device and with few samples, so that no step of them is first run by a person with a
# GPU. Left out are the tests that need ONNX Runtime's CUDA provider to compute.
.PHONY: check-emulated
check-emulated: demo-emulated $(CUDA_BIN)/gpucheck ## run the steps of gpu-check and demo-cuda on the emulated device; the report is bin/emulated-report/
	@$(EMU_ENV) $(CUDA_BIN)/gpucheck -ask
	$(call gpu_report,bin/emulated-report,$(EMU_ENV) DEMOTE_EMU=shared=1,^(TestEmulated|TestGPU),--limit 12,-stride 400009)
	@grep -q '"Emulated": true' bin/emulated-report/gpu-report.json && grep -q '^EMULATED' bin/emulated-report/gpu-report.txt && \
	  grep -q '"device": "cuda:0 EMULATED' bin/emulated-report/bench.json || { echo "make: a report of the emulated device does not say so" >&2; exit 1; }

.PHONY: test-bits
test-bits: emu $(CUDA_BIN)/gpucheck ## compare the kernels with package quant on all 2^32 floats, emulated (long)
	@sh scripts/need.sh go cc
	$(EMU_ENV) $(CUDA_BIN)/gpucheck -stride 1 -out $(CUDA_BIN)

.PHONY: test-fronts
test-fronts: setup emu $(CUDA_BIN)/libcuda.a ## compare what is fused in front of a holder with ONNX Runtime on all 2^32 floats, emulated (long)
	@sh scripts/need.sh go cc
	$(EMU_ENV) go test -tags cuda ./cuda -count=1 -timeout 4h -run TestEmulatedFrontsOfAll -v -args -exhaustive

# ---- the real CUDA provider on stand-in libraries (cuda/internal/standin)

STANDIN_SRC := cuda/internal/standin
STANDINS_12 := libcudart.so.12 libcublas.so.12 libcublasLt.so.12 libcufft.so.11 libcurand.so.10 libcudnn.so.9
STANDINS_13 := libcudart.so.13 libcublas.so.13 libcublasLt.so.13 libcufft.so.12 libcurand.so.10 libnvrtc.so.13 libcudnn.so.9

# stand_in LIBRARY, PROVIDER, RUNTIME: a library with every function that the provider asks of it, of the symbol version that it asks for: its own name.
define stand_in
	@mkdir -p $(@D)
	@nm -D --undefined-only $(2) | awk -v library=$(1) -f $(STANDIN_SRC)/stubs.awk > $(@D)/$(1).c
	@echo "$(1) { global: *; };" > $(@D)/$(1).map
	@$(CC) -O1 -w -shared -fPIC -Wl,-soname,$(1) -Wl,--version-script=$(@D)/$(1).map -o $@ $(@D)/$(1).c \
	  $(if $(filter libcudart.%,$(1)),$(addprefix $(STANDIN_SRC)/,cudart.c cudart13.c notes.c) -ldl) $(if $(filter libcudnn.%,$(1)),$(STANDIN_SRC)/cudnn.c $(3))
endef

$(STANDINS_12:%=bin/standin/%): bin/standin/%: $(wildcard $(STANDIN_SRC)/*) $(ORT_GPU_12)/onnxruntime/wheels.sha256
	$(call stand_in,$*,$(dir $(ORT_GPU_LIBRARY_12))libonnxruntime_providers_cuda.so,bin/standin/libcudart.so.12)
bin/standin/libcudnn.so.9: bin/standin/libcudart.so.12
$(STANDINS_13:%=bin/standin13/%): bin/standin13/%: $(wildcard $(STANDIN_SRC)/*) $(ORT_GPU_13)/onnxruntime/wheels.sha256
	$(call stand_in,$*,$(dir $(ORT_GPU_LIBRARY_13))libonnxruntime_providers_cuda.so,bin/standin13/libcudart.so.13)
bin/standin13/libcudnn.so.9: bin/standin13/libcudart.so.13

# place RUNTIME, STAND-INS: the placement tests with one provider.
place = $(CUDA_ENV) LD_LIBRARY_PATH="$(CURDIR)/$(2):$(CURDIR)/$(EMU_BIN)" DEMOTE_ORT="$(CURDIR)/$(1)" \
  go test -tags cuda,placement -run '^TestPlacement' -count=1 $(TEST_FLAGS) ./cuda ./backend/internal/gpu ./run

.PHONY: test-placement
test-placement: test-placement-12 test-placement-13 ## place networks with the real CUDA providers, of CUDA 12 and 13, on stand-in libraries (497 MB of wheels)

.PHONY: test-placement-12 test-placement-13
test-placement-12: emu $(CUDA_BIN)/libcuda.a $(STANDINS_12:%=bin/standin/%) ## the same with the provider for CUDA 12 (part of test-placement)
	@sh scripts/need.sh go cc
	$(call place,$(ORT_GPU_LIBRARY_12),bin/standin)
test-placement-13: emu $(CUDA_BIN)/libcuda.a $(STANDINS_13:%=bin/standin13/%) ## the same with the provider for CUDA 13 (part of test-placement)
	@sh scripts/need.sh go cc
	$(call place,$(ORT_GPU_LIBRARY_13),bin/standin13)

.PHONY: test-installed
test-installed: setup-cuda emu $(CUDA_BIN)/libcuda.a ## load what setup-cuda brings, NVIDIA's libraries and the CUDA provider, as far as that goes without a driver (2 GB)
	@sh scripts/need.sh go cc
	$(EMU_ENV) DEMOTE_ORT="$(CURDIR)/$(ORT_GPU_LIBRARY)" go test -tags cuda,installed -run '^TestInstalled' -count=1 $(TEST_FLAGS) ./cuda
