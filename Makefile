# Everything goes through a virtual environment in .venv, made on first use. `make run` and `make test` need nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: run test check bench soak messages clean help

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(VENV)/run.stamp: pyproject.toml setup.py $(wildcard src/boyau/ledger/kernel.p* src/boyau/trace/lots.py src/boyau/proofs/hasher.py src/boyau/watch/survey.py src/boyau/watch/coverage.py src/boyau/watch/process.py src/boyau/watch/deals.py src/boyau/watch/shares.py) $(wildcard src/boyau/language/locale/*/LC_MESSAGES/*.po)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "make: $(PYTHON) cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[serve]'
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

run: $(VENV)/run.stamp  ## set up, make the demonstration year, and open the pages on it until Ctrl-C
	@$(BIN)/boyau --version
	@$(BIN)/boyau demo out/demo.boyau

test: $(VENV)/dev.stamp check  ## set up, then run every check and every test
	BOYAU_OPERATIONS=1000000 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: $(VENV)/dev.stamp  ## style, types, direction of imports
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/dev.stamp  ## speed, side by side with PostgreSQL 15 on this machine
	BENCH_INSTALL=1 $(BIN)/python -m bench
	$(BIN)/python -m bench.trace

soak: $(VENV)/dev.stamp  ## the fault tests at length: hours of power cuts, kills and rotten bits; a table at the end
	BOYAU_CRASH_POINTS=2000000 BOYAU_KILL_CYCLES=20000 BOYAU_FLIPS=1000000 \
		$(BIN)/python -m pytest tests/faults -n $(WORKERS) --dist worksteal
	@cat out/faults.txt

messages: $(VENV)/dev.stamp  ## bring the Kazakh and Russian catalogues up to date with the texts
	$(BIN)/python tools/messages.py

clean:  ## remove what was built
	rm -rf $(VENV) build out src/*.egg-info
	find src -name '*.so' -delete -o -name '*.mo' -delete -o -name 'kernel.c' -delete -o -name 'lots.c' -delete -o -name 'hasher.c' -delete
