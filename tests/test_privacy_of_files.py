"""Who can read what lies under NPS_HOME, and what a message shows of a row."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from orchestration.findings import example_text
from orchestration.privacy.files import close_private_folders, private_folders
from orchestration.privacy.masking import masked, without_values
from orchestration.privacy.tags import private_columns
from orchestration.settings import load_settings
from orchestration.transform.dbt_cli import load_manifest


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_private_is_its_owners_alone(tiny_release: Path) -> None:
    settings = load_settings({"NPS_HOME": str(tiny_release)})
    open_to_others = {
        str(path.relative_to(tiny_release)): oct(mode(path))
        for folder in private_folders(settings)
        if folder.exists()
        for path in (folder, *folder.rglob("*"))
        if not path.is_symlink() and mode(path) & 0o022
    }

    assert {folder.name for folder in private_folders(settings) if folder.exists()} >= {"build", "history", "releases"}
    assert {oct(mode(folder)) for folder in private_folders(settings) if folder.exists()} == {"0o700"}
    assert open_to_others == {}
    assert mode(settings.build_file) == 0o600


def test_what_is_published_is_everybodys_to_read(tiny_release: Path) -> None:
    published = (tiny_release / "published").resolve()
    pages = list(published.rglob("*"))

    assert mode(tiny_release) & 0o055 == 0o055
    assert all(mode(folder) & 0o055 == 0o055 for folder in (published, published.parent))
    assert {oct(mode(page)) for page in pages if page.is_file()} == {"0o444"}
    assert {oct(mode(page)) for page in pages if page.is_dir()} == {"0o755"}


def test_what_an_older_revision_left_open_is_closed(tmp_path: Path) -> None:
    settings = load_settings({"NPS_HOME": str(tmp_path)})
    for folder in (settings.build_folder, settings.history_folder, settings.published_folder):
        folder.mkdir(parents=True)
        folder.chmod(0o755)
    close_private_folders(settings)

    assert (mode(settings.build_folder), mode(settings.history_folder)) == (0o700, 0o700)
    assert mode(settings.published_folder) == 0o755


def test_the_columns_that_are_never_shown_are_those_that_are_tagged() -> None:
    private = private_columns(load_manifest())

    assert private >= {"email", "contact_email", "full_name", "user_name", "verbatim_reason", "account_name"}
    assert not private & {"response_id", "contact_id", "score", "region"}


def test_a_personal_value_is_told_by_its_hash() -> None:
    row = {"contact_id": "C1", "full_name": "Anna Lund", "note": "anna@example.com", "n": 3, "email": None}
    said = example_text(masked(row, {"full_name", "email"}))

    assert said.startswith("contact_id=C1, full_name=hidden:") and said.endswith(", n=3")
    assert "Anna" not in said and "@" not in said
    # The same value has the same hash.
    again = masked({"full_name": "Anna Lund"}, {"full_name"})
    assert example_text(again) in said


@pytest.mark.parametrize(("about", "is_hidden"), [("full_name", True), ("region", False)])
def test_what_a_test_of_a_private_column_found_is_hidden(about: str, is_hidden: bool) -> None:
    found = masked({"value_field": "Anna Lund", "n_records": 1}, {"full_name"}, about)

    assert (found["value_field"] != "Anna Lund") == is_hidden


def test_an_error_of_the_engine_does_not_quote_a_value() -> None:
    error = "Conversion Error: Could not convert string 'Anna Lund' to INT32 in marts.dim_accounts"

    assert without_values(error) == "Conversion Error: Could not convert string (hidden) to INT32 in marts.dim_accounts"
    assert without_values('Duplicate key "email: a@b.de" violates') == "Duplicate key (hidden) violates"
