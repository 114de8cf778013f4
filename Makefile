# One interface for people and CI. 'make demo' and 'make test' need Python 3.11 to 3.13 and make, no more.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.labelaudit-installed

.PHONY: help setup demo test lint bench bench-many clean

help:
	@echo "make setup   a virtual environment in $(VENV) with the tested versions"
	@echo "make demo    the whole loop on handwritten digits with labels flipped on purpose"
	@echo "make test    all tests"
	@echo "make lint    ruff and mypy"
	@echo "make bench   what the audit costs beside bare cleanlab, and what many datasets cost"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "labelaudit needs Python 3.11 to 3.13; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

demo: setup
	$(BIN)/labelaudit demo

test: setup
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term:skip-covered

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python benchmarks/confident_learning.py
	$(BIN)/python benchmarks/many_datasets.py

bench-many: setup
	$(BIN)/python benchmarks/many_datasets.py

clean:
	rm -rf $(VENV) build dist demo-workspace .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
