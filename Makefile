# `make help` lists the targets. Nothing here needs more than make and a python3 of 3.11 or newer.

PYTHON ?=
PYTEST_ARGS ?=
VERIFY_ARGS ?=
BENCH_ARGS ?=
REPETITIONS ?= 100
MUTATION_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
MADE := $(VENV)/.made
CORE := $(VENV)/.installed-core
TESTING := $(VENV)/.installed-testing
DOCS := $(VENV)/.installed-docs
BROWSER := $(VENV)/.installed-browser
MUTATION := $(VENV)/.installed-mutation
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# pip must never run twice at once in one environment.
.NOTPARALLEL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

.PHONY: help verify test test-slow test-nightly test-repeated test-gpu test-browser test-install test-mutation bench lint format readme docs clean

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

# Goes on where it was interrupted; docs/suite_statistics.md says what it found.
test-repeated: $(TESTING)  ## run the statistical tests with fresh seeds, 100 times (REPETITIONS=10)
	$(BIN)/python -m tests.repeated --repetitions $(REPETITIONS)

# One process: the tests share one window and one run of verify. The page of every claim takes
# minutes: make test-browser PYTEST_ARGS="-m browser"
test-browser: $(BROWSER)  ## install a headless Chromium where allowed, and open the report in it
	@sh tests/test_browser/install.sh $(VENV)/browser
	$(BIN)/python -m pytest -n 0 -m 'browser and not slow' tests/test_browser $(PYTEST_ARGS)

test-install: $(TESTING)  ## install the wheel into empty environments of every Python found here
	$(BIN)/python -m pytest -n 0 -m '' tests/test_install $(PYTEST_ARGS)

# In a copy under build/mutation; a run that was stopped goes on where it was.
test-mutation: $(MUTATION)  ## put small faults into theory/ and see which its tests miss (20 minutes)
	$(BIN)/python -m tests.mutation.measure $(MUTATION_ARGS)

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

readme: $(TESTING)  ## rewrite what runs make of README.md, REPRODUCE.md, docs/ and the ledger
	$(BIN)/python docs/update_pages.py

docs: $(DOCS)  ## build the documentation into build/docs; warnings are errors
	$(BIN)/sphinx-build -W --keep-going -n -q -j auto -d build/doctrees docs build/docs

clean:  ## remove the environment, the caches and what was built
	rm -rf $(VENV) build dist docs/generated .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
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

$(DOCS): pyproject.toml constraints.txt $(MADE)
	@echo 'installing the package and what its documentation needs'
	@rm -f $@ && $(PIP_INSTALL) -e '.[docs]' && touch $(CORE) $@

$(MUTATION): pyproject.toml constraints.txt $(MADE)
	@echo 'installing the package and what mutates it'
	@rm -f $@ && $(PIP_INSTALL) -e '.[mutation]' && touch $(CORE) $@

$(BROWSER): $(TESTING)
	@echo 'installing what drives a browser'
	@rm -f $@ && $(PIP_INSTALL) -e '.[browser]' && touch $@
