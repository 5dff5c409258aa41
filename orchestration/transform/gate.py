"""What dbt passes before it opens a DuckDB file, whatever it is called for: a plugin of dbt-duckdb (profiles.yml).

By hand it is kept off the file of the nightly job, and told where to work instead. For the job the file is made free of
those who read it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from orchestration.company.project import compose
from orchestration.findings import BuildError, PassingFaultError
from orchestration.release.warehouse import connected
from orchestration.settings import LOCK_NAME, SettingsError, load_settings, process_environment


class Plugin(BasePlugin):
    """Its hook is called once, right before the file is opened."""

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        file, environment = Path(creds.path).expanduser(), process_environment()
        if creds.path == ":memory:":
            return
        if environment.get("NPS_BUILT_WITH"):
            _make_free(file)
        elif file.with_name(LOCK_NAME).is_file():
            raise DbtRuntimeError(
                f"{file} belongs to the nightly job, and what dbt leaves there by hand would be published. Work on a "
                "file of your own: run `make dev`, then dbt without --target."
            )
        elif not file.is_file() and not environment.get("NPS_BUILD_FILE"):
            raise DbtRuntimeError(
                f"There is no {file} to work on. Run `make dev`: it copies the last build there, and says how to go on."
            )
        elif environment.get("NPS_COMPANY"):
            _check_company()


def _check_company() -> None:
    """What cannot be part of a company's project is said at once, and not by the next night."""
    try:
        compose(load_settings())
    except (BuildError, SettingsError) as error:
        raise DbtRuntimeError(str(error)) from error


def _make_free(file: Path) -> None:
    """Let who reads the file keep what they have open: who opened it since the job closed it would stop dbt."""
    try:
        connected(file).close()
    except PassingFaultError as error:
        raise DbtRuntimeError(str(error)) from error
