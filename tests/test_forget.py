"""A person who is forgotten: nothing of ours holds them any more, the scores stay, and no night takes them in again."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from orchestration.forgetting.people import read_people
from orchestration.release.integrity import check
from orchestration.release.publication import releases
from orchestration.settings import Settings, load_settings
from tests.conftest import TINY_AS_OF, Finished, run_cli, run_nightly, write_tiny_raw

CONTACT, ADDRESS, NAME = "contact-0003", "Petra.Geheim@firma-x.de", "Petra Geheimnis"
SAID = ("The pelican dashboard delights me", "More pelicans please")
ABOUT = f"Ask {ADDRESS.lower()} about it"
NEEDLES = (CONTACT, ADDRESS, NAME, "pelican")


def write_company(folder: Path) -> Path:
    """The tiny company, with one person in every raw table that can hold one."""
    raw = write_tiny_raw(folder)
    answers = (raw / "survey_responses.csv").read_text(encoding="utf-8").splitlines()
    rows = [f"{answers[0]},contact_email,invitation_id,verbatim_improve"]
    for line in answers[1:]:
        response, account, contact, *rest, comment = line.split(",")
        email, invitation, improve = "", "", ""
        if response == "r3":
            contact, comment, improve = CONTACT, SAID[0], SAID[1]
        elif response == "r19":
            # By its address alone, and so in another spelling.
            contact, email, comment = "", f" {ADDRESS.upper()}", SAID[0]
        elif response == "r35":
            contact, invitation, comment = "", "i35", SAID[1]
        elif response == "r4":
            comment = ABOUT
        rows.append(",".join([response, account, contact, *rest, comment, email, invitation, improve]))
    tables = {
        "survey_responses": rows,
        "crm_contacts": [
            "contact_id,account_id,email,full_name,buying_role,updated_at",
            f"{CONTACT},a3,{ADDRESS},{NAME},user,2024-01-01",
            f"{CONTACT},a3,{ADDRESS},{NAME},decision_maker,2024-02-01",
            "c4,a4,bo@firma-x.de,Bo Ander,user,2024-01-01",
        ],
        "survey_invitations": [
            "invitation_id,survey_id,contact_id,contact_email,sent_at",
            f"i35,,{CONTACT},{ADDRESS},2024-01-01",
        ],
        "survey_definitions": [
            "survey_id,survey_name,program_type,metric,question_text,scale_min,scale_max,scale_direction"
        ],
        "crm_cases": ["case_id,response_id,opened_at,outcome", "k1,r3,2024-04-16,solved"],
        "crm_referrals": ["referral_id,referrer_account_id,referred_at", f"{ADDRESS},a3,2024-05-01"],
    }
    for name, lines in tables.items():
        (raw / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return raw


def held(place: Path) -> Iterator[str]:
    """Where the person is found: in bytes, whatever the case; in every text of DuckDB, Parquet and SQLite files."""
    for path in sorted(path for path in place.rglob("*") if path.is_file() and not path.is_symlink()):
        content = path.read_bytes()
        texts = [content.decode("utf-8", "replace")]
        if content[8:12] == b"DUCK":
            with duckdb.connect(path, read_only=True) as connection:
                tables = connection.sql(
                    "select distinct schema_name, table_name from duckdb_columns() where not internal"
                )
                texts += [
                    str(connection.sql(f'from "{schema}"."{table}"').fetchall()) for schema, table in tables.fetchall()
                ]
        elif content[:4] == b"PAR1":
            texts.append(str(duckdb.read_parquet(str(path)).fetchall()))
        elif content[:15] == b"SQLite format 3":
            with closing(sqlite3.connect(path)) as store:
                texts += store.iterdump()
        for text in texts:
            yield from (f"{path.name}: {needle}" for needle in NEEDLES if needle.lower() in text.lower())
