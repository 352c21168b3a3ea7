"""Who may take an act back: whoever might have done it, in every village that it touched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.models.accounts import AccountRole
from groups.models.changes import Action, Change
from groups.models.enrolment import EndReason

ENROLMENT_ACTS = frozenset(
    {
        Action.ENROL,
        Action.CANCEL,
        Action.SUSPEND,
        Action.RESUME,
        Action.CHANGE_PLAN,
        Action.CHANGE_BILLED,
        Action.MOVE_VILLAGE,
        Action.CORRECT,
        Action.GIVE_DEVICE,
        Action.RETURN_DEVICE,
        Action.TIE_DEVICE,
        Action.REPLACE_DEVICE,
        Action.IMPORT_LIST,
        Action.SET_TARIFF,
        Action.REMOVE_TARIFF,
    }
)
"""What the enrolment's pages do. What else there is, is the roster's or the figures'."""
FIGURES_ACTS = frozenset(
    {Action.SET_COUNT, Action.REMOVE_COUNT, Action.IMPORT_COUNTS, Action.SET_THRESHOLD, Action.REMOVE_THRESHOLD}
)
"""What the pages of counts do."""
_ENROLLERS = frozenset({AccountRole.LIAISON, AccountRole.ADMIN})
_KEEPERS = frozenset({AccountRole.VILLAGE_HEAD, AccountRole.ADMIN})
_ADMIN = frozenset({AccountRole.ADMIN})
_BY_TABLE = {
    **dict.fromkeys(("households", "phones", "groups", "grids", "responders", "cameras"), _KEEPERS),
    **dict.fromkeys(("subscriptions", "devices", "tariffs", "household_counts"), _ENROLLERS),
}
"""Of other tables only an administrator takes a change back; of `residences` whoever may of the rest of the act."""


def may_undo(session: Session, key: str, role: AccountRole, village_id: int | None) -> bool:
    """Whether somebody of this role, bound to this village (None: to none), may take the batch `key` back.

    False too where there is no such batch.
    """
    changes = session.scalars(select(Change).where(Change.batch == key)).all()
    if not changes:
        return False
    if village_id is not None and find_touched_villages(changes) != {village_id}:
        return False
    if _read_actions(session, key) & ENROLMENT_ACTS:
        return role in _ENROLLERS
    return all(role in _list_roles(change) for change in changes if change.table != "residences")


def find_touched_villages(changes: Iterable[Change]) -> set[int | None]:
    """The villages that these changes are about, come from and lead to; None: the town."""
    found: set[int | None] = set()
    for change in changes:
        found.add(change.village_id)
        found |= {row["village_id"] for row in (change.before or {}, change.after or {}) if row.get("village_id")}
    return found


def _list_roles(change: Change) -> frozenset[AccountRole]:
    if change.table == "subscriptions" and _follows_the_roster(change):
        return _KEEPERS
    return _BY_TABLE.get(change.table, _ADMIN)


def _follows_the_roster(change: Change) -> bool:
    """Whether a subscription ended because its household left the roster, or went on because it came back."""
    rows: list[dict[str, Any]] = [change.before or {}, change.after or {}]
    return any(row.get("end_reason") == EndReason.ARCHIVED for row in rows) and all(rows)


def _read_actions(session: Session, key: str) -> set[str]:
    """What the batch did; of an undo, what it took back did."""
    asked, acts = {key}, set[str]()
    seen: set[str] = set()
    while asked:
        seen |= asked
        acts |= set(session.scalars(select(Change.action).where(Change.batch.in_(asked)).distinct()))
        asked = (
            set(
                session.scalars(
                    select(Change.batch).where(Change.undone_by != "", Change.undone_by.in_(asked)).distinct()
                )
            )
            - seen
        )
    return acts
