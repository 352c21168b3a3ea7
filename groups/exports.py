"""The roster as a file that imports again to the same roster."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from groups.rules.phone import Kind, as_written_here, kind_of
from groups.rules.roster_rows import RosterHousehold
from groups.rules.roster_sheets import UNGROUPED

GROUP, DOOR, HEAD, LANDMARK = "联防组", "门牌号", "户主", "方位"
MOBILE, LANDLINE, SECOND_MOBILE, FURTHER = "手机", "固定电话", "备用手机", "其他电话"

# Spreadsheets run a cell that begins with one of these as a formula.
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_json(roster: Sequence[RosterHousehold]) -> str:
    """A list of {"group", "head", "door", "phones"} in the order of the roster; phones in E.164."""
    households = [
        {"group": household.group, "head": household.head, "door": household.door, "phones": list(household.phones)}
        for household in roster
    ]
    return json.dumps(households, ensure_ascii=False, indent=1) + "\n"


def as_csv(roster: Sequence[RosterHousehold], region: str) -> str:
    """One row a household under one heading, with as many columns for further phones as are needed.

    A phone stands in the first column behind the one before it that is of its kind, so that reading the columns
    in their order gives the phones in theirs.
    """
    rows = [_columns(household, region) for household in roster]
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, _heading(rows), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({column: harmless(text) for column, text in row.items()} for row in rows)
    return table.getvalue()


def as_rows(roster: Sequence[RosterHousehold], region: str) -> tuple[list[str], list[dict[str, str]]]:
    """The columns and rows of the table that `as_csv` writes, for other forms of it."""
    rows = [_columns(household, region) for household in roster]
    return _heading(rows), rows


def _heading(rows: Sequence[dict[str, str]]) -> list[str]:
    further = sorted({column for row in rows for column in row if column.startswith(FURTHER)}, key=_further_number)
    return [GROUP, DOOR, HEAD, MOBILE, LANDLINE, SECOND_MOBILE, *further, LANDMARK]


def _columns(household: RosterHousehold, region: str) -> dict[str, str]:
    row = {
        GROUP: household.group or UNGROUPED,
        DOOR: household.door,
        HEAD: household.head,
        LANDMARK: household.landmark,
    }
    slots: list[tuple[str, Kind]] = [(MOBILE, "mobile"), (LANDLINE, "landline"), (SECOND_MOBILE, "mobile")]
    further = 0
    for number in household.phones:
        kind = kind_of(number)
        while slots and slots[0][1] != kind:
            slots.pop(0)
        if slots:
            column = slots.pop(0)[0]
        else:
            further += 1
            column = FURTHER if further == 1 else f"{FURTHER}{further}"
        row[column] = as_written_here(number, region)
    return row


def _further_number(column: str) -> int:
    return int(column.removeprefix(FURTHER) or 1)


def harmless(text: str) -> str:
    """The cell with the spreadsheet's mark for text where it needs one: where it would run, or has the mark itself."""
    return f"'{text}" if text.startswith((*_BEGINS_A_FORMULA, "'")) else text
