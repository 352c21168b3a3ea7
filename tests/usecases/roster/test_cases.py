"""Lists as people really keep them, one kind of trouble each, come in as what they mean, or are told.

Every folder of tests/data/cases/rosters is one: a README line with its source and what is right, `truth.json`, or
`truth-after-both.json` where a second list follows the first. They go through the whole import, into a database.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.database import Database
from groups.enrolment.carrier_lists.rules.rows import Entry, find_layouts, read, read_rows
from groups.errors import RosterFileError
from groups.errors.words import write_both
from groups.files.reading import read_sheets
from groups.models.batch import Author
from groups.models.changes import Source
from groups.models.roster import Village
from groups.roster.imports.apply import apply, judge_list
from groups.roster.imports.reading import read_list
from groups.roster.villages import read_roster

CASES = Path(__file__).parents[2] / "data" / "cases" / "rosters"
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
BY = Author("cases", Source.COMMAND)
WHOLE_LISTS = {"update-name-with-role"}
"""Cases whose second list names every household."""
REFUSED = {"utf8-cut-at-end": "damaged at line 4", "utf8-one-bad-byte": "damaged at line 4"}
"""Cases that are right to be refused, and the words that say so."""
OTHERS = {"enrolment-dates", "roundtrip-csv-through-excel"}
TOLD = {
    "big5": "",
    "blind-heading-called-contact": "guessed_columns",
    "blind-no-headings": "guessed_columns",
    "blind-number-below-with-person": "members_joined",
    "blind-rounded-number-csv": "invalid_phone",
    "custom-number-formats": "",
    "door-date-csv": "door_dates",
    "door-month-year": "door_dates",
    "empty-houses": "empty_houses",
    "error-and-bool-cells": "unreadable_cell",
    "group-names-mixed": "group_names",
    "heading-16": "",
    "hidden-rows": "hidden_rows",
    "name-and-phone-one-cell": "number_elsewhere",
    "number-in-the-remarks": "number_elsewhere",
    "old-and-new-number": "invalid_phone",
    "phone-22-digits-numeric": "invalid_phone",
    "phone-dash-extension": "invalid_phone",
    "phone-in-the-name-cell": "number_elsewhere",
    "phone-with-short-number": "invalid_phone",
    "private-use-names": "private_sign",
    "row-per-member": "members_joined",
    "struck-through-row": "struck_rows",
    "summary-sheet-and-group-sheets": "copied_sheets",
    "two-rows-one-household": "repeated_household",
    "wps-et": "doubtful_door",
}
"""What has to be said of a list that comes in as it is meant; empty: nothing."""


def bring_in(database: Database, files: list[Path], *, complete: bool = False) -> tuple[list[dict[str, Any]], set[str]]:
    """The village's roster once the lists are in it, one after the other, and the reasons of all that was told."""
    told: set[str] = set()
    with database.begin() as session:
        village = Village(code="C01", name="案例村")
        session.add(village)
        session.flush()
        for file in files:
            found = read_list(file.read_bytes(), file.name)
            judgement = judge_list(
                session, village, found.rows, "CN", "574", complete=complete and file is not files[0]
            )
            told |= {note.reason for note in (*found.notes, *judgement.notes)}
            told |= {finding.reason for row in judgement.verdicts for finding in row.findings}
            apply(session, village, judgement, BY, NOW, ZONE, once_more=True)
        roster = read_roster(session, village.id)
    return [{"group": o.group, "head": o.head, "door": o.door, "phones": list(o.phones)} for o in roster], told


def files_of(case: Path) -> list[Path]:
    return sorted(file for file in case.iterdir() if file.suffix not in {".json", ""})


@pytest.mark.parametrize(
    "name", sorted(case.name for case in CASES.iterdir() if case.name not in OTHERS and case.name not in REFUSED)
)
def test_a_list_as_people_keep_it_comes_in_as_what_it_means(name: str, database: Database) -> None:
    case = CASES / name
    roster, told = bring_in(database, files_of(case), complete=name in WHOLE_LISTS)
    truth = json.loads(next(case.glob("truth*.json")).read_text(encoding="utf-8"))
    assert roster == truth, (case / "README").read_text(encoding="utf-8")
    if name in TOLD:
        assert (TOLD[name] in told) if TOLD[name] else not told


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_damaged_list_is_refused_with_what_to_do(name: str) -> None:
    for file in files_of(CASES / name):
        with pytest.raises(RosterFileError) as refused:
            read_list(file.read_bytes(), file.name)
        assert REFUSED[name] in write_both(refused.value.message)
        assert ".xlsx" in write_both(refused.value.message), "what to do about it"


