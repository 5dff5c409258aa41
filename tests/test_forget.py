"""A person who is forgotten: nothing of ours holds them any more, the scores stay, and no night takes them in again."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from orchestration.__main__ import main
from orchestration.defs.raw import raw_tables
from orchestration.defs.resources import Build
from orchestration.findings import BuildError
from orchestration.forgetting import releases as clearing_of_releases
from orchestration.forgetting.forget import forget
from orchestration.forgetting.people import NOBODY, People, published_id, read_people
from orchestration.forgetting.recognition import Found, recognised_in
from orchestration.raw.landing import land
from orchestration.raw.tables import RawTable
from orchestration.release.backup import backup, restore
from orchestration.release.integrity import check, read_build, seal
from orchestration.release.publication import keep_staged, publish, releases
from orchestration.runs.record import BuildRecord
from orchestration.settings import REFERENCE, Settings, load_settings
from orchestration.transform.dbt_cli import load_manifest
from tests.conftest import TINY_AS_OF, run_cli, write_tiny_raw

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


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return load_manifest()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Raw files, and a home with two small releases that hold the person, the newer one published."""
    write_company(tmp_path / "raw")
    settings = settings_of(tmp_path)
    monkeypatch.setattr(clearing_of_releases, "render", lambda database, build, page, *_: page.write_text("a report"))
    for day in (1, 2):
        staged = settings.staged_folder
        (staged / "report").mkdir(parents=True)
        (staged / "report" / "index.html").write_text(f"{SAID[0]}, on {day}")
        (staged / "validation").mkdir()
        (staged / "validation" / "index.html").write_text(f"wrong: {CONTACT}", encoding="utf-8")
        with duckdb.connect(staged / "nps.duckdb") as database:
            database.execute(
                f"""
                create schema marts;
                create table marts.fct_nps_responses as
                select * from (values
                    ('r3', '{CONTACT}', 'a3', 10, null), ('r19', '{published_id(ADDRESS)}', 'a3', 3, 'emea'),
                    ('r4', 'c4', 'a4', 8, '{ADDRESS.lower()}'), ('r5', 'c5', 'a5', 7, 'apac'),
                    ('r35', '{CONTACT}', 'a3', 9, null)
                ) as rows (response_id, contact_id, account_id, score, region);
                create table marts.fct_response_comments as
                select * from (values ('r3', '{SAID[0]}'), ('r35', '{SAID[1]}'), ('r4', 'Ask [email] about it'))
                as rows (response_id, comment_redacted);
                comment on table marts.fct_nps_responses is 'One row per answer.'
                """
            )
        build_id = f"2026070{day}T000000Z"
        keep_staged(
            settings, {"build_id": build_id, "as_of": f"2026-07-0{day}", "keys": {}, "fingerprints": {"a": "b"}}
        )
        publish(settings, build_id)
    settings.history_folder.mkdir()
    duckdb.sql(
        f"copy (select 'a1' as account_id, 'of {ADDRESS}' as region, date '2026-07-01' as first_seen_on) "
        f"to '{settings.history_folder}/account_versions.parquet'"
    )
    return tmp_path


def settings_of(place: Path) -> Settings:
    return load_settings(environment_of(place))


def environment_of(place: Path) -> dict[str, str]:
    return {
        "NPS_HOME": str(place / "home"),
        "NPS_RAW": str(place / "raw"),
        "NPS_AS_OF": TINY_AS_OF,
        "NPS_PUBLISH": f"parquet:{place}/lake",
    }


def forgotten(place: Path, manifest: dict[str, Any], contact: str = CONTACT) -> list[str]:
    return list(forget(settings_of(place), manifest, contact))


def found(place: Path) -> set[str]:
    return {*held(place / "home"), *held(place / "lake")}


def scores(home: Path) -> list[object]:
    with duckdb.connect(home / "published" / "nps.duckdb", read_only=True) as connection:
        tables = ("nps_rolling", "nps_by_month", "account_nps", "revenue_at_risk", "link_quality")
        return [connection.sql(f"from marts.{table} order by all").fetchall() for table in tables]


