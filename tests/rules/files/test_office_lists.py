"""Carrier's lists, counts and duty lists as offices make them come in as what they mean, or are told."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from groups.coverage.counts import open_counts
from groups.enrolment.carrier_lists.rules.rows import find_layouts, read, read_rows
from groups.errors import RosterFileError, say
from groups.files.reading import read_sheets
from groups.responders.files import judge_rows, open_list
from groups.responders.lists import Kind, ListOnRecord, Region
from tests.support.office_lists import OFFICE, OfficeList

TODAY = date(2026, 11, 24)
HERE = Region("CN", "574")


def read_carriers(case: OfficeList) -> tuple[list[tuple[Any, ...]], int]:
    """The rows that can be taken, and how many are told of."""
    layouts = find_layouts(read_sheets(case.content, case.file, dated=True)).layouts
    if layouts[0].lacking:
        raise RosterFileError(say("carrier_columns_missing", lacking=tuple(layouts[0].lacking)))
    entries = [read(row, "CN", "574", TODAY) for row in read_rows(layouts)]
    good = [
        (e.number.removeprefix("+86"), e.name, e.address, str(e.starts_on), str(e.ends_on or ""))
        for e in entries
        if not e.errors
    ]
    return good, sum(bool(e.errors or e.warnings) for e in entries)


def read_counts(case: OfficeList) -> tuple[list[tuple[Any, ...]], int]:
    opened = open_counts(case.content, case.file, case.day, {})
    if opened.reason:
        raise RosterFileError(opened.reason)
    good = [(r.village, r.kind.value, str(r.counted_on), r.households) for r in opened.rows if not r.problem]
    return good, len(opened.rows) - len(good)


def read_duty(case: OfficeList) -> tuple[list[tuple[Any, ...]], int]:
    opened = open_list(Kind.RESPONDERS, case.content, case.file, {})
    if opened.reason:
        raise RosterFileError(opened.reason)
    rows = judge_rows(ListOnRecord(Kind.RESPONDERS, 1, {}, {}, {}), opened.rows, HERE)
    values = [row.checked.values for row in rows if row.change == "new"]
    good = [
        (v["name"], v["number"].removeprefix("+86").removeprefix("574"), v["team"].value, v["hours"]) for v in values
    ]
    return good, sum(bool(row.checked.wrong or row.checked.told) for row in rows)


READERS = {"carrier": read_carriers, "counts": read_counts, "duty": read_duty}


@pytest.mark.parametrize("case", OFFICE, ids=lambda case: f"{case.kind}: {case.name}")
def test_an_offices_list_comes_in_as_what_it_means(case: OfficeList) -> None:
    try:
        found, told = READERS[case.kind](case)
    except RosterFileError:
        assert case.refusable
        return
    assert found == list(case.right)
    assert case.left is None or told == case.left
