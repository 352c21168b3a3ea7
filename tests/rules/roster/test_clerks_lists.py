"""Lists as clerks, exports and chats make them come in as what they mean, or are told; no database is asked."""

from __future__ import annotations

from contextlib import nullcontext, suppress

import pytest

from groups.errors import RosterFileError
from groups.roster.imports.reading import read_list
from groups.roster.imports.rules.judgement import judge
from groups.roster.imports.rules.rows import examine
from groups.roster.rules.group_names import make_key
from tests.support.clerks_lists import FIRST, ClerksList, Household
from tests.support.second_lists import SECOND
from tests.support.third_lists import THIRD


def read(case: ClerksList) -> tuple[list[Household], set[str]]:
    """The households that come of a list, and the reasons of all that is told."""
    found = read_list(case.content, case.file)
    judgement = judge([examine(row, "CN", "574") for row in found.rows], [], {}, "CN")
    told = {note.reason for note in found.notes} | {note.reason for note in judgement.notes}
    told |= {finding.reason for row in judgement.verdicts for finding in row.findings}
    found_households = [
        (e.group, e.head, e.door, tuple(_national(phone.e164) for phone in e.phones)) for e in judgement.entries
    ]
    return found_households, told


def _national(e164: str) -> str:
    number = e164.removeprefix("+86")
    return number if number.startswith("1") else "0" + number


def _same_words(households: list[Household] | tuple[Household, ...]) -> list[Household]:
    """Group names by what they mean: 第一组 and 1组 are one."""
    return sorted((_key(group), head, door, phones) for group, head, door, phones in households)


def _key(group: str) -> str:
    key = make_key(group)
    return str(key.number or group)


@pytest.mark.parametrize("case", [*FIRST, *SECOND, *THIRD], ids=lambda case: case.name)
def test_a_clerks_list_comes_in_as_what_it_means(case: ClerksList) -> None:
    with suppress(RosterFileError) if case.refusable else nullcontext():
        _hold_to_it(case)


def _hold_to_it(case: ClerksList) -> None:
    households, told = read(case)
    assert _same_words(households) == _same_words(case.right), told
    if case.told is not None:
        assert bool(told) is case.told, told
