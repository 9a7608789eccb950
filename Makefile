# Everything a person or CI does here. `make help` lists it; each target sets up what it needs by itself.
.DEFAULT_GOAL := help
.PHONY: bench chaos fuzz help run test check unit format clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TEST_INSTALLED := $(VENV)/.test-installed
# Tests run in two processes, those with servers in three: they wait for them now and then. Each starts its own.
JOBS ?= 2
SERVER_JOBS ?= 3

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(INSTALLED) ## the demo: broker, store, daemon, modules and runs in one process; nothing to install, Ctrl-C ends it
	@$(BIN)/resistor dev --demo

test: check ## all tests: lint, types, import contracts, unit, contract, integration, acceptance
	$(BIN)/python -m pytest tests --ignore tests/unit --ignore tests/conformance -n $(SERVER_JOBS) --dist loadgroup --maxfail 5

check: $(TEST_INSTALLED) ## the fast part: lint, format, types, import contracts, unit tests, conformance
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest tests/unit tests/conformance -n $(JOBS) --dist loadgroup --maxfail 5

fuzz: $(TEST_INSTALLED) ## the fuzz tests with RESISTOR_FUZZ examples each (20000), from new seeds
	RESISTOR_FUZZ=$${RESISTOR_FUZZ:-20000} $(BIN)/python -m pytest tests/unit/fuzz -n $(JOBS) --timeout 0

chaos: $(TEST_INSTALLED) ## half an hour of real processes under 800 faults, and the checker; servers of its own
	$(BIN)/python -m chaos

bench: $(TEST_INSTALLED) ## half an hour: workflows beside other systems, what grows with size, what parts cost; in .bench/
	@mkdir -p .bench
	$(BIN)/python -m bench.flow -o .bench/flow.json
	$(BIN)/python -m bench.growth -o .bench/growth.json
	$(BIN)/python -m bench
	$(BIN)/python -m bench.plot .bench/flow.json .bench/growth.json .bench/

unit: $(TEST_INSTALLED) ## unit tests only: no servers, seconds
	$(BIN)/python -m pytest tests/unit

format: $(TEST_INSTALLED) ## format the code and mend what lint can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what these targets made
	rm -rf $(VENV) .cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml
	@PYTHON=$(PYTHON) sh .ci/make-venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

$(TEST_INSTALLED): pyproject.toml
	@PYTHON=$(PYTHON) sh .ci/make-venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@ $(INSTALLED)
