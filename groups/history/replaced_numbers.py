"""A number that took another's place, taken back: the old number comes back to what is known of the phone by now.

A change of number archives one phone and adds another. Whose phone it is, in which language it is called and where it
stands in the row may have been written since: that is no part of the change of number, so it stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import match_any
from groups.models.batch import AT_ONCE, read_values
from groups.models.changes import Change
from groups.models.recorded_rows import is_in_force
from groups.models.roster import Phone, PhoneKind

OWN_OF_A_PHONE = frozenset({"number", "household_id", "archived_at"})
"""What a new phone is: whoever writes one of these since has written the same as whoever added it."""
_GOES_ALONG = frozenset({"rank", "holder", "may_call", "may_text", "language"})


def find_written_since(
    session: Session, going: Mapping[int, Change], coming: Mapping[int, Change]
) -> dict[int, dict[str, Any]]:
    """Of phones that come back, by id, the values that were written since at the phone which goes in their place.

    `going` and `coming`: the last change of the batch at each phone, by id. Values are as the record keeps them.
    """
    if not going or not coming:
        return {}
    phones = _read_phones(session, {*going, *coming})
    pairs = _pair(
        {one: phones[one] for one in going if one in phones}, {one: phones[one] for one in coming if one in phones}
    )
    written = _read_written(session, {gone: going[gone].id for gone in pairs.values()})
    found: dict[int, dict[str, Any]] = {}
    for back, gone in pairs.items():
        now = read_values(phones[gone])
        values = {name: now[name] for name in written.get(gone, ())}
        if phones[back].kind is PhoneKind.LANDLINE:
            # A landline takes no texts, whatever was said of the mobile in its place.
            values.pop("may_text", None)
        if values:
            found[back] = values
    return found


def _read_phones(session: Session, ids: Iterable[int]) -> dict[int, Phone]:
    wanted = sorted(ids)
    found: dict[int, Phone] = {}
    for start in range(0, len(wanted), AT_ONCE):
        some = select(Phone).where(match_any(session, Phone.__table__.c.id, wanted[start : start + AT_ONCE]))
        found |= {phone.id: phone for phone in session.scalars(some)}
    return found


def _pair(going: Mapping[int, Phone], coming: Mapping[int, Phone]) -> dict[int, int]:
    """Which phone goes for each that comes back, by id: the only one of the household, else in the order of ringing."""
    homes: dict[int, tuple[list[Phone], list[Phone]]] = defaultdict(lambda: ([], []))
    for place, phones in enumerate((going, coming)):
        for phone in phones.values():
            homes[phone.household_id][place].append(phone)
    pairs: dict[int, int] = {}
    for gone, back in homes.values():
        if len(gone) == len(back):
            in_order = (sorted(each, key=lambda phone: (phone.rank, phone.id)) for each in (back, gone))
            pairs |= {one.id: other.id for one, other in zip(*in_order, strict=True)}
    return pairs


def _read_written(session: Session, last: Mapping[int, int]) -> dict[int, set[str]]:
    """What was written at these phones after the change of this id, and still counts."""
    found: dict[int, set[str]] = defaultdict(set)
    ids = sorted(last)
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        question = select(Change.id, Change.row_id, Change.after, Change.undone_by).where(
            Change.table == Phone.__tablename__,
            match_any(session, Change.row_id, some),
            Change.id > min(last[one] for one in some),
        )
        for number, phone, after, undone_by in session.execute(question):
            if number > last[phone] and is_in_force(session, undone_by):
                found[phone] |= _GOES_ALONG & (after or {}).keys()
    return found
