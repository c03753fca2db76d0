# make help lists the targets. Everything works with Go alone; a C compiler,
# oneDNN and CUDA are used where they are found, and nothing is installed.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unversioned)

.DEFAULT_GOAL := help
.PHONY: help build dist run test test-cuda test-emulated test-race fuzz check-systems check-systems-full lint bench generate check-generate

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/ganengine
	@scripts/detect
	scripts/with-cuda go build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/ganengine ./cmd/ganengine

dist: ## build archives for Linux and macOS in dist/, with checksums
	VERSION=$(VERSION) scripts/dist

run: build ## build, then train a small DCGAN on the built-in glyphs
	bin/ganengine -config glyphs -out runs

test: ## run all tests, with what this machine has and then with Go alone
	@scripts/detect
	@scripts/timed go test ./...
	@scripts/timed scripts/test-without-cgo
	@$(MAKE) --no-print-directory test-cuda

test-cuda: ## run the tests of the CUDA device on a test double of a GPU (needs a C++ compiler)
	@scripts/timed scripts/with-cuda go test ./cuda/cudnn ./cuda/driver/... ./cuda/include
	@scripts/timed scripts/software-gpu || [ -z "$$CI" ]
	@LD_LIBRARY_PATH="$(CURDIR)/bin/software:$$LD_LIBRARY_PATH" scripts/timed scripts/with-cuda go test -count=1 ./cuda ./cuda/software ./gan/train/parity ./gan/inception
	@LD_LIBRARY_PATH="$(CURDIR)/bin/software:$$LD_LIBRARY_PATH" scripts/timed scripts/with-cuda go test -short -count=1 ./cuda/emit # whose kernels the tests without CUDA assemble

test-emulated: ## run tests and short trainings on emulated processors: AVX2 alone, no AVX, arm64 (needs qemu-user)
	@scripts/emulate

test-race: ## run the short tests under the race detector (needs a C compiler)
	go test -race -short -timeout 30m ./...

fuzz: ## fuzz every reader of files two minutes each (FUZZTIME=10s: shorter; T=zipped: some)
	@FUZZTIME=$(or $(FUZZTIME),2m) scripts/fuzz $(T)

check-systems: ## train whole systems until their published behaviour shows (minutes)
	go test -tags systems -timeout 60m -v ./gan/systems

# Rows that are finished stay in bin/checks, each with the build of the checks that ran it:
# another one (of the engine, a system, a configuration, a check, the compiler) runs them
# again unless KEEP=any. Figures go to gan/systems/testdata/full.json.
check-systems-full: ## the same with five seeds and longer trainings (hours; goes on where it stopped; ROWS=TestRing/r1: some)
	@MNIST="$${MNIST:-$$(scripts/mnist)}" go test -tags systems -count 1 -timeout 0 -v -run '$(or $(ROWS),.)' ./gan/systems \
		-full -keep "$(CURDIR)/bin/checks" -revision '$(VERSION)' $(if $(KEEP),-any-build); status=$$?; \
	go test ./gan/systems -run TestIndex -update && exit $$status

lint: ## check format, vet, staticcheck, and that other platforms compile
	@scripts/lint

bench: ## run every Go benchmark once
	@scripts/detect
	go test -run '^$$' -bench . ./...

generate: ## write generated files again
	go generate ./...

check-generate: ## check that generated files are up to date
	@scripts/check-generate
