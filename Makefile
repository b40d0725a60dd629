# `make` alone lists the targets. Everything runs from .venv, which `make setup` creates and then leaves alone.

PYTHON := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv/bin

.PHONY: help setup lab test notebooks slides site release grade bench bench-grading lock

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 15

setup:  ## install the pinned versions into .venv (nothing happens when nothing changed)
	@test -n "$(PYTHON)" || { echo "Downslope needs Python 3.11 or newer, and found none." >&2; exit 1; }
	@$(PYTHON) tools/setup.py

lab: setup  ## open the course in JupyterLab
	@exec $(VENV)/python tools/lab.py

test: setup  ## run every test: the linter, the type checker, the library, the notebooks, the browser
	$(VENV)/ruff check lib tests tools benchmarks site solutions nbgrader_config.py
	$(VENV)/ruff format --check lib tests tools benchmarks site solutions nbgrader_config.py
	$(VENV)/mypy
	$(VENV)/python -m pytest -n auto

notebooks: setup  ## execute every lesson and set, store it in normal form (or one: make notebooks ONLY=09)
	$(VENV)/python tools/notebooks.py $(ONLY)

slides: setup  ## lessons and lectures as slides that need no network, with PDFs: build/slides/ (HANDOUT=3: handouts too)
	$(VENV)/python tools/slides.py $(if $(HANDOUT),--handout $(HANDOUT))

site: setup  ## make the web edition in build/site: lessons, sets, library, search, JupyterLite (needs npm, once)
	$(VENV)/python tools/site.py

release: setup  ## problem sets for learners: exercises/ and build/release/*.zip (CLASS=class.csv: sheets and keys too)
	$(VENV)/python tools/release.py $(if $(CLASS),--sheets $(CLASS))

grade: setup  ## grade what was handed in, in a sandbox, into the gradebook: make grade SET=ps2 (FROM=handed-in.zip)
	@test -n "$(SET)" || { echo "Say which set: make grade SET=ps2" >&2; exit 1; }
	$(VENV)/python -m downslope.grading $(SET) $(if $(FROM),--from "$(FROM)")

bench: setup  ## measure the library beside its peers and write benchmarks/RESULTS.md (installs them into build/bench)
	@test -x build/bench/bin/python || $(PYTHON) -m venv build/bench
	build/bench/bin/python -m pip install --quiet -r benchmarks/requirements.txt -r requirements.lock
	build/bench/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	build/bench/bin/python benchmarks/speed.py

bench-grading: setup  ## measure grading beside plain nbgrader and with a class of a thousand: benchmarks/GRADING.md (half an hour)
	$(VENV)/python benchmarks/grading.py

lock: setup  ## resolve requirements.lock anew from pyproject.toml (for maintainers; needs uv)
	uv pip compile --universal --python-version 3.11 --fork-strategy fewest --upgrade --no-header --no-annotate \
		--extra test --extra print --extra grade --extra postgres --extra site pyproject.toml \
		--quiet --output-file requirements.lock
