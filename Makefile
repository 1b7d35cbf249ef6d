# Everything is installed into the checkout: .venv, vendor/kafka, dashboards/node_modules and build.
# A stamp per part: made again only when its inputs change.
PYTHON ?= python3
BIN := .venv/bin

PYTHON_STAMP := .venv/.installed
KAFKA_STAMP := vendor/kafka/.installed
KAFKA_CLASSES := vendor/kafka/classes.jsa
PAGE_STAMP := dashboards/node_modules/.installed
PAGE := dashboards/build/main.js

.DEFAULT_GOAL := help
.PHONY: help setup system-tools demo test lint compiled bench bench-core bench-warehouse clean

help:
	@echo "make setup   install everything into this checkout"
	@echo "make demo    start all of it with a simulated province; Ctrl-C stops it"
	@echo "make test    check the code, then run all tests"
	@echo "make compiled  the worker's path as machine code, in build/compiled (about a minute)"
	@echo "make bench   measure everything (about half an hour); bench-core, bench-warehouse: one part"
	@echo "make clean   remove what setup, tests and demo left in this checkout"

setup: system-tools $(PYTHON_STAMP) $(KAFKA_CLASSES) $(PAGE)

system-tools:
	@PYTHON=$(PYTHON) jushou/runtime/system-tools.sh

$(PYTHON_STAMP): pyproject.toml constraints.txt | system-tools
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]' -c constraints.txt
	@touch $@

$(KAFKA_STAMP): jushou/runtime/kafka/pom.xml | system-tools
	rm -rf vendor/kafka
	mvn --batch-mode --quiet -f $< dependency:copy-dependencies -DincludeScope=runtime \
		-DoutputDirectory=$(CURDIR)/vendor/kafka
	@touch $@

$(KAFKA_CLASSES): $(KAFKA_STAMP) $(PYTHON_STAMP) jushou/runtime/kafka_broker.py
	$(BIN)/python -m jushou.runtime.kafka_classes

$(PAGE_STAMP): dashboards/package.json | system-tools
	cd dashboards && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@

# Its modules in one file; without it, or with a module that is newer, the page serves them singly.
$(PAGE): $(PAGE_STAMP) $(wildcard dashboards/static/*.js)
	cd dashboards && npm run --silent bundle

demo: setup
	$(BIN)/jushou demo

lint: setup
	$(BIN)/ruff check .
	if [ -e .importlinter ] || grep -q '^\[tool.importlinter\]' pyproject.toml; then \
		$(BIN)/lint-imports; fi
	$(BIN)/mypy

# pytest comes last: its summary line ends the output. Tests of a file stay in one process, so that
# they share what they started.
test: lint
	$(BIN)/pytest --numprocesses 2 --dist loadfile

compiled: setup
	$(BIN)/python -m jushou.runtime.compiled

bench: setup
	$(BIN)/python -m benchmarks

bench-core: setup
	$(BIN)/python -m benchmarks core

bench-warehouse: setup
	$(BIN)/python -m benchmarks warehouse

clean:
	rm -rf .venv vendor dashboards/node_modules dashboards/build build .jushou *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
