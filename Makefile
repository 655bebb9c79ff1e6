# `make help` lists the targets. Nothing here needs more than make and a python3 of 3.11 or newer.

PYTHON ?=
PYTEST_ARGS ?=
VERIFY_ARGS ?=
BENCH_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
MADE := $(VENV)/.made
CORE := $(VENV)/.installed-core
TESTING := $(VENV)/.installed-testing
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# pip must never run twice at once in one environment.
.NOTPARALLEL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

.PHONY: help verify test test-slow test-nightly test-gpu bench lint format readme clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

verify: $(CORE)  ## decide the paper's claims (VERIFY_ARGS="theorem_1 --json")
	$(BIN)/l1cert verify $(VERIFY_ARGS)

# The suite shares itself out to the processors; PYTEST_ARGS="-n 0" keeps it in one process.
test: $(TESTING)  ## run the test suite and the doctests (PYTEST_ARGS="-k noise")
	$(BIN)/python -m pytest -n auto --maxprocesses=8 $(PYTEST_ARGS)

test-slow: $(TESTING)  ## run the tests marked slow
	$(BIN)/python -m pytest -m slow tests $(PYTEST_ARGS)

test-nightly: $(TESTING)  ## run the tests marked nightly (an hour or so)
	$(BIN)/python -m pytest -m nightly tests $(PYTEST_ARGS)

bench: $(TESTING)  ## measure samplers, the exact law and audits; results go to benchmarks/results
	$(BIN)/python -m benchmarks.sampling $(BENCH_ARGS)
	$(BIN)/python -m benchmarks.law $(BENCH_ARGS)
	$(BIN)/python -m benchmarks.choice $(BENCH_ARGS)
	$(BIN)/python -m benchmarks.audit $(BENCH_ARGS)
	$(BIN)/python -m benchmarks.certification $(BENCH_ARGS)

# Uninstalled, on a machine that may have only numpy, scipy, numba, cupy, torch and pytest.
# pytest exits with 5 when it found no test at all, which is a failure and not a pass.
test-gpu:  ## run the tests marked gpu, uninstalled, with the python3 on the path
	@$(or $(PYTHON),python3) -m pytest -m gpu tests/test_gpu $(PYTEST_ARGS) || { status=$$?; \
	  [ $$status -ne 5 ] || echo 'test-gpu: no test marked gpu was collected' >&2; \
	  exit $$status; }

lint: $(TESTING)  ## ruff, mypy (strict) and the import rules of the floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(TESTING)  ## let ruff format the code and repair what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

readme: $(TESTING)  ## rewrite the generated blocks of the README, and docs/errata.md, from a run
	$(BIN)/python docs/update_pages.py

clean:  ## remove the environment, the caches and what was built
	rm -rf $(VENV) build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find theory simulations figures l1cert benchmarks tests -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment that was copied or moved with its folder still points at the old place: remake it.
ifneq ($(shell cat $(MADE) 2>/dev/null),$(CURDIR))
.PHONY: $(MADE)
endif

# A stamp goes before its command and comes back after it: an interrupted run leaves none.
$(MADE):
	@for candidate in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
	  if $$candidate -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
	      >/dev/null 2>&1; then \
	    echo "creating $(VENV) with $$($$candidate --version)"; \
	    $$candidate -m venv --clear $(VENV) && echo '$(CURDIR)' > $@; exit; \
	  fi; \
	done; \
	echo 'l1cert needs Python 3.11 or newer with the venv module, and found none: install one,' \
	  'or name it as in make PYTHON=/path/to/python3.12 verify' >&2; exit 1

$(CORE): pyproject.toml constraints.txt $(MADE)
	@echo 'installing the package and its core dependencies (a minute the first time)'
	@rm -f $(CORE) $(TESTING) && $(PIP_INSTALL) -e . && touch $@

$(TESTING): pyproject.toml constraints.txt $(MADE)
	@echo 'installing the package and what its tests need (a minute or two the first time)'
	@rm -f $(CORE) $(TESTING) && $(PIP_INSTALL) -e '.[testing,dev]' && touch $(CORE) $@
