# Wattle. `make check` is all that a contributor has to remember.

GOLANGCI  := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
CACHE     := $(CURDIR)/.cache
export CGO_ENABLED ?= 0

# The official Component Model suite: a directory, or else the commit to clone.
SUITE        ?=
SUITE_REPO   := https://github.com/WebAssembly/component-model
SUITE_COMMIT := 6d281648bd89caf885a7adcc412962dbd2425ab7

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

.PHONY: build
build: ## build bin/wattle
	go build -trimpath -ldflags '-s -w' -o bin/wattle ./cmd/wattle

.PHONY: install
install: ## install wattle into GOBIN
	go install -trimpath -ldflags '-s -w' ./cmd/wattle

.PHONY: test
test: ## run the tests
	go test ./...

.PHONY: race
race: ## run the tests with the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race -shuffle=on ./...

.PHONY: lint
lint: ## run the linters
	go vet ./...
	go run $(GOLANGCI) run

.PHONY: fmt
fmt: ## format the code
	go run $(GOLANGCI) fmt

.PHONY: gen
gen: ## write generated code anew
	go generate ./...

.PHONY: cross
cross: ## build for other systems
	GOOS=linux GOARCH=arm64 go build -o /dev/null ./cmd/wattle
	GOOS=darwin GOARCH=arm64 go build -o /dev/null ./cmd/wattle

.PHONY: check
check: gen lint test cross ## everything that must pass before a commit
	go mod tidy -diff
	go mod verify
	@git diff --exit-code --stat -- '*_gen.go' || (echo 'generated files have changed: commit them'; exit 1)

.PHONY: conformance
conformance: ## run the official Component Model suite, from SUITE or a clone (needs Node)
	@suite='$(SUITE)'; if [ -z "$$suite" ]; then \
		suite=$(CACHE)/component-model/test; \
		[ -d "$$suite" ] || git clone -q $(SUITE_REPO) $(CACHE)/component-model; \
		git -C $(CACHE)/component-model checkout -q $(SUITE_COMMIT); \
	fi; \
	rm -rf $(CACHE)/conformance; go run ./internal/wastgen suite -cache $(CACHE) -o $(CACHE)/conformance "$$suite"
	go run ./internal/conformance $(CACHE)/conformance

# The official WASI suite: a directory, or else the commit to clone.
WASI_SUITE  ?=
WASI_REPO   := https://github.com/WebAssembly/wasi-testsuite
WASI_COMMIT := 9f80ca35444cfd9e63100725615140a346652e6c

.PHONY: wasi-testsuite
wasi-testsuite: ## run the official WASI suite's preview 1 programs, from WASI_SUITE or a clone (needs Node)
	@suite='$(WASI_SUITE)'; if [ -z "$$suite" ]; then \
		suite=$(CACHE)/wasi-testsuite; \
		[ -d "$$suite" ] || git clone -q --single-branch -b prod/testsuite-base $(WASI_REPO) "$$suite"; \
		git -C "$$suite" checkout -q $(WASI_COMMIT); \
	fi; go run ./internal/wasitest "$$suite"

# The Component Model's definitions.py: a file, or else that of the commit to clone.
DEFINITIONS ?=
SEED        ?= 1

.PHONY: oracle
oracle: ## compare with wasmtime, definitions.py and wasm-tools (needs Python; uses what conformance left)
	@definitions='$(DEFINITIONS)'; if [ -z "$$definitions" ]; then \
		definitions=$(CACHE)/component-model/design/mvp/canonical-abi/definitions.py; \
		[ -d $(CACHE)/component-model ] || git clone -q $(SUITE_REPO) $(CACHE)/component-model; \
		git -C $(CACHE)/component-model checkout -q $(SUITE_COMMIT); \
	fi; \
	cd internal/oracle && go vet ./... && go test ./... && \
	go run ./validator -cache $(CACHE) -seed $(SEED) ../../host/component ../../examples ../cli/testdata $(wildcard $(CACHE)/conformance) && \
	go run ./abi -seed $(SEED) "$$definitions" && \
	go run ./wit -cache $(CACHE) -seed $(SEED) ../../examples ../../host/component/testdata ../witgen/testdata ../guests ../../wit/witjson/testdata

.PHONY: toolchains
toolchains: build ## build a component with each toolchain and run it (needs Node, Python, Cargo, Debian's packages)
	go run ./internal/toolchains

.PHONY: guests
guests: ## rebuild the guests that test WASI (needs Python and Cargo)
	internal/guests/build.sh
	@git diff --exit-code --stat -- 'internal/guests/*/guest.wasm' || (echo 'guests have changed: commit them'; exit 1)

.PHONY: mcp
mcp: build ## run the MCP conformance suite and the Inspector against the examples (needs Node)
	.ci/mcp/run

.PHONY: mcp-conformance
mcp-conformance: build ## run the MCP conformance suites and stock clients against the gateway (needs Node)
	.ci/mcp/gateway

.PHONY: e2e
e2e: ## run the binary for longer: a thousand calls, neighbours that misbehave
	go test -tags e2e -count=1 -v ./internal/e2e

.PHONY: e2e-lattice
e2e-lattice: ## break a lattice of real processes under load (Linux; needs iproute2 and user namespaces)
	go test -tags e2e -count=1 -v -timeout 30m ./internal/e2e/lattice

.PHONY: wast
wast: ## assemble the test components written as text (needs Node)
	go run ./internal/wastgen wat -cache $(CACHE) host/component/testdata/*.wat host/component/validate/testdata/*/*.wat \
		host/testdata/*.wat host/wasi/testdata/*.wat host/daemon/testdata/*.wat internal/cli/testdata/guests/*.wat internal/bench/testdata/*.wat
	go run ./internal/wastgen suite -cache $(CACHE) -o host/component/testdata/wast host/component/testdata/wast

SEEDS ?= 1000

.PHONY: sim
sim: ## run the scheduler in SEEDS worlds that nobody has seen before, or in that of SEED=n with all that happens
ifneq ($(filter command%,$(origin SEED)),)
	go test -count=1 -v -run '^TestSeed$$' ./scheduler/sim -args -seed=$(SEED)
else
	go test -count=1 -v -timeout 0 -run '^TestFresh$$' ./scheduler/sim -args -seeds=$(SEEDS)
endif

.PHONY: fuzz
fuzz: ## fuzz each decoder for FUZZTIME
	.ci/fuzz $(or $(FUZZTIME),30s)

.PHONY: bench
bench: build ## measure against targets and peers in the same run (peers need Python and a C compiler, or Node)
	go run ./internal/bench

.PHONY: examples
examples: ## rebuild the example components (needs Node)
	for d in examples/*/build.sh; do (cd $$(dirname $$d) && ./build.sh) || exit 1; done

.PHONY: clean
clean: ## remove what was built
	rm -rf bin .cache
