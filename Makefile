# Two commands matter: `make run` and `make test`. Everything else is below `make help`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
export PYTHONUNBUFFERED := 1

help:  ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(STAMP): requirements.txt pyproject.toml
	@./setup.sh $(VENV)

setup: $(STAMP)  ## create .venv and install the pinned requirements

run: $(STAMP)  ## set up, then refresh the demo agencies through Airflow
	@$(VENV)/bin/mutasi demo

up: $(STAMP)  ## Airflow's scheduler and web interface on this machine
	@$(VENV)/bin/mutasi up

test: $(STAMP)  ## set up, then run every test
	@$(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder
	@echo "All tests passed; skipped ones are listed above with their reason. Next: make run, then docs/runbooks/onboard-agency.md."

lint: licences  ## ruff, mypy, sqlfluff, import-linter, licences
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/sqlfluff lint --processes 2 dbt_project/models dbt_project/tests dbt_project/macros

licences: $(STAMP)  ## compare the licences of all packages with the list of .ci/licences.toml
	@$(PY) .ci/licences.py requirements.txt

bench: $(STAMP)  ## measure against the floor; SIZE=city (default), province, million, national, scale (these four), extraction, checks, dag, recommend or latency (in national too)
	@$(PY) -m tests.bench $(or $(SIZE),city)

docs: $(STAMP)  ## write the generated reference pages anew
	@$(PY) -m mutasi.reference

COMPILE := $(VENV)/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --no-annotate \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements"
requirements: $(STAMP)  ## compile requirements.txt from pyproject.toml, and with the same pins that of the containers
	@$(COMPILE) --extra dev -o requirements.txt
	@$(COMPILE) --extra team --constraint requirements.txt -o requirements-team.txt

compose-check: $(STAMP)  ## validate docker-compose.yml: Docker Compose itself, and what we promise about it
	@$(PY) -m pytest -q tests/contracts/test_compose.py

clean:  ## remove what runs wrote (var/), keep .venv
	rm -rf var

.PHONY: help setup run up test lint licences bench docs requirements compose-check clean
