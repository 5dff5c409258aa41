"""False alarms: companies without dirt, and how many checks of what arrived do not pass.

    python -m tests.verify_source_checks [companies [first]]

draws companies of several sizes, some with the required tables alone, builds the models behind source_checks, and
prints each check that did not pass; ends with 1 if more than one in a hundred did not.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from random import Random

import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.raw.landing import land
from orchestration.raw.tables import tables_from_manifest
from orchestration.release.warehouse import open_build, open_read_only
from orchestration.settings import load_settings
from orchestration.transform import dbt_cli
from orchestration.transform.account_history import keep_account_versions
from seeds.company.whole import generate
from tests.conftest import build_environment

COMPANIES = 200
ALLOWED_SHARE = 0.01
REQUIRED = ("survey_responses", "crm_accounts", "crm_revenue")
SCALES = (0.05, 0.1, 0.2, 0.5, 1.0)
AS_OF = "2026-07-01"


def write_clean(folder: Path, seed: int) -> str:
    """The raw tables of a company without dirt; what kind of company it is."""
    random = Random(seed)
    scale, has_all = random.choice(SCALES), random.random() < 0.7
    tables = generate(scale, seed).clean
    if not has_all:
        # Without definitions every survey counts as NPS on 0-10, so that only those that are may answer.
        definitions = tables["survey_definitions"]
        is_nps = pc.and_(pc.equal(definitions["metric"], "nps"), pc.equal(definitions["scale_min"], 0))
        surveys = definitions.filter(is_nps)["survey_id"]
        answers = tables["survey_responses"]
        tables = {name: tables[name] for name in REQUIRED}
        tables["survey_responses"] = answers.filter(pc.is_in(answers["survey_id"], surveys))
        currencies = tables["crm_revenue"]["currency"]
        is_reporting = pc.or_kleene(pc.is_null(currencies), pc.equal(currencies, "USD"))
        tables["crm_revenue"] = tables["crm_revenue"].filter(is_reporting)
    folder.mkdir(parents=True)
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    return f"scale {scale}, {'all tables' if has_all else 'the required tables'}"


def checks_of(folder: Path, seed: int) -> tuple[str, list[tuple[str, ...]], int]:
    """What kind of company it is, the checks that did not pass, and how many there were."""
    kind = write_clean(folder / "raw", seed)
    settings = load_settings(build_environment(folder / "home", folder / "raw", NPS_AS_OF=AS_OF))
    dbt_cli.parse(settings, only_if_stale=True)
    with open_build(settings) as connection:
        land(connection, settings.raw, tables_from_manifest(dbt_cli.load_manifest(dbt_cli.manifest_file(settings))))
        keep_account_versions(connection, settings.history_folder, settings.as_of)
    verb = ["build", "--resource-type", "seed", "--resource-type", "model", "--select", "+source_checks"]
    dbt_cli.DbtRun(dbt_cli.command(settings, verb, dbt_cli.prepare_target(settings)), settings).finish()
    with open_read_only(settings.build_file) as connection:
        found = connection.execute(
            "select raw_table, check_name, subject, verdict, message from marts.source_checks where verdict <> 'passed'"
        ).fetchall()
        row = connection.execute("select count(*) from marts.source_checks").fetchone()
    return kind, found, 0 if row is None else int(row[0])


def main(companies: int = COMPANIES, first: int = 0) -> int:
    n_checks, n_alarms = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + companies):
            ours = Path(folder) / str(seed)
            kind, found, n_of_company = checks_of(ours, seed)
            shutil.rmtree(ours)
            n_checks, n_alarms = n_checks + n_of_company, n_alarms + len(found)
            print(f"company {seed} ({kind}): {n_of_company} checks, {len(found)} false alarms", flush=True)
            for alarm in found:
                print(f"  {', '.join(alarm)}")
    share = n_alarms / n_checks
    print(f"{n_alarms} of {n_checks:,} checks did not pass ({100 * share:.2f} %); {100 * ALLOWED_SHARE:.0f} % may")
    return 1 if share > ALLOWED_SHARE else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
