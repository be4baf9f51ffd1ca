# The two commands of the README are `make run` and `make test`; the rest are their parts.
# `make help` lists them all.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help deps deps-test build run test test-unit test-sql test-clients test-superset test-docs test-plugins test-crash test-browser \
  bench bench-rollups bench-kernels format lint clean

POSTGRES_PORT ?= 7432
HTTP_PORT ?= 7480
DATA ?= ./apus-data
# Sizes of the benchmark and of the crash test: 10M, 200k, 250000.
ROWS ?=

# Processors with AVX2 run filters and bit-unpacking about twice as fast when the compiler may use it. The build is
# then bound to such machines; GENERIC=1 builds for any.
AVX2 := $(shell [ "$$(uname -m)" = x86_64 ] && grep -qw avx2 /proc/cpuinfo 2>/dev/null && echo yes)
ifeq ($(AVX2)$(GENERIC),yes)
RELEASE_FLAGS := -Xswiftc -target-cpu -Xswiftc haswell
BUILD_KIND := release, for processors with AVX2 (GENERIC=1 builds for any)
else
RELEASE_FLAGS :=
BUILD_KIND := release, for any processor of this architecture
endif
# Overlapping access to memory is looked for in debug builds, which the tests are; a release build must not end every
# connection for it, nor pay for the search.
RELEASE_FLAGS += -Xswiftc -enforce-exclusivity=unchecked
# Without colours: they are a flag of the compiler, so that a build from a terminal would redo one from a script.
BUILD := swift build -c release --no-color-diagnostics $(RELEASE_FLAGS)
# The server, and the plugins that it finds beside itself.
PRODUCTS := apus sqlite postgres
APUS := .build/release/apus
PYTHON := .build/venv/bin/python

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

deps: ## install what building and running needs (Debian 12; looks before it installs)
	@scripts/deps.sh build

deps-test: deps ## install what the tests need besides: PostgreSQL 15, Java, Go, Node, and a Python environment in .build/venv
	@scripts/deps.sh test

build: deps ## build .build/release/apus, and the plugins beside it
	@echo "Building apus: $(BUILD_KIND)."
	@scripts/build.sh '$(BUILD)' $(PRODUCTS)

run: ## install what is missing, build, and serve with the data in ./apus-data
	@APUS_BUILD='$(BUILD)' APUS_PRODUCTS='$(PRODUCTS)' APUS_BUILD_KIND='$(BUILD_KIND)' scripts/run.sh \
	  --data '$(DATA)' --postgres-port $(POSTGRES_PORT) --http-port $(HTTP_PORT)

test: test-unit test-sql test-clients test-plugins test-docs test-crash ## every test: modules, SQL, clients, plugins, documents, crashes
	@echo "All tests passed."

test-unit: deps ## the tests of each module, and those of the architecture
	swift test

test-sql: deps-test build ## Tests/SQL: answers that PostgreSQL 15 gave, asked of Apus
	$(PYTHON) Tests/SQL/run.py --apus $(APUS)

test-clients: deps-test build ## psql, drivers of five languages, tools and SDKs against a real server (docs/CLIENTS.md)
	$(PYTHON) Tests/Clients/run.py --apus $(APUS)

test-docs: deps-test build ## every code block of README.md and docs, page by page against a server
	$(PYTHON) Tests/Docs/run.py --apus $(APUS)

test-superset: deps-test build ## Superset itself, which is not part of make test: it installs 700 MB into .build/superset
	python3 Tests/Clients/real_superset.py --apus $(APUS)

test-plugins: deps-test build ## the same rows and answers in columnar tables, SQLite and PostgreSQL (ROWS=200k for more)
	@scripts/build.sh '$(BUILD)' words
	$(PYTHON) Tests/Plugins/run.py --apus $(APUS) $(if $(ROWS),--rows $(ROWS))

test-crash: deps-test build ## kill -9 in the middle of ingest, and reading one's own writes
	$(PYTHON) Tests/Crash/kill9.py --apus $(APUS) $(if $(ROWS),--rows $(ROWS))
	$(PYTHON) Tests/Crash/read_your_write.py --apus $(APUS) $(if $(ROWS),--posts 10000)

test-browser: build ## the dashboard and the SDK in headless Chromium, with screenshots in .build/screenshots
	python3 Tests/Browser/run.py --apus $(APUS) --screenshots .build/screenshots

bench: deps-test build ## side by side with DuckDB on the same rows (ROWS=1M for a shorter run)
	$(PYTHON) Benchmarks/run.py --apus $(APUS) $(if $(ROWS),--rows $(ROWS)) $(BENCH_ARGS)

bench-rollups: deps-test build ## dashboard queries from rollups against rows, and ingest with three rollups
	$(PYTHON) Benchmarks/rollups.py --apus $(APUS) $(if $(ROWS),--rows $(ROWS)) $(BENCH_ARGS)

bench-kernels: deps ## nanoseconds a value of the vector kernels (KERNELS="gather hash" for some)
	swift run -c release $(RELEASE_FLAGS) bench-kernels $(KERNELS)

format: ## format the Swift sources in place
	swift format --in-place --recursive --parallel Package.swift Sources Tests plugins

lint: ## check the format of the Swift sources
	swift format lint --strict --recursive --parallel Package.swift Sources Tests plugins

clean: ## remove what was built (not ./apus-data)
	rm -rf .build Benchmarks/data Benchmarks/results
