"""Signing a household up, and what becomes of it: every row dated, every change noted, one at a time a household.

Each of these holds the household's row while it looks and writes, so that the second of two liaisons finds what the
first has done, and writes through the caller's `Batch`, so that it can be undone. Days are the town's; a change holds
from its day on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from groups.enrolment.records import check_number, check_plan, get_household, list_subscriptions, make_period
from groups.enrolment.rules.periods import check_consent, check_free, check_period
from groups.errors import EndsBeforeStart, NotPossible, NotSubscribed, SubscriptionOverlaps, say
from groups.models.batch import Batch
from groups.models.enrolment import Channel, EndReason, Subscription
from groups.models.roster import Group
from groups.roster.households import find_last_position
from groups.roster.residences import follow_the_roster, house_the_subscribed
from groups.roster.villages import get_village
from groups.rules.days import Period
from groups.rules.typed_text import LONGEST_NAME, NO_LINK, find_flaw, tidy

_GOES_ON = frozenset({EndReason.REPLACED, EndReason.MOVED, EndReason.SUSPENDED})
"""A row that ended so is followed by another of the same sign-up."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What somebody signs up for. `number` (E.164) is the one that the carrier bills; empty where it is not known."""

    household_id: int
    plan: str
    starts_on: date
    consent_by: str
    consent_on: date
    channel: Channel = Channel.OFFICE
    number: str = ""
    ends_on: date | None = None
    consent_version: int | None = None


def enrol(batch: Batch, wanted: Enrolment) -> Subscription:
    """Sign a household up.

    Raises NoSuchHousehold, UnknownPlan, StartsInFuture, EndsBeforeStart, NoConsent, NumberElsewhere,
    SubscriptionOverlaps.
    """
    session = batch.session
    household = get_household(session, wanted.household_id, hold=True)
    period = Period(wanted.starts_on, wanted.ends_on)
    check_period(period, batch.day)
    check_free(period, [make_period(row) for row in list_subscriptions(session, household.id)])
    agreed_by, agreed_on = check_consent(wanted.consent_by, wanted.consent_on, wanted.starts_on)
    check_number(session, wanted.number, household.id)
    _end_rest(batch, household.id, wanted.starts_on)
    row = Subscription(
        household_id=household.id,
        plan=check_plan(session, wanted.plan),
        number=wanted.number,
        starts_on=wanted.starts_on,
        ends_on=wanted.ends_on,
        end_reason=EndReason.CANCELLED if wanted.ends_on else None,
        consent_on=agreed_on,
        consent_by=agreed_by,
        consent_version=wanted.consent_version,
        channel=wanted.channel,
    )
    return _add(batch, row)


def cancel(batch: Batch, household_id: int, day: date) -> None:
    """End it from `day` on: today, a day to come, or any that has been since the household signed up.

    What began after that day, another plan or number, never was. On the day of the sign-up itself it comes to a day of
    none. What has ended by now, or left the roster with its household, may have ended earlier.
    Raises NotSubscribed, EndsBeforeStart.
    """
    get_household(batch.session, household_id, hold=True, archived=True)
    rows = _read_contract(batch.session, household_id)
    if not rows or _has_ended(rows[-1], min(day, batch.day)):
        raise NotSubscribed(say("household_not_signed_up"))
    if day < rows[0].starts_on:
        raise _make_too_early(day, rows[0])
    later = [row for row in rows[1:] if row.starts_on >= day]
    row = rows[-1 - len(later)]
    for each in reversed(later):
        batch.remove(each, affects_from=each.starts_on)
    if row.ends_on is not None and row.ends_on <= day and (later or row.end_reason is EndReason.SUSPENDED):
        # It rested by then, and has counted for nobody since; only the hope of its going on ends.
        batch.change(row, affects_from=row.ends_on, end_reason=EndReason.CANCELLED)
        house_the_subscribed(batch, [household_id])
        return
    _end(batch, row, day, EndReason.CANCELLED)


