# The two commands of a newcomer are `make parity` and `make test`; both create .venv if it is not there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
STAMP := $(VENV)/.installed
.PHONY: parity test check gate bench clean

parity: $(STAMP)
	$(BIN)/parity run autodiff

# Two cores: two processes; NumPy's and torch's own threads would only get in each other's way.
test: $(STAMP)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 $(TESTFLAGS)

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/python -m autodiff._surface.stubs --check
	$(BIN)/python -m parity.report.operators autodiff --check
	$(BIN)/parity accuracy autodiff --check
	$(BIN)/python -m parity.semantics.page autodiff --check
	$(BIN)/python -m parity.diagnosis.page --check
	$(BIN)/python -m pytest -q tests/api

# Against what is committed: a new difference fails, and so does an entry that is not needed any more.
gate: $(STAMP)
	$(BIN)/parity gate autodiff --strict

bench: $(STAMP)
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .parity .hypothesis .pytest_cache .mypy_cache .ruff_cache build dist *.egg-info

# Installs again only when what is to be installed has changed. torch comes first and by itself, pinned: a range that
# another package asks for would otherwise fetch a newer build with gigabytes of CUDA.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --no-deps torch
	$(PIP) -e '.[dev]'
	touch $(STAMP)
