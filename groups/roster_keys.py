"""What households and phones are found by, written anew: for rows of an earlier release, or after other readings."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import update_rows
from groups.models import ENDING, Household, Phone
from groups.rules.names import kept_keys

AT_ONCE = 2_000


def refresh_keys(session: Session, after: int) -> tuple[int | None, int]:
    """Put the keys of the next households right, from behind the id `after`: the last id seen, None at the end; and how
    many households were others before.
    """
    kept = (Household.id, Household.head, Household.search, Household.initials, Household.given)
    behind = select(*kept).where(Household.id > after).order_by(Household.id).limit(AT_ONCE)
    rows = session.execute(behind.with_for_update()).all()
    if not rows:
        return None, 0
    last = rows[-1][0]
    wrong = []
    for row in rows:
        keys = kept_keys(row.head)
        if keys != {name: getattr(row, name) for name in keys}:
            wrong.append({"id": row.id, **keys})
    update_rows(session, Household, wrong)
    phones = select(Phone.id, Phone.number).where(
        Phone.household_id > after, Phone.household_id <= last, Phone.ending == ""
    )
    update_rows(
        session, Phone, [{"id": phone, "ending": number[-ENDING:]} for phone, number in session.execute(phones)]
    )
    return last, len(wrong)