def suspend(batch: Batch, household_id: int, day: date) -> None:
    """Let it rest from `day` on, until `resume`. Raises NotSubscribed, EndsBeforeStart."""
    _end(batch, _find_last(batch, household_id), day, EndReason.SUSPENDED)


def resume(batch: Batch, household_id: int, day: date) -> None:
    """Go on from `day` with what was suspended. Raises NotSubscribed, StartsInFuture, SubscriptionOverlaps."""
    row = _find_last(batch, household_id, suspended=True)
    if row.end_reason is not EndReason.SUSPENDED:
        raise NotSubscribed(say("nothing_household_suspended"))
    check_period(Period(day, None), batch.day)
    check_free(Period(day, None), [make_period(each) for each in list_subscriptions(batch.session, household_id)])
    check_number(batch.session, row.number, household_id)
    _add(batch, _continue(row, day))


def change_plan(batch: Batch, household_id: int, plan: str, day: date) -> None:
    """Go on under another plan from `day`. Raises NotSubscribed, UnknownPlan, StartsInFuture, EndsBeforeStart."""
    _replace(batch, household_id, day, plan=check_plan(batch.session, plan))


def change_number(batch: Batch, household_id: int, number: str, day: date) -> None:
    """Go on under another number (E.164) from `day`. Raises NumberElsewhere and what `change_plan` does."""
    check_number(batch.session, number, household_id)
    _replace(batch, household_id, day, number=number)


def move(batch: Batch, household_id: int, village_code: str, door: str = "") -> None:
    """The household lives in another village from today, in no group yet; what it has goes with it.

    Raises NoSuchHousehold, UnknownVillage, NotPossible where it lives there already.
    """
    household = get_household(batch.session, household_id, hold=True)
    village = get_village(batch.session, village_code)
    if village.id == household.village_id:
        raise NotPossible(say("lives_there_already", name=village.name))
    if flaw := find_flaw(door := tidy(door)):
        raise NotPossible(NO_LINK if flaw == "link" else say("door_cannot_be_kept", most=LONGEST_NAME))
    offices = select(Group).where((Group.leader_id == household.id) | (Group.deputy_id == household.id))
    for group in batch.session.scalars(offices).all():
        held = {office: None for office in ("leader_id", "deputy_id") if getattr(group, office) == household.id}
        batch.change(group, **held)
    position = find_last_position(batch.session, village.id, None) + 1
    batch.change(
        household,
        village_id=village.id,
        group_id=None,
        position=position,
        door=door,
        landmark="",
    )
    follow_the_roster(batch, households=[household.id])


def correct(batch: Batch, subscription_id: int, **values: Any) -> None:
    """Put a row right that was entered wrong, in the past too: its starts_on, ends_on, plan, number or consent.

    Raises NotSubscribed where it is gone, and what `enrol` raises.
    """
    session = batch.session
    row = session.get(Subscription, subscription_id)
    if row is None:
        raise NotSubscribed(say("no_such_subscription"))
    household = get_household(session, row.household_id, hold=True, archived=True)
    session.refresh(row)
    wanted = Period(values.get("starts_on", row.starts_on), values.get("ends_on", row.ends_on))
    check_period(wanted, batch.day)
    if household.archived_at is not None and (wanted.ends_on is None or wanted.ends_on > batch.day):
        raise NotPossible(say("left_the_roster"))
    others = [each for each in list_subscriptions(session, row.household_id) if each.id != row.id]
    check_free(wanted, [make_period(each) for each in others])
    if values.get("plan", row.plan) != row.plan:
        values["plan"] = check_plan(session, values["plan"])
    if values.get("number", row.number) != row.number:
        check_number(session, values["number"], row.household_id)
    if "consent_by" in values:
        given_on = values.get("consent_on") or wanted.starts_on
        values["consent_by"], values["consent_on"] = check_consent(values["consent_by"], given_on, wanted.starts_on)
    values["end_reason"] = (row.end_reason or EndReason.CANCELLED) if wanted.ends_on else None
    _flush(lambda: batch.change(row, affects_from=_find_first_day_changed(row, wanted), **values))
    house_the_subscribed(batch, [row.household_id])


