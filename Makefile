# Everything a person does with this project. `make` alone lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
SCRIPTS := '**/*.{js,mjs,css}'
UV = $$(command -v uv || echo "$$PWD/.uv/bin/uv")
FOLDERS := . ./checkout_core ./stripe_simulator
PROJECTS := $(FOLDERS:%=%/pyproject.toml)
# Each has modules of the same names, so each is checked by itself. Django has no types.
TYPED_EXAMPLES := fastapi_sqlmodel flask streamlit
STAMP := .venv/.installed
DEMO_STAMP := .venv/.demo
# Programs that start again and again, as the tests do, must not compile everything each time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

.PHONY: setup
setup: $(STAMP)  ## make .venv from requirements.lock (a second run does no work)

# uv is used where there is one; otherwise it goes into .uv/, because a Debian system Python refuses `pip install`.
define install
@command -v uv >/dev/null || test -x .uv/bin/uv || { \
  echo "uv is missing: installing it into .uv/"; \
  $(PYTHON) -m venv .uv 2>/dev/null && .uv/bin/pip install --quiet uv \
  || { rm -rf .uv; $(PYTHON) -m pip install --quiet --target .uv uv; } \
  || { echo "Could not install uv. Install it (https://docs.astral.sh/uv) or python3-venv, then run make again."; exit 1; }; }
@uv=$(UV); \
  test -x $(BIN)/python || $$uv venv --python '>=3.11' --no-python-downloads .venv; \
  VIRTUAL_ENV=$$PWD/.venv $$uv pip install --require-hashes -r $(1) && \
  VIRTUAL_ENV=$$PWD/.venv $$uv pip install --quiet --no-deps --no-build-isolation $(FOLDERS:%=-e %)
endef

# The demo needs less than half of what the tests need. Whoever has all of it has the demo's part too.
$(DEMO_STAMP): requirements-demo.lock $(PROJECTS)
	$(call install,requirements-demo.lock)
	@touch $@

$(STAMP): requirements.lock $(PROJECTS)
	$(call install,requirements.lock)
	@touch $(DEMO_STAMP) $@

.PHONY: lock
lock: setup  ## pin the newest versions that the pyproject.toml files admit: requirements.lock, and the demo's part of it
	@set -e; compile="$(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	    --no-emit-package checkout-core --no-emit-package stripe-simulator --no-header --quiet"; \
	  $$compile --group dev --upgrade -o requirements.lock; \
	  $$compile --group build --upgrade -c requirements.lock -o requirements-demo.lock

.PHONY: docs
docs: setup  ## the documentation site, in site/: open site/index.html, no server and no network are needed
	@$(BIN)/python -m documentation

.PHONY: dist
dist: $(DEMO_STAMP)  ## the three distributions as wheels and sdists, in dist/
	@rm -rf dist
	@VIRTUAL_ENV=$$PWD/.venv $(UV) build --quiet --all-packages --no-build-isolation -o dist && ls dist

.PHONY: examples
examples: dist  ## test each example with the wheels, in an environment of its own (ALL=1: with old stripe-python, too)
	@$(BIN)/python examples/run.py --uv "$(UV)" $(if $(ALL),--all) $(NAMES)

.PHONY: demo
demo: $(DEMO_STAMP)  ## the whole shop on this machine: storefront, API, Stripe simulator, DuckDB
	@exec $(BIN)/checkout demo

.PHONY: lab
lab: setup  ## JupyterLab on the notebooks, on this machine only
	@exec $(BIN)/jupyter lab $$(test $$(id -u) -ne 0 || echo --allow-root) notebooks

# Tests and static checks side by side; what the checks say is shown after the tests.
define tested_and_checked
@checked=$$(mktemp); trap 'rm -f $$checked' EXIT; \
  make --no-print-directory --keep-going lint types imports >$$checked 2>&1 & checks=$$!; \
  $(BIN)/pytest $(1); tested=$$?; \
  wait $$checks; passed=$$?; cat $$checked; \
  exit $$((tested || passed))
