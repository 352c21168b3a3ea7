"""The roster as a file that imports again to the same roster: CSV, JSON, and a workbook with a sheet a group."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby

from groups.files import writing
from groups.files.writing import Cell, Look, Table, Verbatim, as_workbook
from groups.roster.rules.household import UNGROUPED, RosterHousehold
from groups.rules.phone import Kind, as_written_here, find_kind

GROUP, DOOR, HEAD, LANDMARK = "联防组", "门牌号", "户主", "方位"
PROVEN = "近30天打通"
"""The last column: the day on which somebody of the household last gave a sign; empty: not within 30 days."""
MOBILE, LANDLINE, SECOND_MOBILE, FURTHER = "手机", "固定电话", "备用手机", "其他电话"

_WIDTHS = {GROUP: 13, DOOR: 13, HEAD: 14, LANDMARK: 18, PROVEN: 13}
_PRINTED = Look(
    bordered=True,
    wrapped=True,
    printed=True,
    landscape=True,
    font_size=13,
    heading_size=12,
    heading_height=24,
    row_height=26,
)


def as_xlsx(
    roster: Sequence[RosterHousehold], region: str, village: str, day: date, proven: Mapping[int, date]
) -> bytes:
    """A sheet for every group, in the roster's order, each a page wide on A4; it imports to the same roster.

    `proven`: of the households proven on that day the day of their last proof, by their ids.
    """
    by_group = [(name, list(own)) for name, own in groupby(roster, key=lambda household: household.group)]
    return as_workbook(_make_group_table(*one, region, village, day, proven) for one in by_group or [("", [])])


def _make_group_table(
    group: str,
    households: Sequence[RosterHousehold],
    region: str,
    village: str,
    day: date,
    proven: Mapping[int, date],
) -> Table:
    heading, rows = as_rows(households, region, proven)
    return Table(
        group or UNGROUPED,
        heading,
        [[row.get(word, "") for word in heading] for row in rows],
        widths=[_WIDTHS.get(word, 15 if word.startswith(FURTHER) else 16) for word in heading],
        title=f"{village} 十户联防通讯录",
        footer=f"&L遇险请按 #9，报警仍拨 110&C&P / &N&R{day.isoformat()}",
        look=_PRINTED,
    )


def as_json(roster: Sequence[RosterHousehold]) -> str:
    """A list of {"group", "head", "door", "phones"} in the order of the roster; phones in E.164."""
    households = [
        {"group": household.group, "head": household.head, "door": household.door, "phones": list(household.phones)}
        for household in roster
    ]
    return json.dumps(households, ensure_ascii=False, indent=1) + "\n"


def as_csv(roster: Sequence[RosterHousehold], region: str, proven: Mapping[int, date]) -> str:
    """One row a household under one heading, with as many columns for further phones as are needed, and `proven` last.

    A phone stands in the first column behind the one before it that is of its kind, so that reading the columns
    in their order gives the phones in theirs.
    """
    heading, rows = as_rows(roster, region, proven)
    table = [[_make_cell(word, row.get(word, "")) for word in heading] for row in rows]
    return writing.as_csv([heading, *table])


def _make_cell(column: str, text: str) -> Cell:
    return Verbatim(text) if column == DOOR else text


def as_rows(
    roster: Sequence[RosterHousehold], region: str, proven: Mapping[int, date]
) -> tuple[list[str], list[dict[str, str]]]:
    """The columns and rows of the table that `as_csv` writes, for other forms of it."""
    rows = [_make_columns(household, region) for household in roster]
    for household, row in zip(roster, rows, strict=True):
        row[PROVEN] = proven[household.id].isoformat() if household.id in proven else ""
    return _make_heading(rows), rows


def _make_heading(rows: Sequence[dict[str, str]]) -> list[str]:
    further = sorted({column for row in rows for column in row if column.startswith(FURTHER)}, key=_find_further_number)
    return [GROUP, DOOR, HEAD, MOBILE, LANDLINE, SECOND_MOBILE, *further, LANDMARK, PROVEN]


def _make_columns(household: RosterHousehold, region: str) -> dict[str, str]:
    row = {
        GROUP: household.group or UNGROUPED,
        DOOR: household.door,
        HEAD: household.head,
        LANDMARK: household.landmark,
    }
    slots: list[tuple[str, Kind]] = [(MOBILE, "mobile"), (LANDLINE, "landline"), (SECOND_MOBILE, "mobile")]
    further = 0
    for number in household.phones:
        kind = find_kind(number)
        while slots and slots[0][1] != kind:
            slots.pop(0)
        if slots:
            column = slots.pop(0)[0]
        else:
            further += 1
            column = FURTHER if further == 1 else f"{FURTHER}{further}"
        row[column] = as_written_here(number, region)
    return row


def _find_further_number(column: str) -> int:
    return int(column.removeprefix(FURTHER) or 1)
