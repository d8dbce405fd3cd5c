# `make help` lists the targets. Needs Python 3.11-3.13 and make; everything else is installed in .venv.
#   make run                     set up (once), then run the main job
#   make test ARGS="-k gate -x"  arguments for pytest (-n 0: all in one process)
#   make run PYTHON=python3.13   the Python to set up with
#   make bench ARGS=--quick      measure a little; ARGS=--help says what can be chosen
#   make lock ARGS=--upgrade     newest versions within pyproject.toml's ranges

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/sh

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

ARGS ?=
PYTHON ?=
# The first of these that is a supported version: the one asked for, or what is on the PATH.
PYTHONS = $(if $(PYTHON),"$(PYTHON)",python3 python3.13 python3.12 python3.11)

VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-bench
# tests/conftest.py says which tests stay together, and orders them. One more than the cores of a small machine: many wait.
WORKERS := -n 3 --dist loadscope --no-loadscope-reorder
ROOMS := gx expectations checkpoints flows

# --no-deps: the locks are complete, so pip has nothing to resolve. --no-build-isolation: what has no wheel is
# built with the locked setuptools, not with one that pip would fetch without a hash. --compile: a site's pip settings
# may forbid it, and a command that compiles what it imports takes three times as long to start. -qq: errors only; those
# settings can also make pip warn once for every package.
INSTALL := $(BIN)/python -m pip install -qq --compile --no-deps --no-build-isolation
LOCK = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --annotation-style line \
	--custom-compile-command "make lock" --quiet $(ARGS)

.PHONY: help run test lint format screenshots bench bench-arrivals bench-anomalies bench-docs bench-watch soak alerts-soak faults lock clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\): .*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 24

run: $(VENV)/.run ## Set up if needed, then run the main job: ingest, checks, gates, loads, Data Docs
	@$(BIN)/sluice run $(ARGS)

test: $(VENV)/.dev ## Set up if needed, then run the tests (ARGS="-k gate -x" goes to pytest)
	@$(BIN)/python -m pytest $(WORKERS) $(ARGS)

lint: $(VENV)/.dev ## Check style, format, types, the import rules between the rooms, and the dbt models' SQL
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sluice sql review --compile flows/transform

format: $(VENV)/.dev ## Format the code and mend what can be mended safely
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

screenshots: $(VENV)/.dev ## Take the README's pictures of Data Docs anew (needs Chromium); writes docs/screenshots
	@$(BIN)/python -m tests.gx.docs.screenshots

bench: $(PEERS)/.made ## Measure sluice against other tools (half an hour); writes docs/benchmarks/one-scan.md
	@$(BIN)/python -m tests.bench $(ARGS)

bench-arrivals: $(VENV)/.dev ## Measure a check of the new rows alone (minutes, 2 GB of disk); writes docs/benchmarks/arrivals.md
	@$(BIN)/python -m tests.bench.arrivals $(ARGS)

bench-anomalies: $(VENV)/.dev ## Measure judging figures by their history (minutes); writes docs/benchmarks/anomalies.md
	@$(BIN)/python -m tests.bench.anomalies $(ARGS)

bench-docs: $(VENV)/.dev ## Measure publishing after 10,000 runs (minutes); writes docs/benchmarks/data-docs.md
	@$(BIN)/python -m tests.bench.docs $(ARGS)

bench-watch: $(VENV)/.dev ## Measure the monitor and the preflight beside their limits (minutes); writes docs/benchmarks/watch.md
	@$(BIN)/python -m tests.bench.watch $(ARGS)

soak: $(VENV)/.dev ## Publish Data Docs under stress (minutes): kill -9, several processes, a folder and a bucket
	@$(BIN)/python -m tests.gx.docs.soak

faults: $(VENV)/.dev ## Kill runs and break what they need, hundreds of times (half an hour); writes docs/benchmarks/faults.md
	@$(BIN)/python -m tests.faults.soak $(ARGS)

alerts-soak: $(VENV)/.dev ## Send alerts by the thousand under faults and kill -9 (minutes); writes docs/benchmarks/alerts.md
	@$(BIN)/python -m tests.checkpoints.alerts.soak $(ARGS)

lock: $(VENV)/.dev ## Write requirements/*.txt anew from pyproject.toml (keeps versions that still fit)
	$(LOCK) --group build --output-file requirements/build.txt
	$(LOCK) pyproject.toml --output-file requirements/run.txt
	$(LOCK) pyproject.toml --group dev --constraints requirements/run.txt --output-file requirements/dev.txt
	sed -n 's/^\(duckdb==[^ ]*\).*/\1/p' requirements/run.txt | \
		$(LOCK) --group bench-peers --constraints - --output-file requirements/bench.txt

clean: ## Remove the virtual environments and every cache (data in .sluice stays)
	rm -rf $(VENV) $(PEERS) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
	find $(ROOMS) tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: each is touched when its step is complete, so an interrupted set-up starts that step again. A changed lock
# or pyproject.toml installs what changed, into the same environment.

$(VENV)/.made:
	@for python in $(PYTHONS); do \
		if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
			echo "Setting up .venv with $$("$$python" --version) (once; a minute or two)"; \
			exec "$$python" -m venv --clear $(VENV); \
		fi; \
	done; \
	echo "sluice needs Python 3.11, 3.12 or 3.13, and found none among: $(subst ",,$(PYTHONS))." >&2; \
	echo "Install one, or name one: make $(or $(MAKECMDGOALS),run) PYTHON=/path/to/python3.13" >&2; \
	exit 1
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements/build.txt requirements/run.txt pyproject.toml
	@echo "Installing what sluice runs on (requirements/run.txt)"
	@$(INSTALL) --require-hashes -r requirements/build.txt
	@$(INSTALL) --require-hashes -r requirements/run.txt
	@$(INSTALL) --editable .
	@$(BIN)/python -m compileall -q $(ROOMS)
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "Installing what its tests and checks need (requirements/dev.txt)"
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@

# Never part of `.venv`: the peers and sluice want different versions of the same libraries.
$(PEERS)/.made: $(VENV)/.run requirements/bench.txt
	@echo "Installing the tools that sluice is compared with (requirements/bench.txt)"
	@test -x $(PEERS)/bin/python || $(BIN)/python -m venv $(PEERS)
	@echo '*' > $(PEERS)/.gitignore
	@$(PEERS)/bin/python -m pip install -qq --no-deps --only-binary :all: --require-hashes -r requirements/bench.txt
	@touch $@