endef

.PHONY: test
test: setup  ## everything that CI runs
	$(call tested_and_checked)
	@$(MAKE) --no-print-directory examples

.PHONY: check
check: setup  ## the quick part for every commit: formatter, linters, types, unit and contract tests
	$(call tested_and_checked,-q -n 1 tests/unit tests/integration/stores/test_contract.py)

.PHONY: coverage
coverage: setup  ## branches that unit and integration tests reach; fails below the floor in pyproject.toml
	@$(BIN)/pytest -q --cov --cov-report=term:skip-covered tests/unit tests/integration

.PHONY: oldest
oldest:  ## unit and integration tests with the oldest versions that the pyproject.toml files admit, in .venv-oldest
	@set -e; export VIRTUAL_ENV=$$PWD/.venv-oldest; uv=$(UV); \
	  $$uv venv --quiet --clear --python 3.11 .venv-oldest; \
	  $$uv pip compile --quiet --no-header $(PROJECTS) --all-extras --group dev --resolution lowest-direct \
	    --no-emit-package checkout-core --no-emit-package stripe-simulator -o .venv-oldest/requirements.txt; \
	  $$uv pip install --quiet -r .venv-oldest/requirements.txt; \
	  $$uv pip install --quiet --no-deps --no-build-isolation $(FOLDERS:%=-e %)
	@.venv-oldest/bin/pytest -q tests/unit tests/integration

.PHONY: lint
lint: setup
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .
	@$(BIN)/oxfmt --check $(SCRIPTS) && $(BIN)/oxlint
	@$(BIN)/nbstripout --verify --keep-id notebooks/*.ipynb || { echo "Run make format: notebooks are kept without outputs."; exit 1; }

.PHONY: types
types: setup
	@$(BIN)/mypy
	@set -e; for each in $(TYPED_EXAMPLES); do echo "examples/$$each"; \
	  (cd examples/$$each && ../../$(BIN)/mypy --config-file ../../pyproject.toml --cache-dir ../../.mypy_cache .); done

.PHONY: imports
imports: setup
	@$(BIN)/lint-imports

.PHONY: format
format: setup  ## format the code and mend what the linter can
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .
	@$(BIN)/oxlint --fix; $(BIN)/oxfmt $(SCRIPTS)
	@$(BIN)/nbstripout --keep-id notebooks/*.ipynb

.PHONY: bench-store
bench-store: setup  ## our stores beside the plain ways, in one table
	@$(BIN)/python -m benchmarks.store

.PHONY: bench-analytics
bench-analytics: setup  ## the views beside SQL by hand and beside pandas
	@$(BIN)/python -m benchmarks.analytics

.PHONY: bench-simulator
bench-simulator: setup  ## the simulator beside localstripe and a bare route
	@$(BIN)/python -m benchmarks.simulator

.PHONY: chaos
chaos: setup  ## 24,000 requests of random shoppers, operators and banks, with printed seeds, and the table in docs/reliability.md
	@$(BIN)/python -m tests.chaos.run --docs

.PHONY: hardening
hardening: setup  ## what an attacker and a bad day do, on loopback, and the table in docs/reliability.md
	@$(BIN)/python -m tests.hardening --docs

.PHONY: mutants
mutants: setup  ## change the money-critical code in small ways: what do the tests notice? (SAMPLE=60 SEED=7)
	@exec $(BIN)/python -m tests.mutants $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED)) $(if $(GROUP),--group $(GROUP))

.PHONY: bench-storefront
bench-storefront: setup  ## how fast the shop answers a click, in Chromium
	@$(BIN)/python -m benchmarks.storefront

.PHONY: pictures
pictures: setup  ## the pictures of the tour, and contact sheets of every page and state in five sizes, light and dark
	@$(BIN)/python -m tests.e2e.browser.contact_sheets
