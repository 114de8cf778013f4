# One interface for people and CI. 'make demo' and 'make test' need Python 3.11 to 3.13 and make, no more.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.labelaudit-installed
DOCS_STAMP := $(VENV)/.labelaudit-docs-installed

.PHONY: help setup demo test lint docs fuzz bench bench-many coverage detection clean

help:
	@echo "make setup   a virtual environment in $(VENV) with the tested versions"
	@echo "make demo    the whole loop on handwritten digits with labels flipped on purpose"
	@echo "make test    all tests"
	@echo "make lint    ruff, mypy, and an audit of the dependencies"
	@echo "make docs    the docs site, in docs/_build/html; any warning fails"
	@echo "make fuzz    the demo's files spoiled at random for ten minutes; SECONDS=60 SEED=7 for another run"
	@echo "make bench   what the audit costs beside bare cleanlab, the bootstrap beside scipy's, and many datasets"
	@echo "make coverage  how often the intervals hold: the figures of docs/coverage.md, in some twenty minutes"
	@echo "make detection DATA='DIR ...'  how well wrong labels are found: the figures of docs/detection.md"

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
	$(BIN)/python .ci/dependencies.py

# The site's own packages are not part of 'make setup': the program and its tests do without them.
$(DOCS_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $(DOCS_STAMP)

docs: $(DOCS_STAMP)
	$(BIN)/python -m sphinx -q -W --keep-going -n -E -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

# Without SEED another one is drawn, and printed. It also sets the seed of the longer run of the properties.
SECONDS ?= 600
SEED ?=
fuzz: setup
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))
	LABELAUDIT_EXAMPLES_TIMES=5 $(BIN)/python -m pytest -q tests/properties $(if $(SEED),--hypothesis-seed $(SEED))

bench: setup
	$(BIN)/python benchmarks/confident_learning.py
	$(BIN)/python benchmarks/bootstrap.py
	$(BIN)/python benchmarks/many_datasets.py

coverage: setup
	$(BIN)/python -m benchmarks.coverage --runs 1000

# Folders of public data; the tests look into the one that LABELAUDIT_DATA names.
DATA ?= $(LABELAUDIT_DATA)
detection: setup
	@test -n "$(DATA)" || { echo "name the folders of the data: make detection DATA='DIR ...', or LABELAUDIT_DATA" >&2; exit 1; }
	@mkdir -p build
	$(BIN)/python -m benchmarks.detection --data $(DATA) --json build/detection.json --curves build/detection.csv

bench-many: setup
	$(BIN)/python benchmarks/many_datasets.py

clean:
	rm -rf $(VENV) build dist docs/_build demo-workspace .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
