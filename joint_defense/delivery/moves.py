"""The one place that moves a delivery from one state to another, as `rules.states.MOVES` allows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from joint_defense.models.incidents import Delivery
from joint_defense.rules.errors import ForbiddenMove
from joint_defense.rules.states import OVER, DeliveryState, may_move


def make_move(
    before: DeliveryState,
    after: DeliveryState,
    *,
    due_at: datetime | None = None,
    owner: str | None = None,
    failure: str | None = None,
    look_up_first: bool | None = None,
) -> dict[str, Any]:
    """The columns of a delivery that goes from one state to the other, for a row or for an UPDATE of many.

    Only a claimed one has an `owner`, and only one that is unreached a `failure`; `due_at` is demanded unless it is
    over. `look_up_first` stays as it is where nothing is said of it. Raises ForbiddenMove.
    """
    if not may_move(before, after):
        raise ForbiddenMove(f"a delivery cannot go from {before} to {after}")
    if (owner is not None) != (after is DeliveryState.CLAIMED):
        raise ForbiddenMove(f"a delivery that is {after} and {'has no' if owner is None else 'has an'} owner")
    if (failure is not None) != (after is DeliveryState.UNREACHED):
        raise ForbiddenMove(f"a delivery that is {after} with the failure {failure}")
    if (due_at is None) != (after in OVER):
        raise ForbiddenMove(f"a delivery that is {after} is due at {due_at}")
    columns: dict[str, Any] = {"state": after, "owner": owner, "failure": failure}
    if due_at is not None:
        columns["due_at"] = due_at
    if look_up_first is not None:
        columns["look_up_first"] = look_up_first
    return columns


def move(
    delivery: Delivery,
    after: DeliveryState,
    *,
    due_at: datetime | None = None,
    failure: str | None = None,
    look_up_first: bool | None = None,
) -> None:
    """Move a delivery whose row is locked. Raises ForbiddenMove.

    Only senders claim, many at once: that is an UPDATE with `make_move`.
    """
    columns = make_move(delivery.state, after, due_at=due_at, failure=failure, look_up_first=look_up_first)
    for name, value in columns.items():
        setattr(delivery, name, value)
