# make install   installs, and does nothing else
# make run       builds the demonstration city in ./var, once, and serves it on this machine alone
# make install-spark  what figures and matching on Spark want beside it (480 MB); Java is the system's
# make test      all checks and tests; on PostgreSQL too, where it is installed
# SCALE=0.01 makes a city of a hundredth of the size; SEED another city; PORT another address.

PYTHON ?= $(firstword $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p; done; true))
VENV ?= .venv
HOME_FOLDER ?= var
SCALE ?= 1
SEED ?= 1
PORT ?= 8000

BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --no-input
FANGXIAN := $(BIN)/fangxian --home $(HOME_FOLDER)
LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	--python-version 3.11
# In the order of tests/conftest.py, not of how many tests a file has.
WORKERS := -n 2 --dist loadfile --no-loadscope-reorder
CATALOGUES := $(wildcard src/fangxian/locale/*/LC_MESSAGES/django.po)

.PHONY: install install-spark install-test demo run lint test test-long bench lock clean
.DELETE_ON_ERROR:

install: $(STAMPS)/package $(if $(CATALOGUES),$(STAMPS)/catalogues)

$(STAMPS)/venv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later, with its venv module, is needed (Debian: apt-get install python3-venv)."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/base: requirements/base.txt | $(STAMPS)/venv
	$(PIP) install --require-hashes -r $<
	@touch $@

# Without build isolation setuptools comes from the hashed list like everything else.
$(STAMPS)/package: pyproject.toml | $(STAMPS)/base
	$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(STAMPS)/catalogues: $(CATALOGUES) | $(STAMPS)/package
	$(BIN)/python -m fangxian.web.compile_messages
	@touch $@

$(STAMPS)/test: requirements/test.txt | $(STAMPS)/base
	$(PIP) install --require-hashes -r $<
	@touch $@

$(STAMPS)/bench: requirements/bench.txt | $(STAMPS)/base
	$(PIP) install --require-hashes -r $<
	@touch $@

$(STAMPS)/spark: requirements/spark.txt | $(STAMPS)/base
	$(PIP) install --no-build-isolation --require-hashes -r $<
	@touch $@

install-spark: install $(STAMPS)/spark

# Where nothing may be left out, Spark is tested too.
install-test: install $(STAMPS)/test $(if $(filter 1,$(FANGXIAN_NO_SKIPS)),$(STAMPS)/spark)

# `demo` is one command that finishes or leaves no city: what lies in the folder afterwards is whole.
$(HOME_FOLDER)/ledger.sqlite3: | install
	$(FANGXIAN) demo --scale $(SCALE) --seed $(SEED)

demo: install
	$(FANGXIAN) demo --scale $(SCALE) --seed $(SEED)

run: $(HOME_FOLDER)/ledger.sqlite3
	$(FANGXIAN) serve --port $(PORT)

lint: install-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/mypy

# PostgreSQL first, so that the last line is that of the whole suite.
test: lint
	@if $(BIN)/python tests/postgres.py --find; then \
		echo "The tests that use the database, on PostgreSQL:"; \
		$(BIN)/python tests/postgres.py $(BIN)/python -m pytest $(WORKERS) --database; \
	elif [ "$$FANGXIAN_NO_SKIPS" = 1 ]; then \
		echo "PostgreSQL is not installed, and nothing may be left out (FANGXIAN_NO_SKIPS=1)."; exit 1; \
	else \
		echo "PostgreSQL is not installed: the tests run on SQLite alone."; \
	fi
	@echo "All tests, on SQLite:"
	$(BIN)/python -m pytest $(WORKERS)

test-long: install-test
	FANGXIAN_HYPOTHESIS=long $(BIN)/python -m pytest --long

bench: install $(STAMPS)/bench
	@missed=0; for file in benchmarks/[!_]*.py; do \
		echo "== $$file"; $(BIN)/python $$file || missed=1; done; exit $$missed

lock: $(STAMPS)/test
	@for list in base test bench spark; do $(LOCK) requirements/$$list.in -o requirements/$$list.txt; done

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache
