# `make` or `make help` lists the targets.
PYTHON ?= python3
BIN := .venv/bin
CODE := ingest prompts rag_app vectorstore
# Where only loopback exists, if the system allows it; where it does not, tests/conftest.py refuses other connections.
OFFLINE := $(BIN)/python tests/offline/loopback.py

# Tests run in parallel; a worker that has none left takes over those of another. Each needs up to 2 GB.
ABREAST := -n auto --maxprocesses 4 --dist worksteal

.PHONY: help run test coverage test-all format lint docs clean
export PYTHON

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

run: .venv/installed  ## install, ingest the sample documents, open the chat page on http://localhost:8501
	$(BIN)/rag ingest --collection samples rag_app/samples/documents
	$(BIN)/rag chat --collection samples

test: .venv/installed-dev  ## install with the development extras, check and test; form and types are checked beside the tests
	@mkdir -p build
	@$(MAKE) --no-print-directory lint >build/lint.log 2>&1 & lint=$$!; \
	$(OFFLINE) $(BIN)/pytest $(ABREAST) -m "not slow" & tests=$$!; \
	wait $$lint || { cat build/lint.log; kill $$tests; exit 1; }; \
	wait $$tests

coverage: .venv/installed-dev  ## print which lines of the four packages the tests run
	$(OFFLINE) $(BIN)/pytest $(ABREAST) -m "not slow" --cov --cov-config=tests/coverage.ini --cov-report=term:skip-covered

test-all: .venv/installed-dev lint  ## the same with the long repetitions, each extra in an environment of its own, and once more with a Chroma server
	$(OFFLINE) $(BIN)/pytest
	$(BIN)/pytest -m slow tests/test_fresh_environments.py
	$(OFFLINE) $(BIN)/pytest --chroma-server -m "not slow" tests/vectorstore tests/ingest tests/rag_app/test_many_processes.py

lint: .venv/installed-dev  ## check form, style, types and the direction of imports
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/installed-dev  ## format the code and mend what ruff can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: .venv/installed-dev  ## write the generated parts of docs/: settings, commands, formats, modules, figures
	$(BIN)/python docs/generate.py

clean:  ## remove the environment and all caches; documents that were ingested stay
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find $(CODE) tests -name __pycache__ -type d -exec rm -rf {} +

# Stamps: an installation is repeated only when what is to be installed has changed.
.venv/installed: pyproject.toml install.sh
	./install.sh
	@touch $@

.venv/installed-dev: pyproject.toml install.sh
	./install.sh dev
	@touch $@ .venv/installed
