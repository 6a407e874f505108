# Everything a person or CI does here. `make run` and `make test` set up what they need, once.

HOST ?= 127.0.0.1
PORT ?= 8000
PYTHON ?= python3
N ?= 100
SEED ?= 0
JOBS ?= 2
SHARE ?= 1
UV := uv==0.13.9

VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.installed-run
DEV := $(VENV)/.installed-dev
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# The lock files are the only source of versions; the checkout itself is linked in, and builds with the locked hatchling.
LINK := $(INSTALL) --no-deps --no-build-isolation --editable .
PYTEST := $(BIN)/python -m pytest
PARALLEL := -n auto --dist worksteal
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links --quiet

.PHONY: run test lint sweep fuzz bench goldens picture lock clean

run: $(RUN)
	@$(BIN)/packet-journeys serve --host $(HOST) --port $(PORT)

test: $(DEV)
	$(PYTEST) $(PARALLEL)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# All of it takes half an hour on two cores; `make sweep SHARE=4` takes one test in four, always the same ones.
sweep: $(DEV)
	$(PYTEST) $(PARALLEL) -m sweep --share $(SHARE)

# Any worlds beside the kernel: `make fuzz N=1000 SEED=7 JOBS=2`; prints what differs, as small as it gets.
fuzz: $(DEV)
	$(BIN)/python -m tests.lab.fuzz $(N) --seed $(SEED) --jobs $(JOBS)

bench: $(DEV)
	$(BIN)/python -m tests.benchmarks

goldens: $(DEV)
	UPDATE_GOLDEN=1 $(PYTEST) $(PARALLEL) -m "not sweep and not browser"

picture: $(DEV)
	$(PYTEST) -q tests/browser/picture.py

# Takes the newest versions that fit together; --universal, so one file serves every platform.
lock: $(BIN)/python
	$(INSTALL) $(UV)
	cd requirements && ../$(COMPILE) --upgrade run.in --output-file run.txt
	cd requirements && ../$(COMPILE) --upgrade dev.in --output-file dev.txt
	@! grep --line-number --extended-regexp '://|^--' requirements/*.txt

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build
	find app tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(RUN): requirements/run.txt pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes --requirement requirements/run.txt
	$(LINK)
	touch $@

$(DEV): requirements/dev.txt pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes --requirement requirements/dev.txt
	$(LINK)
	touch $@ $(RUN)