def _has_ended(row: Subscription, day: date) -> bool:
    """Whether it is over by the day, and not only resting."""
    return row.ends_on is not None and row.ends_on <= day and row.end_reason is not EndReason.SUSPENDED


def _find_last(batch: Batch, household_id: int, *, suspended: bool = False) -> Subscription:
    """The household's last subscription, if it goes on today or later, or rests. Holds the household."""
    get_household(batch.session, household_id, hold=True)
    rows = list_subscriptions(batch.session, household_id)
    row = rows[-1] if rows else None
    if row is not None:
        goes_on = row.ends_on is None or row.ends_on > batch.day
        if goes_on or (suspended and row.end_reason is EndReason.SUSPENDED):
            return row
    raise NotSubscribed(say("household_not_signed_up"))


def _read_contract(session: Session, household_id: int) -> list[Subscription]:
    """The rows of what a household last signed up for, the earliest first: other plans, numbers and rests go on."""
    rows = list(list_subscriptions(session, household_id))
    first = len(rows) - 1
    while first > 0 and rows[first - 1].end_reason in _GOES_ON:
        first -= 1
    return rows[first:]


def _end_rest(batch: Batch, household_id: int, day: date) -> None:
    """Whoever signs up anew does not go on with what rested before."""
    before = [row for row in list_subscriptions(batch.session, household_id) if row.starts_on <= day]
    if before and before[-1].end_reason is EndReason.SUSPENDED:
        batch.change(before[-1], end_reason=EndReason.CANCELLED)


def _replace(batch: Batch, household_id: int, day: date, **values: str) -> None:
    """Go on with other values from `day`: in another row, or in the same where it only began on that day."""
    row = _find_last(batch, household_id)
    check_period(Period(day, None), batch.day)
    if day == row.starts_on:
        batch.change(row, affects_from=day, **values)
        return
    ends_on, reason = row.ends_on, row.end_reason
    _end(batch, row, day, EndReason.REPLACED)
    _add(batch, _continue(row, day, ends_on=ends_on, end_reason=reason, **values))


def _continue(row: Subscription, day: date, **values: Any) -> Subscription:
    """Another row that goes on with `row` from `day`, with other values where they are given."""
    kept = ("household_id", "plan", "number", "consent_on", "consent_by", "consent_version", "channel")
    same = {name: getattr(row, name) for name in kept}
    return Subscription(**(same | {"starts_on": day, "ends_on": None, "end_reason": None} | values))


def _end(batch: Batch, row: Subscription, day: date, reason: EndReason) -> None:
    if day < row.starts_on:
        raise _make_too_early(day, row)
    batch.change(row, affects_from=min(day, row.ends_on or day), ends_on=day, end_reason=reason)
    house_the_subscribed(batch, [row.household_id])


def _make_too_early(day: date, row: Subscription) -> EndsBeforeStart:
    return EndsBeforeStart(
        say("would_end_before_it_starts", ends_on=day, starts_on=row.starts_on), end=str(day), start=str(row.starts_on)
    )


def _find_first_day_changed(row: Subscription, wanted: Period) -> date:
    """From where on the figures of the days may be others."""
    if row.starts_on != wanted.starts_on:
        return min(row.starts_on, wanted.starts_on)
    if row.ends_on != wanted.ends_on:
        return min(row.ends_on or date.max, wanted.ends_on or date.max)
    return row.starts_on


def _add(batch: Batch, row: Subscription) -> Subscription:
    _flush(lambda: batch.add(row, affects_from=row.starts_on))
    house_the_subscribed(batch, [row.household_id])
    return row


def _flush(write: Callable[[], object]) -> None:
    """The indexes have the last word, whatever slipped past the locks."""
    try:
        write()
    except IntegrityError as error:
        raise SubscriptionOverlaps(say("just_signed_up")) from error
