"""The verb: a person is put on the list, everything of ours loses them, and a search says whether anything is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestration.findings import BuildError, Finding
from orchestration.forgetting.clearing import clear, files_of_ours
from orchestration.forgetting.people import People, read_people, with_key, write_people
from orchestration.forgetting.recognition import recognised
from orchestration.forgetting.values import Values, found_in
from orchestration.release.serving import postgres
from orchestration.settings import Destination, PostgresDestination, Settings


def forget(settings: Settings, manifest: Mapping[str, Any], contact: str) -> Iterator[str]:
    """Forget a person by contact id or e-mail address; what was done, in sentences, as it is done.

    For who holds the writer's lock. Interrupted anywhere, it can be run again. A BuildError where nobody knows the
    person, or where something of them is left; no value of theirs is in any of it.
    """
    known = with_key(read_people(settings))
    found = recognised(settings, manifest, known.with_hashes([known.hash_of(contact)], (), ()), by_contacts_alone=False)
    values = Values.of(found, contact)
    is_known = bool(found.ids or found.addresses) or known.hash_of(contact) in known.hashes | known.mailboxes
    if not is_known and not list(left(settings, values)):
        raise BuildError(
            Finding(
                "unknown_contact",
                "CONTACT",
                "nobody is known by it: neither the raw files nor anything of ours has such an id or address. "
                "Nothing was changed.",
                next_step="Write the contact_id or the e-mail address as the raw files have it.",
            )
        )
    # First of all, so that no night takes them in again while this goes on.
    write_people(settings, found.people)
    contacts, addresses = _counted(found.n_contacts, "contact"), _counted(len(found.addresses), "address", "addresses")
    yield f"on record: {contacts} with {addresses}, and {_counted(len(found.responses), 'answer')} that count on"
    yield from clear(settings, found.people, values, found.responses)
    rest = list(left(settings, values))
    if rest:
        raise BuildError(*(_left(place, what) for place, what in rest))
    n_files = sum(1 for _ in files_of_ours(settings))
    places = ", ".join((str(settings.home), *(destination.name for destination in settings.destinations)))
    yield f"searched {places} ({n_files:,} files at home): found 0"


def taken_in_again(settings: Settings, manifest: Mapping[str, Any], people: People) -> tuple[People, list[str]]:
    """Who is on the list, by what raw files call them now; what was done where that is more than it was.

    A CRM gives a person another id, or merges them into another contact: what came under it before goes as well. For a
    night, which writes its log and its events meanwhile: these are left.
    """
    found = recognised(settings, manifest, people, by_contacts_alone=True)
    if found.people == people:
        return people, []
    write_people(settings, found.people)
    said = [*clear(settings, found.people, Values.of(found), found.responses, in_night=True)]
    return found.people, [f"raw files call somebody who was forgotten by another name: {what}" for what in said]


def left(settings: Settings, values: Values) -> Iterator[tuple[str, str]]:
    """Each place in which a person is found, and where in it."""
    for path in files_of_ours(settings):
        for what in found_in(path, values):
            yield str(path), what
    for destination in settings.destinations:
        for what in _found_at(destination, values):
            yield destination.name, what


def _found_at(destination: Destination, values: Values) -> Iterator[str]:
    if isinstance(destination, PostgresDestination):
        for column, n_rows in postgres.columns_with(destination, values.held_by):
            yield f"{column} ({_counted(n_rows, 'row')})"
        return
    for path in sorted(path for path in destination.folder.rglob("*") if path.is_file() and not path.is_symlink()):
        for what in found_in(path, values):
            yield f"{path.relative_to(destination.folder)}: {what}"


def _left(place: str, what: str) -> Finding:
    return Finding(
        "not_forgotten",
        place,
        f"the person is still found there: {what}.",
        next_step="If the file is yours, take it out yourself; then run make forget again.",
    )


def _counted(number: int, word: str, words: str = "") -> str:
    return f"{number:,} {word if number == 1 else words or f'{word}s'}"
