"""Erasure in what people wrote: a number in any way of writing it, and a name in what was noted of its village.

Every table is looked through by its columns, so that one which is added later is looked through as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import JSON, Column, ColumnElement, Enum, String, Table, and_, delete, false, or_, select, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from config.database import Base
from groups.models.accounts import Account
from groups.models.changes import ERASED
from groups.models.responders import Responder
from groups.models.roster import Household, Phone
from groups.models.uploads import Upload, UploadRow, UploadState
from groups.rules.phone import split_number

NOTED = frozenset(
    {"note", "landmark", "text", "reason", "detail", "answer", "summary", "layouts", "before", "after", "data"}
)
"""Columns in which somebody writes, or is quoted, in whole sentences: a name is looked for in these alone."""
NAMED = frozenset({"head", "search", "initials", "given", "holder", "name", "household", "number", "consent_by"})
"""Particulars in the record that say who a row is about: another's own name is no word about somebody."""
NUMBERED = frozenset({"number", "new_number", "asked_by", "contact_number", "phone", "ending"})
"""Columns that hold one number, by which their row belongs to somebody: who that is ends with the row."""
_DIGITS = (
    "0０零〇○Oo",
    "1１一壹幺",
    "2２二贰两",
    "3３三叁",
    "4４四肆",
    "5５五伍",
    "6６六陆",
    "7７七柒",
    "8８八捌",
    "9９九玖",
)
_OWNERS = {"household_id": "households", "incident_id": "incidents", "upload_id": "uploads"}
"""Columns that say whose a row is, and the table that says of which village; not all of them are foreign keys."""
_BETWEEN = r"[\s\-‐-―−－_~·.,，、()（）\[\]【】/\u200b-\u200f]{0,3}"
_NO_DIGIT_BEFORE, _NO_DIGIT_BEHIND = r"(?<![0-9０-９])", r"(?![0-9０-９])"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: numbers that nobody else has by now, and names that nobody else in the village bears."""

    numbers: tuple[str, ...]
    names: tuple[str, ...] = ()
    village_id: int | None = None


def find_wanted(session: Session, household_id: int | None, numbers: Sequence[str]) -> tuple[Wanted, list[str]]:
    """What of the household, or of the numbers alone, is looked for, and what is not since somebody else has it too."""
    held = select(Phone.number).where(Phone.archived_at.is_(None), Phone.household_id != (household_id or 0))
    on_duty = select(Responder.number).where(Responder.archived_at.is_(None))
    accounts = select(Account.phone).where(Account.archived_at.is_(None))
    others: set[str] = set()
    for column, question in ((Phone.number, held), (Responder.number, on_duty), (Account.phone, accounts)):
        others |= {number for number in session.scalars(question.where(column.in_(numbers))) if number}
    household = session.get(Household, household_id) if household_id is not None else None
    name = household.head if household is not None and household.head != ERASED and len(household.head) > 1 else ""
    left = sorted(others)
    if household is not None and name:
        namesake = select(Household.id).where(Household.village_id == household.village_id, Household.head == name)
        if session.scalar(namesake.where(Household.id != household.id, Household.archived_at.is_(None)).limit(1)):
            left, name = [*left, name], ""
    names = (name,) if name else ()
    village_id = household.village_id if household is not None else None
    return Wanted(tuple(sorted(set(numbers) - others)), names, village_id), left


def erase_from_words(session: Session, wanted: Wanted) -> int:
    """Put ERASED where the numbers stand in any text, and the names in what was noted of the village; in how many rows.

    Rows are found by the database and judged here. Whoever calls commits.
    """
    patterns = [make_pattern(number) for number in wanted.numbers]
    changed = 0
    for table in Base.metadata.sorted_tables:
        for column in table.c:
            if not _is_text(column) or column.primary_key:
                continue
            changed += _erase_from_column(session, column, wanted, patterns)
    # What the session holds of these rows is old by now.
    session.expire_all()
    return changed


def drop_open_lists(session: Session, wanted: Wanted) -> list[str]:
    """Throw lists away that are not written and say one of the numbers; their names, for whoever brought them.

    Their files say it as well, and would bring it back when they are written.
    """
    waiting = select(Upload.id, Upload.name).where(Upload.state != UploadState.WRITTEN)
    columns = [cast(Table, UploadRow.__table__).c.data, cast(Table, Upload.__table__).c.layouts]
    said = [_match_number(column, number) for column in columns for number in wanted.numbers]
    found = session.execute(waiting.outerjoin(UploadRow).where(or_(false(), *said)).distinct()).all()
    session.execute(delete(Upload).where(Upload.id.in_([each.id for each in found])))
    return sorted(each.name for each in found)


def make_pattern(number: str) -> re.Pattern[str]:
    """Finds an E.164 number as people write it: with or without the country's code and the 0, parted or not, local
    landlines without the area's code, in full-width and Chinese figures.
    """
    country, area, rest = split_number(number)
    spelt = [_spell(rest)]
    if area:
        spelt = [f"(?:{_spell('0')})?{_BETWEEN}{_spell(area)}{_BETWEEN}{_spell(rest)}", _spell(rest)]
    code = rf"(?:(?:[+＋]|00|００)?{_BETWEEN}{_spell(country)}{_BETWEEN})?"
    return re.compile(f"[+＋]?{_NO_DIGIT_BEFORE}{code}(?:{'|'.join(spelt)}){_NO_DIGIT_BEHIND}")


def _spell(digits: str) -> str:
    return _BETWEEN.join(f"[{_DIGITS[int(digit)]}]" for digit in digits)


def _is_text(column: Column[Any]) -> bool:
    return isinstance(column.type, JSON | String) and not isinstance(column.type, Enum)


def _erase_from_column(
    session: Session, column: Column[Any], wanted: Wanted, patterns: Sequence[re.Pattern[str]]
) -> int:
    table, keys = column.table, list(column.table.primary_key)
    may_number = column.name not in NUMBERED and bool(wanted.numbers)
    conditions = [_match_number(column, number) for number in wanted.numbers if may_number]
    here = _match_village(table, wanted.village_id)
    if here is not None and (column.name in NOTED or (table.name, column.name) == ("uploads", "name")):
        conditions += [and_(here, _match_text(column, name)) for name in wanted.names]
    else:
        here = false()
    if not conditions:
        return 0
    rows = session.execute(select(column, here.label("is_here"), *keys).where(or_(*conditions))).all()
    changed = 0
    for value, is_here, *key in rows:
        cut = _Cut(patterns if may_number else (), wanted.names if is_here else ())
        new = cut.cut_all(value, is_named=table is not UploadRow.__table__)
        if new != value:
            this = and_(*(each == given for each, given in zip(keys, key, strict=True)))
            session.execute(update(table).where(this).values({column.name: new}))
            changed += 1
    return changed


@dataclass(frozen=True, slots=True)
class _Cut:
    """What is cut out of a text, or of what JSON holds."""

    patterns: Sequence[re.Pattern[str]]
    names: Sequence[str]

    def cut_all(self, value: Any, *, is_named: bool = True) -> Any:
        """The value without them. `is_named`: particulars of the keys NAMED keep their names."""
        if isinstance(value, str):
            return self._cut(value, self.names)
        if isinstance(value, dict):
            return {
                key: self._cut(each, ())
                if isinstance(each, str) and key in NAMED and is_named
                else self.cut_all(each, is_named=is_named)
                for key, each in value.items()
            }
        return [self.cut_all(each, is_named=is_named) for each in value] if isinstance(value, list) else value

    def _cut(self, text: str, names: Sequence[str]) -> str:
        for pattern in self.patterns:
            text = pattern.sub(ERASED, text)
        for name in names:
            text = text.replace(name, ERASED)
        return text


def _match_number(column: Column[Any], number: str) -> ColumnElement[bool]:
    """The rows that may hold it: a coarse question, which the database answers by itself."""
    _, area, rest = split_number(number)
    digits = rest if area else number.lstrip("+")[-11:]
    ways = ([_DIGITS[int(digit)][0] for digit in digits], [_DIGITS[int(digit)][1] for digit in digits])
    # Of a figure that is written in several Chinese ways any sign will do.
    chinese = ["_" if digit in "012" else _DIGITS[int(digit)][2] for digit in digits]
    return or_(*(_match_signs(column, way) for way in (*ways, chinese)))


def _match_text(column: Column[Any], text: str) -> ColumnElement[bool]:
    return _match_signs(column, list(text), between="")


def _match_signs(column: Column[Any], signs: Sequence[str], between: str = "%") -> ColumnElement[bool]:
    if not isinstance(column.type, JSON):
        return column.like(f"%{between.join(map(_escape, signs))}%", escape="\\")
    # As JSON is kept, 王 is \u738b: the backslash may be any sign.
    spelt = ["%" if sign == "_" else json.dumps(sign)[1:-1].replace("\\", "_") for sign in signs]
    return sql_cast(column, String).like(f"%{between.join(spelt)}%")


def _escape(sign: str) -> str:
    return sign if sign == "_" else sign.replace("\\", "\\\\").replace("%", "\\%")


def _match_village(table: Table, village_id: int | None) -> ColumnElement[bool] | None:
    """The rows of a table that belong to the village, by whatever way they say so; None where they say nothing."""
    if village_id is None:
        return None
    ways = list(_list_ways(table, village_id))
    return or_(*ways) if ways else None


def _list_ways(table: Table, village_id: int) -> Iterator[ColumnElement[bool]]:
    if "village_id" in table.c:
        yield table.c.village_id == village_id
        return
    for column, owner in _OWNERS.items():
        if column in table.c:
            owners = Base.metadata.tables[owner].c
            yield table.c[column].in_(select(owners.id).where(owners.village_id == village_id))
