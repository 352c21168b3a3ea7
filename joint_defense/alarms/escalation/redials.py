"""Redials: what is done about households whose rings brought no answer, until everything was tried.

Whatever is over without having brought an answer asks to be looked at (`Delivery.follow_up`), and `clock` looks every
second. What is due is decided under the incident's lock, from its rows as they are then, and is itself a row under a
unique key: two clocks, or one that was away for a while, do it once; nobody is rung who has answered, and nobody once
the incident is closed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from groups import directory
from groups.directory import HouseholdPhone
from joint_defense.alarms.escalation import redial_queries as facts
from joint_defense.alarms.escalation.other_ways import tell_another_way
from joint_defense.alarms.escalation.redial_queries import House, Tried
from joint_defense.delivery.plan import LOOK_AGAIN, Decided, make_row
from joint_defense.delivery.tracking import TOLD
from joint_defense.incidents import conference, policies
from joint_defense.incidents.record import mask_number, note_update
from joint_defense.models.incidents import Incident
from joint_defense.rules.parties import AGAIN, get_party
from joint_defense.rules.redials import FollowUp, Steps, decide_next_steps
from joint_defense.rules.states import (
    GIVE_UP_AFTER,
    AttemptState,
    Channel,
    DeliveryState,
    IncidentKind,
    Occasion,
    Purpose,
)
from joint_defense.rules.timeline import UpdateKind

ROUND = 1000
"""From the first turn of a round of redials to the first of the next."""
TEXT_PATIENCE = timedelta(minutes=3)
"""So long a household that is only texted has to answer where nobody is redialled at all."""


def follow_up_due(session: Session, pauses: Sequence[timedelta], now: datetime) -> int:
    """Do what is due for households that have not answered. Returns how many calls and texts were planned.

    As many statements for many households as for one.
    """
    return _follow_up(session, facts.lock_due(session, now), pauses, now)


def judge_unanswered_texts(session: Session, pauses: Sequence[timedelta], now: datetime) -> int:
    """Do what is due for households that got nothing but texts, and have not answered as long as redials would take.

    Returns how many calls and texts were planned. It looks through all that is open: that is not for every second.
    """
    due = facts.lock_unanswered_texts(session, sum(pauses, timedelta()) or TEXT_PATIENCE, now)
    # Whoever is away is only texted: nobody is to knock at a house that is known to be empty.
    households = {each.household_id for each in due if each.household_id is not None}
    away = directory.find_away(session, households, now) if households else set()
    return _follow_up(session, [each for each in due if each.household_id not in away], pauses, now)


def _follow_up(session: Session, due: Sequence[facts.Due], pauses: Sequence[timedelta], now: datetime) -> int:
    incidents = facts.lock_incidents(session, {each.incident_id for each in due})
    looked_at = {each.id: each for each in due if each.incident_id in incidents}
    if not looked_at:
        return 0
    decided = Decided(later=dict.fromkeys(looked_at))
    tell_another_way(session, decided, incidents, [id_ for id_, each in looked_at.items() if each.purpose in TOLD], now)
    houses = {(each.incident_id, get_party(each)) for each in looked_at.values() if each.purpose not in TOLD}
    tried = facts.read_tries(session, facts.find_still_wanted(session, incidents, houses, now))
    takers = _find_takers(session, tried)
    steps = {
        house: _find_steps(incidents[house[0]], tries, pauses, now, takers.get(house[1].household_id or 0, _Takers()))
        for house, tries in tried.items()
    }
    _ring_again(session, decided, tried, steps, now)
    _try_other_ways(session, decided, tried, steps, now)
    _exhaust(session, decided, tried, steps, now)
    decided.take_down(session)
    given_up = [id_ for id_, later in decided.later.items() if later is not None and later[0] is FollowUp.GIVEN_UP]
    for incident_id in sorted({looked_at[each].incident_id for each in given_up}):
        policies.bring_forward(session, incidents[incident_id], now)
    return len(decided.rows)


@dataclass(frozen=True, slots=True)
class _Takers:
    """The phones of a household that may be called, and those that could take a text."""

    calls: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)


def _find_takers(session: Session, tried: dict[House, list[Tried]]) -> dict[int, _Takers]:
    """What the phones take, of those households where a text failed or the carrier will not call some phone."""
    asked = facts.pick_households(
        house
        for house, tries in tried.items()
        for each in tries
        if each.hopeless or (each.channel is Channel.SMS and each.state is DeliveryState.UNREACHED)
    )
    found: dict[int, _Takers] = defaultdict(_Takers)
    for phone in directory.list_phones(session, asked) if asked else ():
        if phone.may_call:
            found[phone.household_id].calls.add(phone.number)
        if phone.takes_texts:
            found[phone.household_id].texts.add(phone.number)
    return found


def _find_steps(
    incident: Incident, tried: list[Tried], pauses: Sequence[timedelta], now: datetime, takers: _Takers
) -> Steps:
    tries = [each.as_try() for each in tried]
    if incident.kind is IncidentKind.WORDLESS:
        # To be told is all: no key is asked for.
        if any(each.state is DeliveryState.REACHED or each.attempt is AttemptState.SENT for each in tried):
            return Steps()
        pauses = ()
    elif now - incident.opened_at > GIVE_UP_AFTER:
        pauses = ()
    return decide_next_steps(tries, pauses, now, callable_=takers.calls, texters=takers.texts)


def _ring_again(
    session: Session, decided: Decided, tried: dict[House, list[Tried]], steps: dict[House, Steps], now: datetime
) -> None:
    """The redials that are due, but for phones that are in a call; and when the next ones are."""
    numbers = {number for each in steps.values() for number in each.redials}
    busy = conference.find_in_a_call(session, numbers, now) if numbers else set()
    planned = facts.count_redials(session, {house[0] for house, step in steps.items() if step.redials})
    for house, step in sorted(steps.items(), key=lambda each: (each[0][0], tried[each[0]][0].distance)):
        newest = {each.number: each for each in tried[house] if each.channel is Channel.CALL}
        for number, due in step.next_at.items():
            decided.put_off(newest[number].id, FollowUp.REDIAL, due)
        for number, again in step.redials.items():
            last = newest[number]
            if number in busy:
                decided.put_off(last.id, FollowUp.LOOK, now + LOOK_AGAIN)
                continue
            decided.rows.append(
                make_row(
                    last,
                    last.incident_id,
                    Channel.CALL,
                    Purpose.REDIAL,
                    now,
                    occasion=Occasion(round=again),
                    urgency=AGAIN,
                    # Everybody's first redial before anybody's second, and within a round whoever is due first: where
                    # the pace makes them queue, nobody waits for those who come after. Two incidents take turns.
                    turn=again * ROUND + planned[last.incident_id, again],
                )
            )
            planned[last.incident_id, again] += 1
        if step.look_again:
            _look_again(decided, tried[house], now)


def _look_again(decided: Decided, tried: Iterable[Tried], now: datetime) -> None:
    """At all of the household that was looked at now."""
    for each in tried:
        decided.put_off(each.id, FollowUp.LOOK, now + LOOK_AGAIN)


def _try_other_ways(
    session: Session, decided: Decided, tried: dict[House, list[Tried]], steps: dict[House, Steps], now: datetime
) -> None:
    """Call where the text failed, and text where the call was refused."""
    for house, step in steps.items():
        newest = {each.number: each for each in tried[house]}
        for number, channel in step.other_ways.items():
            last = newest[number]
            purpose = _find_first_purpose(tried[house])
            decided.rows.append(make_row(last, last.incident_id, channel, purpose, now, urgency=AGAIN, turn=0))
            told = {"household": last.household_name, "number": mask_number(number), "channel": channel}
            note_update(session, last.incident_id, UpdateKind.OTHER_WAY, now, **told)
        if step.other_ways:
            _look_again(decided, tried[house], now)


def _find_first_purpose(tried: Iterable[Tried]) -> Purpose:
    """As what a phone of this household is rung or texted for the first time on a channel."""
    first = {each.purpose for each in tried if each.round == 0 and each.step == 0}
    return next((each for each in (Purpose.WORDLESS, Purpose.ALARM, Purpose.WIDENING) if each in first), Purpose.ALARM)


def _exhaust(
    session: Session, decided: Decided, tried: dict[House, list[Tried]], steps: dict[House, Steps], now: datetime
) -> None:
    """All that was rung has been rung enough: the household's next phones, or the verdict that it is unreachable."""
    houses = {house for house, step in steps.items() if step.exhausted}
    if not houses:
        return
    phones: dict[int, list[HouseholdPhone]] = defaultdict(list)
    for phone in directory.list_phones(session, facts.pick_households(houses)):
        phones[phone.household_id].append(phone)
    for house in sorted(houses, key=lambda each: tried[each][0].id):
        last = tried[house][-1]
        rows = (
            []
            if last.purpose is Purpose.WORDLESS
            else _list_untried(tried[house], phones[house[1].household_id or 0], now)
        )
        if rows:
            decided.rows += rows
            _look_again(decided, tried[house], now)
        elif any(each.follow_up is FollowUp.GIVEN_UP for each in tried[house]):
            continue  # somebody has had it rung again, in vain as before
        else:
            note_update(session, house[0], UpdateKind.UNREACHABLE, now, household=last.household_name)
            given_up = next(each for each in reversed(tried[house]) if each.id in decided.later)
            decided.later[given_up.id] = (FollowUp.GIVEN_UP, now)


def _list_untried(tried: list[Tried], phones: Iterable[HouseholdPhone], now: datetime) -> list[dict[str, Any]]:
    """The first ring and the first text of phones that have had none: away then, or new to the roster since."""
    known, purpose = {(each.number, each.channel) for each in tried}, _find_first_purpose(tried)
    rows = []
    for phone in phones:
        like = replace(tried[-1], phone_id=phone.phone_id, number=phone.number, language=phone.language)
        like = replace(like, phone_rank=phone.rank)
        for channel, takes in ((Channel.CALL, phone.may_call), (Channel.SMS, phone.may_text)):
            if takes and (phone.number, channel) not in known:
                rows.append(make_row(like, like.incident_id, channel, purpose, now, urgency=AGAIN, turn=0))
    return rows
