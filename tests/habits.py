"""What people do by hand between nights, on the nightly's own file with its guard taken away, or on a copy of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import duckdb

from orchestration.settings import Settings
from orchestration.transform.dev import make_dev
from tests.conftest import copy_project, run_dbt

LAST_CTE = "select * from final"
RAW = ("survey_responses", "crm_accounts", "crm_revenue", "survey_invitations")


class Habits:
    """Habits of one home, the same by the seed. What is edited is a copy of the project, which no night builds from."""

    def __init__(self, folder: Path, settings: Settings, seed: int) -> None:
        self._settings = settings
        self._folder = folder
        self._project = copy_project(folder / "by hand")
        self._random = Random(seed)

    def befall(self, *named: str) -> str:
        """Let the named things happen or, if none is, one by chance; what happened."""
        happened = named or (self._random.choice([
            "run", "run_empty", "run_for_another_day", "test", "seed", "full_refresh", "edit_and_revert", "make_a_view",
            "change_rows", "change_raw_rows", "change_rows_and_run", "work_on_a_copy",
        ]),)  # fmt: skip
        said = [f"{name}{getattr(self, name)() or ''}" for name in happened]
        return "by hand " + ", ".join(said)

    # What may happen -----------------------------------------------------------------------------------------------

    def run(self) -> str:
        model = self._model()
        self._dbt("run", "-s", f"{model}+1")
        return f" {model}+1"

    def run_empty(self) -> str:
        model = self._model()
        self._dbt("run", "--empty", "-s", f"{model}+1")
        return f" {model}+1"

    def run_for_another_day(self) -> str:
        model = self._model()
        self._dbt("run", "-s", f"{model}+1", as_of="2023-09-09")
        return f" {model}+1"

    def full_refresh(self) -> str:
        model = self._model()
        self._dbt("run", "--full-refresh", "-s", model)
        return f" {model}"

    def test(self) -> str:
        model = self._model()
        self._dbt("test", "-s", model)
        return f" {model}"

    def seed(self) -> None:
        """Reference data that somebody tries out."""
        file = self._project.parent / "seeds" / "reference" / "nps_scale.csv"
        kept = file.read_text(encoding="utf-8")
        file.write_text("\n".join(kept.splitlines()[:-3]) + "\n", encoding="utf-8")
        self._dbt("seed", "-s", "nps_scale")
        file.write_text(kept, encoding="utf-8")

    def edit_and_revert(self) -> str:
        return self._edited(lambda sql: sql.replace(LAST_CTE, f"{LAST_CTE} limit 1"))

    def make_a_view(self) -> str:
        return self._edited(lambda sql: "{{ config(materialized='view') }}\n" + sql)

    def change_rows(self) -> str:
        node = self._node()
        return self._changed(self._settings.build_file, f"{node['schema']}.{node['alias']}")

    def change_raw_rows(self) -> str:
        return self._changed(self._settings.build_file, f"raw.{self._random.choice(RAW)}")

    def change_rows_and_run(self) -> str:
        """What hangs on changed rows is made of them, and then the rows are as they were."""
        node = self._node(with_children=True)
        table = f"{node['schema']}.{node['alias']}"
        with duckdb.connect(self._settings.build_file) as connection:
            connection.execute(f"create table main.kept as from {table}; truncate {table}")
        self._dbt("run", "-s", f"{node['name']}+1", "--exclude", node["name"])
        with duckdb.connect(self._settings.build_file) as connection:
            connection.execute(f"insert into {table} from main.kept; drop table main.kept")
        return f" {node['name']}"

    def work_on_a_copy(self) -> str:
        """The same on a file of one's own, which leaves the night's as it was."""
        make_dev(self._settings)
        before = self._settings.build_file.read_bytes()
        model = self._model()
        self._dbt("run", "--empty", "-s", f"{model}+1", file=self._settings.dev_file)
        self._changed(self._settings.dev_file, "raw.survey_responses")
        assert self._settings.build_file.read_bytes() == before
        return f" {model}+1"

    # How -----------------------------------------------------------------------------------------------------------

    def _node(self, *, with_children: bool = False) -> dict[str, str]:
        manifest = json.loads((self._settings.dbt_target_folder / "manifest.json").read_text(encoding="utf-8"))
        nodes = {unique_id: node for unique_id, node in manifest["nodes"].items() if node["resource_type"] == "model"}
        parents = {parent for node in nodes.values() for parent in node["depends_on"]["nodes"]}
        models = [nodes[unique_id] for unique_id in sorted(nodes) if not with_children or unique_id in parents]
        node: dict[str, str] = self._random.choice(models)
        return node

    def _model(self) -> str:
        return self._node()["name"]

    def _dbt(self, *arguments: str, as_of: str | None = None, file: Path | None = None) -> None:
        """dbt by hand on a file. The guard knows the night's by the lock beside it, which is put away for the time."""
        away = self._folder / "lock"
        is_guarded = self._settings.lock_file.is_file()
        if is_guarded:
            self._settings.lock_file.rename(away)
        done = run_dbt(
            self._folder / "by hand",
            *arguments,
            project=self._project,
            NPS_BUILD_FILE=str(file or self._settings.build_file),
            NPS_AS_OF=as_of or self._settings.as_of.isoformat(),
        )
        if is_guarded:
            away.rename(self._settings.lock_file)
        # That a test or a model fails is no matter; that dbt did nothing is.
        assert "Done. PASS=" in done.stdout, done.stdout + done.stderr

    def _edited(self, edit: Callable[[str], str]) -> str:
        node = self._node()
        file = self._project / node["original_file_path"]
        kept = file.read_text(encoding="utf-8")
        file.write_text(edit(kept), encoding="utf-8")
        self._dbt("run", "-s", f"{node['name']}+1")
        file.write_text(kept, encoding="utf-8")
        return f" {node['name']}+1"

    def _changed(self, file: Path, table: str) -> str:
        change = self._random.choice(["delete from {} where rowid % 2 = 0", "insert into {} from {} limit 2"])
        with duckdb.connect(file) as connection:
            connection.execute(change.format(table, table))
        return f" of {table}"
