# The verbs of the project. Each makes the environment that it needs, once.

PYTHON ?= python3
BIN := .venv/bin
UV_VERSION := 0.13.9

.DEFAULT_GOAL := help
.PHONY: help nightly test

help:
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

.venv/uv:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)
	@touch $@

.venv/run: requirements.lock pyproject.toml .venv/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: requirements-dev.lock .venv/run
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements-dev.lock
	@touch $@

dbt_project/target/manifest.json: .venv/run $(shell find dbt_project seeds/reference -name target -prune -o -name logs -prune -o -type f -print)
	$(BIN)/python -m orchestration parse

nightly: .venv/run ## build, audit and publish the warehouse
	$(BIN)/python -m orchestration nightly

test: .venv/dev ## all tests
	$(BIN)/python -m pytest
