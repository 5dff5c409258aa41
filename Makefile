# The verbs of the project. Each makes the environment that it needs, once.

PYTHON ?= python3
BIN := .venv/bin
UV_VERSION := 0.13.9
LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --universal --no-header
SQL := dbt_project/models dbt_project/tests

.DEFAULT_GOAL := help
.PHONY: help inspect nightly backfill company dev compare test test-audit audit test-browser test-dialects test-real test-spark test-spark-sample test-spark-cluster verify-statistics verify-incremental verify-faults verify-upgrades verify-shapes \
	verify-source-checks lint \
	docs serve health check-setup publish rollback export forget bench parse lock clean spark-up spark-down

help:
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

# The environment ---------------------------------------------------------------------------------------------------

.venv/uv:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || \
		{ echo "Python 3.11 or 3.12 is needed, and $(PYTHON) is `$(PYTHON) -V 2>&1`. Say which: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make an environment. On Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

.venv/run: requirements.lock pyproject.toml .venv/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/postgres: requirements-postgres.lock .venv/run
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements-postgres.lock
	@touch $@

.venv/notify: requirements-notify.lock .venv/run
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements-notify.lock
	@touch $@

.venv/dev: requirements-dev.lock .venv/run
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements-dev.lock
	@touch $@

.venv-audit/ready: requirements-audit.lock .venv/uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-audit
	$(BIN)/uv pip install --quiet --python .venv-audit/bin/python --require-hashes -r requirements-audit.lock
	@touch $@

.venv-dialects/ready: requirements-dialects.lock .venv/uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-dialects
	$(BIN)/uv pip install --quiet --python .venv-dialects/bin/python --require-hashes -r requirements-dialects.lock
	@touch $@

# Half a gigabyte that few need; and with PySpark beside them, some packages of the tests import more of it than is there.
.venv-spark/run: requirements-spark.lock pyproject.toml .venv/uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-spark
	$(BIN)/uv pip install --quiet --python .venv-spark/bin/python --require-hashes --compile-bytecode -r requirements-spark.lock
	$(BIN)/uv pip install --quiet --python .venv-spark/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv-spark/dev: requirements-dev.lock .venv-spark/run
	$(BIN)/uv pip install --quiet --python .venv-spark/bin/python --require-hashes --compile-bytecode -r requirements-dev.lock
	@touch $@

# The environment in which the engine of NPS_TARGET is.
ENGINE := $(if $(filter spark,$(NPS_TARGET)),.venv-spark,.venv)

# The warehouse -----------------------------------------------------------------------------------------------------

nightly: $(ENGINE)/run ## build, audit and publish the warehouse
	@$(ENGINE)/bin/python -m orchestration nightly

backfill: $(ENGINE)/run ## compute what is of some days again, from the raw files: FROM=2026-01-01 TO=2026-03-31
	@$(ENGINE)/bin/python -m orchestration backfill --from $(FROM) --to $(TO)

company: .venv/run ## the folder of a company, to be filled in: TO=/srv/acme; then NPS_COMPANY=/srv/acme make nightly
	@$(BIN)/python -m orchestration company --to "$(TO)"

inspect: .venv/run ## what a file, a folder or a schema is, which adapter reads it, how its rows would arrive: FILE=exports/a.csv
	@$(BIN)/python -m orchestration inspect "$(FILE)"

dev: .venv/run ## a copy of the last build to work on by hand, in a file of your own: NPS_DEV=<folder>
	@$(BIN)/python -m orchestration dev

compare: .venv/run ## what a change of a model did to its table and those that hang on it, in the copy of make dev: MODELS="nps_by_month"
	@$(BIN)/python -m orchestration compare $(if $(MODELS),--models $(MODELS))

publish: .venv/run ## publish the newest release that is kept, wherever NPS_PUBLISH says
	@$(BIN)/python -m orchestration publish $(if $(TO),--to $(TO))

rollback: .venv/run ## publish the release before the published one
	@$(BIN)/python -m orchestration rollback $(if $(TO),--to $(TO))

export: .venv/run ## published tables for a spreadsheet: TO=<folder> FORMAT=csv|xlsx TABLES="nps_by_month call_list"
	@$(BIN)/python -m orchestration export --to $(TO) $(if $(FORMAT),--format $(FORMAT)) $(if $(TABLES),--tables $(TABLES))

backup: .venv/run ## what cannot be built again, as one file: TO=<folder>
	@$(BIN)/python -m orchestration backup --to "$(TO)"

restore: .venv/run ## a backup into an empty home, and its newest release to readers: FROM=<file>
	@$(BIN)/python -m orchestration restore --from "$(FROM)"

forget: .venv/run ## take a person out of everything but the raw files, and keep them out: CONTACT=<id or e-mail address>
	@$(BIN)/python -m orchestration forget --contact "$(CONTACT)"

check-setup: $(ENGINE)/run ## what is missing before the first night, and what to do about it
	@$(ENGINE)/bin/python -m orchestration check-setup $(if $(PORT),--port $(PORT)) $(if $(HEALTH_PORT),--health-port $(HEALTH_PORT))

serve: $(ENGINE)/run ## Dagster's web page, scheduler and health on localhost, until Ctrl-C
	@$(ENGINE)/bin/python -m orchestration serve $(if $(PORT),--port $(PORT)) $(if $(HEALTH_PORT),--health-port $(HEALTH_PORT))

health: .venv/run ## health alone: /healthz, and /metrics for Prometheus
	@$(BIN)/python -m orchestration health $(if $(HEALTH_PORT),--port $(HEALTH_PORT))

docs: $(ENGINE)/run ## every table and column, as pages
	@$(ENGINE)/bin/python -m orchestration docs

parse: $(ENGINE)/run ## parse the dbt project, from which Dagster's assets are defined
	@$(ENGINE)/bin/python -m orchestration parse

bench: .venv/dev ## times and memory, of the sample and at scale: SCALES="25 250 1160"
	@$(BIN)/python -m tests.bench $(if $(SCALES),--scales $(SCALES))

spark-up: .venv-spark/run ## start a Spark cluster on this machine: a master, two workers, a Thrift server
	@.venv-spark/bin/python -m orchestration spark-up

spark-down: .venv-spark/run ## stop it
	@.venv-spark/bin/python -m orchestration spark-down

# The project -------------------------------------------------------------------------------------------------------

test: .venv/dev ## all tests that need no browser
	$(BIN)/python -m pytest

test-browser: .venv/dev ## the report in headless Chromium
	$(BIN)/python -m pytest -m browser

test-audit: .venv/dev .venv-audit/ready ## that the audit finds what it is for
	$(BIN)/python -m pytest -n 0 -m audit

test-dialects: .venv/dev .venv-dialects/ready ## the models compiled for Snowflake, BigQuery and Databricks, and parsed
	$(BIN)/python -m pytest -m dialects --dist loadgroup

test-real: .venv/dev ## real answers through the whole pipeline: make test-real ANSWERS=<folder>
	REAL_ANSWERS=$(abspath $(ANSWERS)) $(BIN)/python -m pytest -m real_answers

test-spark: .venv-spark/dev ## the sample on Spark, table by table, unit tests, and a cluster
	.venv-spark/bin/python -m pytest -n 0 -m spark

test-spark-sample: .venv-spark/dev ## the sample on Spark, table by table
	.venv-spark/bin/python -m pytest -n 0 -m spark -k published

test-spark-cluster: .venv-spark/dev ## a small company on a Spark cluster of this machine
	.venv-spark/bin/python -m pytest -n 0 -m spark -k cluster

verify-statistics: .venv/dev ## the value of a point, of calling, and intervals, on thousands of companies whose truth is known
	@$(BIN)/python -m tests.verify_statistics
	@$(BIN)/python -m tests.verify_loop
	@$(BIN)/python -m tests.verify_intervals

verify-source-checks: .venv/dev ## false alarms of the checks of what arrived, on companies without dirt: COMPANIES=200
	@$(BIN)/python -m tests.verify_source_checks $(COMPANIES)

verify-faults: .venv/dev ## faults and kills at every moment, each against a build from nothing: FIRST=0 TRIALS=20, or NAMES="'at the switch' killed"
	@$(BIN)/python -m tests.verify_faults $(or $(FIRST),0) $(TRIALS) $(NAMES)

verify-incremental: .venv/dev ## random nights, each sequence against a build from nothing: SEQUENCES=50 FIRST=0, HABITS=1 with work by hand between them
	@$(BIN)/python -m tests.verify_incremental $(or $(SEQUENCES),50) $(FIRST) $(if $(HABITS),habits)

verify-upgrades: .venv/dev ## homes that older revisions left, each with its own code, and a night on top: COMMITS="2af2eb5 …"
	@$(BIN)/python -m tests.verify_upgrades $(COMMITS)

verify-shapes: .venv/dev ## companies of shapes that the sample is not, each at its full size: SHAPES="'no revenue' 'long names'"
	@$(BIN)/python -m tests.verify_shapes $(SHAPES)

lint: .venv/dev ## style, types and SQL
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 $(SQL)

audit: .venv-audit/ready ## known vulnerabilities and licences of what is locked, secrets in the tree: DATABASE=<folder of OSV's>
	@.venv-audit/bin/python -m tests.audit $(if $(DATABASE),--database "$(DATABASE)")

lock: .venv/uv ## renew the lock files after a change of pyproject.toml
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --extra postgres --constraint requirements.lock -o requirements-postgres.lock
	$(LOCK) pyproject.toml --extra notify --constraint requirements.lock -o requirements-notify.lock
	$(LOCK) pyproject.toml --extra dev -o requirements-dev.lock
	$(LOCK) --group dialects -o requirements-dialects.lock
	$(LOCK) --group audit -o requirements-audit.lock
	$(LOCK) pyproject.toml --extra spark -o requirements-spark.lock

clean: ## forget what was parsed and cached; keep the environment and what is published
	rm -rf dbt_project/target dbt_project/logs .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -not -path './.venv/*' -exec rm -rf {} +