# All of ours -------------------------------------------------------------------------------------------------------


def land_raw_tables(settings: Settings) -> list[str]:
    """The first step of a night; what it says was repaired."""
    record = BuildRecord(settings.record_file)
    record.begin(build_id="20261201T000000Z-0", started_at="", phase_seconds={}, repairs=[])
    build = dg.ResourceDefinition.hardcoded_resource(Build(settings, record, 0, None))
    assert dg.materialize([raw_tables], resources={"build": build}).success
    return list(record.read()["repairs"])


def raw_rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(settings.build_file, read_only=True) as connection:
        return connection.sql(query).fetchall()


def test_nothing_that_a_night_leaves_holds_who_was_forgotten_and_the_scores_stay(
    tiny_release: Path, tmp_path: Path
) -> None:
    """On what a whole night has left, with its real report and Dagster's store."""
    home, raw = tmp_path / "home", Path(shutil.copytree(tiny_release / "raw", tmp_path / "raw"))
    shutil.copytree(tiny_release, home, symlinks=True, ignore=shutil.ignore_patterns("raw"))
    lines = ["contact_id,account_id,email,full_name", f"c3,a3,{ADDRESS},{NAME}"]
    (raw / "crm_contacts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with (home / "build" / "logs" / "dbt.log").open("a", encoding="utf-8") as log:
        log.write(f"Could not convert string '{ADDRESS}' of {NAME}\n")
    store = next((home / "dagster" / "history" / "runs").glob("*-*.db"))
    with closing(sqlite3.connect(store)) as events, events:
        events.execute("update event_logs set event = event || ? where id = 1", [f"of {ADDRESS}"])
    (home / "dev" / "ada").mkdir(parents=True)
    shutil.copy(home / "build" / "warehouse.duckdb", home / "dev" / "ada")
    before, raw_before = scores(home), {path.name: path.read_bytes() for path in raw.iterdir()}
    assert {what.partition(":")[0] for what in held(home)} == {"dbt.log", store.name}

    said = run_cli(home, raw, "forget", "--contact", f" {ADDRESS.upper()}")
    assert said.code == 0, said.stderr
    assert "on record: 1 contact with 1 address, and 3 answers that count on" in said.stdout
    assert "build/warehouse.duckdb: removed" in said.stdout and "dev/ada/warehouse.duckdb: removed" in said.stdout
    assert "found 0" in said.stdout
    assert not any(needle.lower() in (said.stdout + said.stderr).lower() for needle in NEEDLES)
    assert set(held(home)) == set()
    assert scores(home) == before
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == raw_before
    settings = load_settings({"NPS_HOME": str(home), "NPS_RAW": str(raw)})
    [build_id] = releases(settings)
    for folder in (settings.releases_folder / build_id, settings.published_folder):
        assert check(folder).damage == ()
        with duckdb.connect(folder / "nps.duckdb", read_only=True) as connection:
            theirs = "select contact_id, respondent_id from marts.fct_nps_responses where response_id = 'r3'"
            [(contact, respondent)] = connection.sql(theirs).fetchall()
            assert contact == respondent and contact.startswith("forgotten ")
            said_so = "select comment_redacted from marts.fct_response_comments where response_id in ('r3', 'r4')"
            assert sorted(connection.sql(said_so).fetchall(), key=str) == [("It works",), (None,)]


def test_the_next_night_leaves_them_out(place: Path, manifest: dict[str, Any]) -> None:
    forgotten(place, manifest)
    settings = settings_of(place)
    assert land_raw_tables(settings) == []
    assert found(place) == set()
    [(contact, address)] = raw_rows(
        settings, "select distinct contact_id, email from raw.crm_contacts where account_id = 'a3'"
    )
    assert contact.startswith("forgotten ") and address.startswith("forgotten-")
    answers = "select {} from raw.survey_responses where response_id in ({}) order by response_id"
    who = "contact_id, contact_email, verbatim_reason, verbatim_improve"
    assert raw_rows(settings, answers.format(who, "'r3', 'r19', 'r35'")) == [
        (None, address, None, None),
        (contact, None, None, None),
        (None, None, None, None),
    ]
    assert raw_rows(settings, answers.format("verbatim_reason", "'r4'")) == [("Ask [email] about it",)]
    assert raw_rows(settings, "select referral_id from raw.crm_referrals") == [(address,)]


def test_another_id_of_theirs_is_learned_and_what_came_under_it_goes(place: Path, manifest: dict[str, Any]) -> None:
    """A contact that comes with the address of somebody who was forgotten, beside answers that had landed before."""
    settings = settings_of(place)
    forgotten(place, manifest)
    contacts = place / "raw" / "crm_contacts.csv"
    contacts.write_text(
        contacts.read_text(encoding="utf-8") + f"c5,a5,{ADDRESS},{NAME},user,2024-03-01\n", encoding="utf-8"
    )
    said = land_raw_tables(settings)
    assert any("another name" in sentence and "written again" in sentence for sentence in said)
    assert found(place) == set()
    assert raw_rows(settings, "select count(*) from raw.survey_responses where contact_id = 'c5'") == [(0,)]
    with duckdb.connect(settings.published_file, read_only=True) as connection:
        assert connection.sql("select count(*) from marts.fct_nps_responses where contact_id = 'c5'").fetchall() == [
            (0,)
        ]
    assert land_raw_tables(settings) == []


def test_a_release_keeps_its_rows_its_accounts_and_its_promises(place: Path, manifest: dict[str, Any]) -> None:
    """The one before is written again as well, and neither is built upon."""
    assert found(place) != set()
    said = forgotten(place, manifest)
    assert [line for line in said if "written again, " in line] == [
        f"releases/2026070{day}T000000Z: written again, 6 values taken out" for day in (1, 2)
    ]
    settings = settings_of(place)
    for build_id in releases(settings):
        release = settings.releases_folder / build_id
        assert check(release).damage == ()
        assert read_build(release) == {**(read_build(release) or {}), "build_id": build_id, "fingerprints": {}}
    with duckdb.connect(settings.published_file, read_only=True) as connection:
        rows = connection.sql("select * from marts.fct_nps_responses order by response_id").fetchall()
        comments = connection.sql("select * from marts.fct_response_comments order by response_id").fetchall()
        [(comment,)] = connection.sql(
            "select comment from duckdb_tables() where table_name = 'fct_nps_responses'"
        ).fetchall()
    assert [(row[0], row[1].partition(" ")[0], *row[2:4]) for row in rows] == [
        ("r19", "forgotten", "a3", 3), ("r3", "forgotten", "a3", 10), ("r35", "forgotten", "a3", 9),
        ("r4", "c4", "a4", 8), ("r5", "c5", "a5", 7),
    ]  # fmt: skip
    assert [row[4] for row in rows][0:2] == ["emea", None] and rows[3][4].endswith("@forgotten.invalid")
    assert comments == [("r3", None), ("r35", None), ("r4", "Ask [email] about it")]
    assert comment == "One row per answer."
    again = forgotten(place, manifest)
    assert not any("written again" in line for line in again)


def test_an_account_may_have_the_id_of_a_contact(place: Path, manifest: dict[str, Any]) -> None:
    accounts = place / "raw" / "crm_accounts.csv"
    accounts.write_text(accounts.read_text(encoding="utf-8").replace("a3,", f"{CONTACT},"), encoding="utf-8")
    settings = settings_of(place)
    staged = settings.releases_folder / releases(settings)[-1] / "nps.duckdb"
    staged.chmod(0o600)
    with duckdb.connect(staged) as database:
        database.execute(f"update marts.fct_nps_responses set account_id = '{CONTACT}' where account_id = 'a3'")
    build = json.loads((staged.parent / "build.json").read_text(encoding="utf-8"))
    (staged.parent / "build.json").unlink()
    seal(staged.parent, {name: value for name, value in build.items() if name != "sha256"}, 4)
    publish(settings, build["build_id"])
    assert "found 0" in forgotten(place, manifest)[-1]
    with duckdb.connect(settings.published_file, read_only=True) as connection:
        assert connection.sql(
            "select count(*) from marts.fct_nps_responses where account_id = ?", params=[CONTACT]
        ).fetchall() == [(3,)]


def test_what_was_interrupted_is_finished_by_running_it_again(
    place: Path, manifest: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    for moment in ("seal", "sync", "publish"):
        with monkeypatch.context() as patched:
            patched.setattr(clearing_of_releases, moment, interrupted)
            with pytest.raises(KeyboardInterrupt):
                forgotten(place, manifest)
        assert read_people(settings_of(place))
        assert found(place) != set()
    forgotten(place, manifest)
    assert found(place) == set()
    assert check(settings_of(place).published_folder).damage == ()


def test_a_backup_of_before_does_not_bring_them_back(
    place: Path, manifest: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_of(place)
    file = backup(settings, place / "backups")
    forgotten(place, manifest)
    for part in ("history", "releases", "published", ".published"):
        (place / "home" / part).rename(place / part)
    for name, value in environment_of(place).items():
        monkeypatch.setenv(name, value)
    assert main(["restore", "--from", str(file)]) == 0
    assert "run make forget for them again" in capsys.readouterr().out
    assert set(held(place / "home")) == set()


def test_a_backup_of_after_brings_the_list_along(place: Path, manifest: dict[str, Any], tmp_path: Path) -> None:
    forgotten(place, manifest)
    file = backup(settings_of(place), place / "backups")
    new = load_settings({"NPS_HOME": str(tmp_path / "new")})
    restore(new, file)
    assert read_people(new) == read_people(settings_of(place)) != NOBODY


def test_nobody_is_known_by_it(place: Path, manifest: dict[str, Any]) -> None:
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    with pytest.raises(BuildError, match="nobody is known by it") as caught:
        forgotten(place, manifest, "nobody@firma-x.de")
    assert "firma-x" not in str(caught.value)
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "content", [b"\0\1" + ADDRESS.lower().encode(), b"PAR1 and no more", b"SQLite format 3\0 and no more"]
)
def test_what_is_left_or_cannot_be_searched_is_said_with_its_file(
    place: Path, manifest: dict[str, Any], content: bytes
) -> None:
    note = place / "home" / "note.bin"
    note.write_bytes(content)
    with pytest.raises(BuildError, match=r"not_forgotten on .*note\.bin") as caught:
        forgotten(place, manifest)
    assert not any(needle.lower() in str(caught.value).lower() for needle in NEEDLES)
    note.unlink()
    assert "found 0" in forgotten(place, manifest)[-1]


def test_whom_only_a_release_remembers_is_forgotten_as_well(place: Path, manifest: dict[str, Any]) -> None:
    """A CRM may have deleted the person before."""
    shutil.rmtree(place / "raw")
    write_tiny_raw(place / "raw")
    assert "found 0" in forgotten(place, manifest)[-1]
    with duckdb.connect(settings_of(place).published_file, read_only=True) as connection:
        rows = connection.sql("select contact_id from marts.fct_nps_responses where response_id in ('r3', 'r35')")
        assert all(contact.startswith("forgotten ") for (contact,) in rows.fetchall())
        said = connection.sql("select comment_redacted from marts.fct_response_comments where response_id = 'r3'")
        assert said.fetchall() == [(None,)]


def test_a_damaged_list_stops_the_night(tmp_path: Path) -> None:
    settings = load_settings({"NPS_HOME": str(tmp_path)})
    settings.forgotten_folder.mkdir()
    (settings.forgotten_folder / "list.json").write_text('{"key": "ab"', encoding="utf-8")
    with pytest.raises(BuildError, match="they would come back"):
        read_people(settings)


# Who is meant, and what lands ---------------------------------------------------------------------------------------

CONTACTS = RawTable(
    "crm",
    "crm_contacts",
    False,
    ("contact_id", "account_id", "merged_into_id", "email", "full_name"),
    ("contact_id",),
    private={"email": "email", "full_name": "name"},
)
ACCOUNTS = RawTable("crm", "crm_accounts", True, ("account_id", "website", "email_domains"), ("account_id",))
INVITATIONS = RawTable(
    "survey",
    "survey_invitations",
    False,
    ("invitation_id", "contact_id", "contact_email"),
    (),
    private={"contact_email": "email"},
)
ANSWERS = RawTable(
    "survey",
    "survey_responses",
    True,
    ("response_id", "invitation_id", "contact_id", "contact_email", "verbatim_reason", "verbatim_improve", "region"),
    ("response_id",),
    private={"contact_email": "email", "verbatim_reason": "free_text", "verbatim_improve": "free_text"},
)
TABLES = (ACCOUNTS, CONTACTS, INVITATIONS, ANSWERS)
KEY = People(key=b"k" * 32)


def write_raw(folder: Path, contacts: str, answers: str, invitations: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "crm_accounts.csv").write_text("account_id,website,email_domains\na1,https://www.firma.de/,x.de\n")
    (folder / "crm_contacts.csv").write_text(f"{','.join(CONTACTS.columns)}\n{contacts}", encoding="utf-8")
    (folder / "survey_invitations.csv").write_text(f"{','.join(INVITATIONS.columns)}\n{invitations}", encoding="utf-8")
    (folder / "survey_responses.csv").write_text(f"{','.join(ANSWERS.columns)}\n{answers}", encoding="utf-8")
    return folder


def recognised_by(folder: Path, contact: str) -> Found:
    with duckdb.connect() as connection:
        land(connection, str(folder), TABLES)
        return recognised_in(
            connection, TABLES, KEY.with_hashes([KEY.hash_of(contact)], (), ()), REFERENCE / "role_mailboxes.csv", 3
        )


SHARED = "".join(f"s{n},a{n},,office@big.de,\n" for n in range(5))


@pytest.mark.parametrize(
    ("contacts", "contact", "ids"),
    [
        ("c1,a1,,anna@firma.de,Anna\nc2,a1,,Anna@firma.de ,Anna\nc3,a1,,bo@firma.de,Bo\n", "c1", {"c1", "c2"}),
        ("c1,a1,,anna@firma.de,\nc1,a1,,anna@old.de,\nc2,a1,,anna@old.de,\n", "ANNA@firma.de", {"c1", "c2"}),
        ("c1,a1,c9,,\nc9,a1,,,\nc2,a1,c1,,\nc3,a1,,,\n", "c1", {"c1", "c2", "c9"}),
        # The mailbox of a role, and one of people at many accounts, is nobody's own; all who have it are meant by it.
        ("c1,a1,,info@firma.de,\nc2,a1,,info@firma.de,\n", "c1", {"c1"}),
        ("c1,a1,,info@firma.de,\nc2,a1,,info@firma.de,\n", "info@firma.de", {"c1", "c2"}),
        (SHARED, "s1", {"s1"}),
        (SHARED, "office@big.de", {"s0", "s1", "s2", "s3", "s4"}),
        # An address as a key, and the key under which it is published.
        ("Anna@firma.de,a1,,,\n", "anna@firma.de", {"Anna@firma.de"}),
        ("c1,a1,,anna@firma.de,\n", published_id("anna@firma.de"), {"c1"}),
        ("c1,a1,,anna@firma.de,\n", "C1", set()),
    ],
)
def test_a_person_is_whoever_the_models_take_for_one(
    tmp_path: Path, contacts: str, contact: str, ids: set[str]
) -> None:
    assert recognised_by(write_raw(tmp_path, contacts, ""), contact).ids == ids


def test_an_answer_is_theirs_by_id_by_address_and_by_its_invitation(tmp_path: Path) -> None:
    answers = (
        "r1,,c1,,one,,\nr2,,,anna@firma.de,two,,\nr3,i1,,,three,four,\nr4,,c2,,five,,\n"
        "r5,,c1,anna@home.de,,,\nr6,,,anna@home.de,six,,\n"
    )
    raw = write_raw(tmp_path, "c1,a1,,anna@firma.de,Anna\nc2,a1,,bo@firma.de,Bo\n", answers, "i1,c1,\n")
    who = recognised_by(raw, "c1")
    assert who.responses == {"r1", "r2", "r3", "r5", "r6"}
    assert who.comments == {"one", "two", "three", "four", "six"}
    assert who.addresses == {"anna@firma.de", "anna@home.de"}
    assert who.people.domains == {"firma.de"}


def as_parquet(raw: Path, folder: Path) -> Path:
    folder.mkdir()
    for file in raw.glob("*.csv"):
        ids = "* replace (cast(contact_id as bigint) as contact_id)" if file.stem == "crm_contacts" else "*"
        duckdb.sql(f"copy (select {ids} from read_csv('{file}', all_varchar = true)) to '{folder / file.stem}.parquet'")
    return folder


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_rows_land_without_them_from_text_and_from_parquet(tmp_path: Path, form: str) -> None:
    """The account 17 is not the contact 17."""
    contacts = (
        "17,17,,Anna@firma.de,Anna\n18,17,17,info@firma.de,Anna\n19,17,,bo@firma.de,Bo\n20,17,,info@firma.de,Cy\n"
    )
    about = "call anna\uff20firma.de. or <ANNA@firma.de>; not xanna@firma.de"
    answers = f"r1,,19,,{about},,anna@firma.de\nr2,,17,info@firma.de,hm,,emea\nr3,i1,,,mine,mine,\n"
    raw = write_raw(tmp_path / "csv", contacts, answers, "i1,17,\ni2,19,ANNA@firma.de\n")
    raw = raw if form == "csv" else as_parquet(raw, tmp_path / "parquet")
    people = KEY.with_hashes([KEY.hash_of(name) for name in ("17", "18", "anna@firma.de")], (), ["firma.de"])
    contact, merged = (f"forgotten {KEY.hash_of(name)[:24]}" for name in ("17", "18"))
    address = f"forgotten-{KEY.hash_of('anna@firma.de')[:24]}@firma.de"
    with duckdb.connect() as connection:
        land(connection, str(raw), TABLES, without=people)
        rows = {
            table: connection.sql(
                f"select * exclude (_source_file, _row_number) from raw.{table} order by 1 desc"
            ).fetchall()
            for table in ("crm_contacts", "survey_invitations", "survey_responses")
        }
    assert sorted(rows["crm_contacts"]) == sorted(
        [
            (contact, "17", None, address, None),
            (merged, "17", contact, None, None),
            ("19", "17", None, "bo@firma.de", "Bo"),
            ("20", "17", None, "info@firma.de", "Cy"),
        ]
    )
    assert rows["survey_invitations"] == [("i2", "19", address), ("i1", contact, None)]
    assert rows["survey_responses"] == [
        ("r3", "i1", None, None, None, None, None),
        ("r2", None, contact, None, None, None, "emea"),
        ("r1", None, "19", None, "call [email]. or <[email]>; not xanna@firma.de", None, address),
    ]


def test_a_table_is_read_again_when_somebody_was_forgotten(tmp_path: Path) -> None:
    raw = write_raw(tmp_path, "c1,a1,,,Anna\n", "r1,i1,,,mine,,\n", "i1,c2,\n")
    people = KEY.with_hashes([KEY.hash_of("c1")], (), ())
    with duckdb.connect() as connection:
        land(connection, str(raw), TABLES)
        landing = land(connection, str(raw), TABLES, without=people)
        assert [table.files_read for table in landing.tables] == [1] * len(TABLES)
        assert [table.files_read for table in land(connection, str(raw), TABLES, without=people).tables] == [0] * len(
            TABLES
        )
        # The invitation turns out to be theirs, and so does an answer that is as it was.
        (raw / "survey_invitations.csv").write_text("invitation_id,contact_id,contact_email\ni1,c1,\n")
        land(connection, str(raw), TABLES, without=people)
        assert connection.sql("select verbatim_reason from raw.survey_responses").fetchall() == [(None,)]


def test_the_hash_of_sql_is_that_of_python() -> None:
    for value in ("c1", " c1 ", "Anna@Firma.de ", "ä@ö.de", "a\uff20b.de", "@", "x@"):
        ((hashed,),) = duckdb.execute(f"select {KEY.hash_sql('v')} from (select ? as v)", [value]).fetchall()
        assert hashed == KEY.hash_of(value)
