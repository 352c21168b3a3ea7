"""Taking back what was done in one go, where the rows still stand as it left them: as if it had never been done.

A later change on top is never overwritten: it is named, with who made it and when. What one batch did to a household
is taken back as a whole or not at all; `what_can_be` takes back the households of a batch on which nothing stands.
Rows are read, compared and written by table, not one by one: an imported list has tens of thousands.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.database import Base, match_any
from groups.enrolment.devices import check_one_home
from groups.enrolment.records import check_one_at_a_time
from groups.errors import ChangedSince, NothingToUndo, say
from groups.history.merges import find_followed, follow_merges
from groups.history.obstacles import Obstacle, Why, add_span, name_later
from groups.history.replaced_numbers import OWN_OF_A_PHONE, find_written_since
from groups.models.batch import AT_ONCE, Author, Batch, read_values
from groups.models.changes import ERASED, Action, Change
from groups.models.enrolment import Subscription
from groups.models.figures import Residence
from groups.models.recorded_rows import (
    ORDER,
    find_before,
    find_model,
    is_held_by,
    is_in_force,
    list_references,
    parse_row,
)
from groups.models.responders import Responder
from groups.models.roster import Household, Phone
from groups.roster.residences import (
    clear_supposed_homes,
    follow_the_roster,
    house_the_subscribed,
)

TAKEN_BACK_ELSEWHERE = frozenset({"accounts", "invitations", "sign_in_codes"})
"""Who may sign in is not undone but changed once more."""
_ENDS = ("archived_at", "ends_on", "returned_on")
"""A row with one of these is over."""


@dataclass(frozen=True, slots=True)
class Undone:
    """The batch that took another back, and what of that one still stands."""

    batch: Batch
    kept: tuple[Obstacle, ...]


@dataclass(slots=True)
class _Row:
    """What a batch did to a row: how it left it (None: it took it out), what it goes back to (None: it added it).

    `affects_from` is the first day whose figures that changes.
    """

    last: Change
    left: dict[str, Any] | None
    back: dict[str, Any] | None
    affects_from: date | None

    @property
    def unit(self) -> object:
        """What is taken back as a whole: a household, else a row."""
        return self.last.household_id or (self.last.table, self.last.row_id)


_Rows = dict[type[Base], dict[int, _Row]]


class _Blocked(Exception):
    """Takes the savepoint of an attempt back."""

    def __init__(self, found: Sequence[Obstacle]) -> None:
        self.found = found


def undo(session: Session, key: str, by: Author, now: datetime, zone: ZoneInfo, *, what_can_be: bool = False) -> Undone:
    """Take the batch `key` back: rows get the values they had, new ones are archived, archived ones come back.

    Raises NothingToUndo where there is no such batch or it was taken back already, and ChangedSince with the
    obstacles where later changes stand on it; `what_can_be` raises that only where nothing at all can be taken back.
    Raises SubscriptionOverlaps and DeviceElsewhere where a household would have two at a time, or a thing two homes.
    """
    changes = read_changes_to_undo(session, key)
    batch = Batch(session, by, Action.UNDO, now, zone)
    if followed := find_followed(session, changes):
        # A household came back since, and went along with this merge: it would be left where nobody put it.
        raise ChangedSince(say("changed_since"), [Obstacle(one, Why.IN_USE) for one in followed])
    # Where a household is supposed to have lived follows from the rest, and is found anew at the end.
    supposed = find_supposed(session, changes)
    rows = _group_by_row([one for one in changes if one.id not in supposed])
    _make_room(batch, rows)
    kept: list[Obstacle] = []
    while obstacles := _try_to_undo(batch, rows):
        kept += obstacles
        blocked = {get_row(rows, one.change).unit for one in obstacles}
        rows = {model: {one: row for one, row in own.items() if row.unit not in blocked} for model, own in rows.items()}
        if not what_can_be or not any(rows.values()):
            raise ChangedSince(say("changed_since"), name_later(session, kept))
    still = {one.change.household_id for one in kept}
    _mark(
        session,
        changes,
        rows,
        {one.id for one in changes if one.id in supposed and one.household_id not in still},
        batch.key,
    )
    touched = {one.household_id for one in changes if one.household_id is not None}
    if lost := follow_merges(batch, touched):
        # Its group is no more, and into which it went nobody can say.
        raise ChangedSince(
            say("changed_since"), [Obstacle(one, Why.NOT_THERE) for one in changes if one.household_id in lost]
        )
    follow_the_roster(batch, households=touched | _find_groups(session, changes))
    if gone := _find_archived_in_force(session, touched, batch):
        # It would be archived, and counted and paid for all the same.
        raise ChangedSince(
            say("changed_since"), [Obstacle(one, Why.IN_USE) for one in changes if one.household_id in gone]
        )
    house_the_subscribed(batch, touched)
    # What was done since beside these rows stands: it must not come to two subscriptions, or two homes of a thing.
    check_one_at_a_time(session, touched)
    check_one_home(session, [one.row_id for one in changes if one.table == "devices"])
    return Undone(batch, tuple(name_later(session, kept)))


def _find_archived_in_force(session: Session, households: Collection[int], batch: Batch) -> set[int]:
    """Those of the households that are archived and have a subscription that goes on."""
    wanted, found = sorted(households), set[int]()
    for start in range(0, len(wanted), AT_ONCE):
        goes_on = Subscription.ends_on.is_(None) | (Subscription.ends_on > batch.day)
        found.update(
            session.scalars(
                select(Household.id)
                .join(Subscription, Subscription.household_id == Household.id)
                .where(match_any(session, Household.id, wanted[start : start + AT_ONCE]))
                .where(Household.archived_at.is_not(None), goes_on)
            )
        )
    return found


def read_changes_to_undo(session: Session, key: str) -> Sequence[Change]:
    """What the batch did that still counts, the last first, held until the transaction ends. Raises NothingToUndo."""
    changes = session.scalars(
        select(Change).where(Change.batch == key, Change.undone_by == "").order_by(Change.id.desc()).with_for_update()
    ).all()
    if not changes or any(one.table in TAKEN_BACK_ELSEWHERE for one in changes):
        raise NothingToUndo(say("nothing_to_undo"))
    if any(ERASED in (values or {}).values() for one in changes for values in (one.before, one.after)):
        raise NothingToUndo(say("erased_meanwhile"))
    if _has_lost_numbers(session, changes):
        raise NothingToUndo(say("erased_meanwhile"))
    for one in changes:
        # Only read here: an attempt that is taken back must not empty them.
        session.expunge(one)
    return changes


def _has_lost_numbers(session: Session, changes: Sequence[Change]) -> bool:
    """Whether the number of a phone or responder among them has gone with its time: nobody could be rung there."""
    for model in (Phone, Responder):
        ids = sorted({one.row_id for one in changes if one.table == model.__tablename__})
        for start in range(0, len(ids), AT_ONCE):
            those = match_any(session, model.__table__.c.id, ids[start : start + AT_ONCE])
            if session.scalar(select(exists().where(those, model.__table__.c.number == ""))):
                return True
    return False


def get_row(rows: _Rows, change: Change) -> _Row:
    """What the batch did to the row that the change is about."""
    return rows[find_model(change.table)][change.row_id]


def _group_by_row(changes: Sequence[Change]) -> _Rows:
    by_row: dict[tuple[str, int], list[Change]] = {}
    for change in changes:
        by_row.setdefault((change.table, change.row_id), []).append(change)
    rows: _Rows = {}
    for (table, row_id), own in by_row.items():
        left = None if own[0].after is None else dict(ChainMap(*(one.after or {} for one in own)))
        days = [one.affects_from for one in own if one.affects_from is not None]
        rows.setdefault(find_model(table), {})[row_id] = _Row(own[0], left, find_before(own), min(days, default=None))
    return rows


def _make_room(batch: Batch, rows: _Rows) -> None:
    """Homes that come back may begin on a day from which another is supposed."""
    clear_supposed_homes(
        batch,
        (
            (row.last.household_id, date.fromisoformat(row.back["starts_on"]))
            for row in rows.get(Residence, {}).values()
            if row.back is not None and row.last.household_id is not None and row.back.get("starts_on")
        ),
    )


def _try_to_undo(batch: Batch, rows: _Rows) -> Sequence[Obstacle]:
    """Take the rows back, or none of them where anything stands in the way: then what."""
    size = batch.size
    try:
        with batch.session.begin_nested():
            ours = _list_own_columns(rows)
            if found := [
                each for model, own in rows.items() for each in _find_changed_since(batch.session, model, own, ours)
            ]:
                raise _Blocked(found)
            _keep_what_went_along(batch.session, rows.get(Phone, {}))
            _write(batch, rows)
            found = [
                each
                for model, own in rows.items()
                for each in (
                    *_find_in_use(batch.session, model, own),
                    *_find_leading_nowhere(batch.session, model, own),
                )
            ]
            if found:
                raise _Blocked(found)
    except _Blocked as blocked:
        batch.size = size
        batch.session.expire_all()
        return blocked.found
    except IntegrityError:
        batch.size = size
        batch.session.expire_all()
        return _find_taken(batch, rows)
    return ()


def _list_own_columns(rows: _Rows) -> Mapping[int, frozenset[str]]:
    """Of phones that go from a household which was there before, by id, what a phone is: the rest may change."""
    newcomers = {identity for identity, row in rows.get(Household, {}).items() if row.back is None}
    return {
        identity: OWN_OF_A_PHONE
        for identity, row in rows.get(Phone, {}).items()
        if row.last.household_id not in newcomers and (row.back is None or row.back.get("archived_at"))
    }


def _find_changed_since(
    session: Session, model: type[Base], rows: dict[int, _Row], ours: Mapping[int, frozenset[str]]
) -> Iterator[Obstacle]:
    """The rows that do not stand as the batch left them; all are held until the transaction ends."""
    ids = sorted(rows)
    key = cast(Table, model.__table__).c.id
    there: dict[int, dict[str, Any]] = {}
    for start in range(0, len(ids), AT_ONCE):
        held = select(model).where(match_any(session, key, ids[start : start + AT_ONCE])).order_by(key)
        for found in session.scalars(held.with_for_update().execution_options(populate_existing=True)):
            there[cast(Any, found).id] = read_values(found)
    written = _find_written_since(session, model, rows)
    for identity, row in rows.items():
        now = there.get(identity)
        columns = set(written.get(identity, ()))
        if now is not None and row.left is not None:
            passed_over = ORDER if row.back is None else frozenset()
            asked = row.left.keys() - passed_over
            # A column that is gone by now is passed over.
            columns |= {name for name in asked if now.get(name, row.left[name]) != row.left[name]}
        if model is Phone:
            columns &= ours.get(identity, columns)
        if (now is None) != (row.left is None) or columns or _is_erased(model, now):
            yield Obstacle(row.last, Why.CHANGED_SINCE, frozenset(columns))


def _keep_what_went_along(session: Session, phones: dict[int, _Row]) -> None:
    """An old number comes back to whatever was written since at the phone that took its place."""
    there = {one: row for one, row in phones.items() if row.left is not None}
    going = {one: row.last for one, row in there.items() if row.back is None or row.back.get("archived_at")}
    coming = {one: row.last for one, row in there.items() if row.back and row.back.get("archived_at", "") is None}
    for identity, values in find_written_since(session, going, coming).items():
        row = phones[identity]
        row.back = (row.back or {}) | values


def _is_erased(model: type[Base], values: dict[str, Any] | None) -> bool:
    """A phone whose number was erased since does not come back."""
    return model is Phone and values is not None and not values["number"]


def _find_written_since(session: Session, model: type[Base], rows: dict[int, _Row]) -> dict[int, set[str]]:
    """The rows of which later changes stand that wrote the same columns, and which: they may have come to the same
    values again, and still these are not what the batch left.
    """
    asked = {identity: row for identity, row in rows.items() if row.left is not None and row.back is not None}
    ids = sorted(asked)
    found: dict[int, set[str]] = {}
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        question = select(Change.id, Change.row_id, Change.after, Change.undone_by).where(
            Change.table == cast(Table, model.__table__).name,
            match_any(session, Change.row_id, some),
            Change.id > min(asked[identity].last.id for identity in some),
            Change.action != Action.UNDO,
        )
        for number, row_id, after, undone_by in session.execute(question):
            left = add_span(asked[row_id].left or {})
            again = left if after is None else add_span(after) & left
            if number > asked[row_id].last.id and again and is_in_force(session, undone_by):
                found.setdefault(row_id, set()).update(again)
    return found


def _write(batch: Batch, rows: _Rows) -> None:
    # Newcomers first: what they took, a number or a name, is wanted by those that come back.
    for model, own in rows.items():
        _take_newcomers_back(batch, model, own)
    for model, own in rows.items():
        values = {
            identity: parse_row(model, row.back)
            for identity, row in own.items()
            if row.back is not None and row.left is not None
        }
        # What is given up, by a row that ends again, may be what another takes.
        for gives_up in (True, False):
            some = {identity: each for identity, each in values.items() if _gives_up(each) is gives_up}
            batch.change_all(model, some, affects_from=lambda row, own=own: own[row.id].affects_from)  # type: ignore[misc]
    for model, own in rows.items():
        gone = [
            {"id": identity} | parse_row(model, row.back)
            for identity, row in own.items()
            if row.left is None and row.back is not None
        ]
        batch.add_all(model, gone, affects_from=lambda row, own=own: own[row.id].affects_from)  # type: ignore[misc]


def _gives_up(values: dict[str, Any]) -> bool:
    return any(values.get(name) is not None for name in _ENDS)


def _take_newcomers_back(batch: Batch, model: type[Base], rows: dict[int, _Row]) -> None:
    newcomers = [identity for identity, row in rows.items() if row.back is None and row.left is not None]
    if "archived_at" in model.__table__.c:
        batch.change_all(model, {identity: {"archived_at": batch.now} for identity in newcomers})
    else:
        batch.remove_all(model, newcomers, affects_from=lambda row: rows[row.id].affects_from)


def _find_in_use(session: Session, model: type[Base], rows: dict[int, _Row]) -> Iterator[Obstacle]:
    """Newcomers that something refers to which is not archived with them."""
    newcomers = [identity for identity, row in rows.items() if row.back is None and row.left is not None]
    # Archived once more, by the undo of an undo: its past may stay, what lives there now may not.
    again = [identity for identity, row in rows.items() if row.back is not None and row.back.get("archived_at")]
    if "archived_at" not in model.__table__.c:
        return
    used: set[int] = set()
    for other, column in list_references(model):
        holds = is_held_by(other)
        if holds is None:
            continue
        wanted = newcomers + (again if "archived_at" in other.__table__.c else [])
        for start in range(0, len(wanted), AT_ONCE):
            some = match_any(session, column, wanted[start : start + AT_ONCE])
            used.update(session.scalars(select(column).where(some, holds).distinct()))
    for identity in sorted(used):
        yield Obstacle(rows[identity].last, Why.IN_USE)


def _find_leading_nowhere(session: Session, model: type[Base], rows: dict[int, _Row]) -> Iterator[Obstacle]:
    """Rows that went back to something archived, or came back to a household or village that is."""
    table = cast(Table, model.__table__)
    back = {identity: row.back for identity, row in rows.items() if row.back is not None}
    # In the roster again, or in force again: a subscription whose end is taken back, a thing that was handed in.
    came_back = {identity for identity, values in back.items() if any(values.get(name, "") is None for name in _ENDS)}
    nowhere: set[int] = set()
    for column in table.c:
        for key in column.foreign_keys:
            target = key.column.table
            if "archived_at" not in target.c or table.name == "residences":
                # A home of the past may be in a group that is no more.
                continue
            asked = {identity for identity, values in back.items() if column.key in values}
            wanted = sorted(asked if column.nullable else asked | came_back)
            for start in range(0, len(wanted), AT_ONCE):
                nowhere.update(
                    session.scalars(
                        select(table.c.id)
                        .join(target, target.c.id == column)
                        .where(match_any(session, table.c.id, wanted[start : start + AT_ONCE]))
                        .where(target.c.archived_at.is_not(None))
                    )
                )
    for identity in sorted(nowhere):
        yield Obstacle(rows[identity].last, Why.NOT_THERE)


def _find_taken(batch: Batch, rows: _Rows) -> list[Obstacle]:
    """Those that a unique key keeps out, found by halves: together they do not fit, so some of them do not."""
    units = list(dict.fromkeys(row.unit for own in rows.values() for row in own.values()))
    if len(units) == 1:
        last = max((row.last for own in rows.values() for row in own.values()), key=lambda change: change.id)
        return [Obstacle(last, Why.TAKEN)]
    found: list[Obstacle] = []
    for half in (set(units[: len(units) // 2]), set(units[len(units) // 2 :])):
        some = {model: {one: row for one, row in own.items() if row.unit in half} for model, own in rows.items()}
        if not _fits(batch, some):
            found += _find_taken(batch, some)
    # Two halves that fit by themselves stand in each other's way.
    return found or [Obstacle(next(iter(own.values())).last, Why.TAKEN) for own in rows.values() if own]


def _fits(batch: Batch, rows: _Rows) -> bool:
    """Whether these rows alone could be taken back. Nothing is written."""
    size = batch.size
    try:
        with batch.session.begin_nested():
            _write(batch, rows)
            raise _Blocked(())
    except _Blocked:
        return True
    except IntegrityError:
        return False
    finally:
        batch.size = size
        batch.session.expire_all()


def _mark(session: Session, changes: Sequence[Change], rows: _Rows, supposed: Set[int], key: str) -> None:
    """Note which changes do not count any more, and what took them back."""
    done = [one.id for one in changes if one.id in supposed or one.row_id in rows.get(find_model(one.table), {})]
    for start in range(0, len(done), AT_ONCE):
        some = match_any(session, Change.id, done[start : start + AT_ONCE])
        session.execute(
            update(Change).where(some).values(undone_by=key), execution_options={"synchronize_session": False}
        )


def _find_groups(session: Session, changes: Iterable[Change]) -> set[int]:
    """The households of groups that were changed: their place may be another by now."""
    groups: Collection[int] = {one.row_id for one in changes if one.table == "groups"}
    return set(session.scalars(select(Household.id).where(Household.group_id.in_(groups)))) if groups else set()


def find_supposed(session: Session, changes: Sequence[Change]) -> set[int]:
    """The ids of those of the changes."""
    homes = [one for one in changes if one.table == Residence.__tablename__]
    numbers = sorted({one.row_id for one in homes})
    supposed = set[int]()
    for start in range(0, len(numbers), AT_ONCE):
        some = match_any(session, Residence.__table__.c.id, numbers[start : start + AT_ONCE])
        supposed.update(session.scalars(select(Residence.id).where(some, Residence.supposed)))
    return {one.id for one in homes if one.row_id in supposed or _is_about_supposed(one)}


def _is_about_supposed(change: Change) -> bool:
    """Whether a home that was added or taken out was only supposed."""
    values = change.after if change.before is None else change.before
    if values is None:
        return False
    if "supposed" in values:
        return bool(values["supposed"])
    # A release that did not say so noted no home from a day before its own, but those that it supposed.
    added = change.before is None
    return added and values["group_id"] is None and date.fromisoformat(values["starts_on"]) < change.changed_on