def test_our_own_csv_that_excel_has_saved_again_changes_no_door(database: Database, tmp_path: Path) -> None:
    saved = CASES / "roundtrip-csv-through-excel" / "input.csv"
    lines = saved.read_text(encoding="gb18030").splitlines()
    before = tmp_path / "village.csv"
    # What stood there before Excel took the doors for days.
    doors = [line.replace("月", "-", 1).replace("日", "", 1) for line in lines]
    before.write_text("\n".join(doors), encoding="utf-8")
    with database.begin() as session:
        village = Village(code="C01", name="案例村")
        session.add(village)
        session.flush()
        first = judge_list(session, village, read_list(before.read_bytes(), before.name).rows, "CN", "574")
        apply(session, village, first, BY, NOW, ZONE)
        again = judge_list(session, village, read_list(saved.read_bytes(), saved.name).rows, "CN", "574")
        assert len(again.entries) == 13
        assert not again.changes_anything


# The carrier's days


def entries_of(name: str) -> list[Entry]:
    file = CASES / "enrolment-dates" / name
    sheets = read_sheets(file.read_bytes(), file.name, dated=True)
    return [read(row, "CN", "574", date(2026, 11, 24)) for row in read_rows(find_layouts(sheets).layouts)]


DAYS = json.loads((CASES / "enrolment-dates" / "truth.json").read_text(encoding="utf-8"))


def test_the_days_on_which_a_subscription_starts_are_read_as_carriers_write_them() -> None:
    entries = entries_of("starts.xlsx")
    found = {entry.row.texts[-2]: entry.starts_on.isoformat() for entry in entries if not entry.errors}
    plain = {
        day.translate(str.maketrans("０１２３４５６７８９－", "0123456789-")): iso
        for day, iso in DAYS["starts"].items()
    }
    assert found == plain
    assert len(entries) == len(DAYS["starts"]) + 1, "one bad day costs its row and no other"


def test_an_end_that_never_comes_is_no_end() -> None:
    ends = {entry.row.texts[-1]: entry.ends_on for entry in entries_of("ends.xlsx") if not entry.errors}
    truth = {text: date.fromisoformat(day) if day else None for text, day in DAYS["ends"].items()}
    assert {text: ends[text] for text in truth} == truth


def test_days_that_a_workbook_keeps_as_figures_are_days() -> None:
    entries = entries_of("cells.xlsx")
    assert [(entry.starts_on, entry.ends_on) for entry in entries] == [
        (date(2026, 1, 5), None),
        (date(2026, 1, 5), None),
        (date(2026, 1, 5), date(2027, 1, 13)),
    ]


# Our own exports, opened and saved by another program

EXPORTS = CASES.parent / "exports"


@pytest.mark.parametrize("name", sorted(file.name for file in EXPORTS.iterdir() if file.stem.endswith("saved")))
def test_an_export_that_libreoffice_has_opened_and_saved_changes_nothing(name: str, database: Database) -> None:
    """roster.json as .csv and .xlsx, opened by LibreOffice 7.4 in Chinese, which takes 1-1 for a day, and saved."""
    original, saved = EXPORTS / "roster.json", EXPORTS / name
    with database.begin() as session:
        village = Village(code="C01", name="案例村")
        session.add(village)
        session.flush()
        first = judge_list(session, village, read_list(original.read_bytes(), original.name).rows, "CN", "574")
        apply(session, village, first, BY, NOW, ZONE)
        again = judge_list(session, village, read_list(saved.read_bytes(), saved.name).rows, "CN", "574")
        assert len(again.entries) == len(first.entries) == 19
        changed = {row.household: (row.changed, row.findings) for row in again.verdicts if row.changed or row.findings}
        assert {who: said for who, said in changed.items() if said[0] != ("landmark",)} == {}
