"""Telling otherwise: what is told and asks for no answer goes another way where it failed for good.

News to a caller who has hung up is told in a call. A household that is coming and could not be texted that another one
calls for help too, or that it is over, is called; a phone that could not be called with the all-clear is texted. An
overseer who could not be texted the link is called, and told who calls for help and where.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups import directory
from joint_defense.alarms.news_sent import NEWS_UNTIL, call_with_news
from joint_defense.delivery.plan import LOOK_AGAIN, Decided, make_row
from joint_defense.delivery.sender import list_voices
from joint_defense.incidents import conference
from joint_defense.incidents.answers import find_callers_among, read_answers
from joint_defense.incidents.record import mask_number, note_update
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.rules.parties import NOTICE, OVERSEER
from joint_defense.rules.redials import FollowUp
from joint_defense.rules.states import GIVE_UP_AFTER, Channel, DeliveryState, IncidentKind, Milestone, Occasion, Purpose
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.wording import links


def tell_another_way(
    session: Session, decided: Decided, incidents: Mapping[int, Incident], ids: Collection[int], now: datetime
) -> None:
    """Decide what is done about these deliveries, which have failed; all are of these incidents, which are locked."""
    if not ids:
        return
    failed: dict[int, list[Delivery]] = defaultdict(list)
    for each in session.scalars(select(Delivery).where(Delivery.id.in_(ids)).order_by(Delivery.id)):
        failed[each.incident_id].append(each)
    for incident_id, lost in failed.items():
        incident = incidents[incident_id]
        if incident.kind is IncidentKind.ALARM:
            _tell_callers(session, decided, incident, lost, now)
            wanted = [each for each in lost if _matters_still(each, incident, now)]
            _tell_neighbours(session, decided, incident, wanted, now)
            _tell_overseers(session, decided, incident, [each for each in lost if each.purpose is Purpose.LINK], now)


def _tell_callers(session: Session, decided: Decided, incident: Incident, lost: list[Delivery], now: datetime) -> None:
    """One call for all texts with news that a caller did not get; that others are called is not worth a ring."""
    if now - incident.opened_at > NEWS_UNTIL:
        return
    for alert in incident.alerts:
        texts = [
            each
            for each in lost
            if each.purpose is Purpose.NEWS
            and each.channel is Channel.SMS
            and each.household_id == alert.household_id
            and each.milestone is not Milestone.STEP
        ]
        if not texts or (alert.on_line_until is not None and alert.on_line_until > _find_end(texts[-1])):
            continue  # they have been on the line since, and heard it there
        call = call_with_news(session, incident, alert, texts[-1].milestone, now, kind=UpdateKind.OTHER_WAY)
        if call.look_again is not None:
            decided.put_off(texts[-1].id, FollowUp.LOOK, call.look_again)


def _tell_overseers(
    session: Session, decided: Decided, incident: Incident, lost: list[Delivery], now: datetime
) -> None:
    """A call in place of a link: what a neighbour hears, and that the rest stands on the page behind sign-in."""
    lost = [each for each in lost if each.channel is Channel.SMS]
    if not lost or incident.closed_at is not None or now - incident.opened_at > GIVE_UP_AFTER:
        return
    numbers = {each.number for each in lost}
    responders = {each.responder_id for each in lost if each.responder_id is not None}
    uncalled = directory.find_uncalled(session, numbers, responders)
    busy = conference.find_in_a_call(session, numbers, now)
    for each in lost:
        if each.number in busy:
            decided.put_off(each.id, FollowUp.LOOK, now + LOOK_AGAIN)
        elif each.number not in uncalled:
            # The moment is not said: nothing of the time zone is needed to read a voice.
            text = links.tell_overseer_by_voice(list_voices(incident, incident.alerts, ZoneInfo("UTC")), each.language)
            decided.rows.append(
                make_row(
                    each,
                    incident.id,
                    Channel.CALL,
                    Purpose.LINK,
                    now,
                    occasion=each.occasion,
                    urgency=OVERSEER,
                    turn=each.turn,
                    text=text,
                    account_id=each.account_id,
                )
            )
            told = {"household": each.household_name, "number": mask_number(each.number), "channel": Channel.CALL}
            note_update(session, incident.id, UpdateKind.OTHER_WAY, now, **told)


def _find_end(delivery: Delivery) -> datetime:
    ends = (each.ended_at or each.requested_at for each in delivery.attempts)
    return max(ends, default=delivery.due_at)


def _matters_still(lost: Delivery, incident: Incident, now: datetime) -> bool:
    """Whether somebody is still to be told: of a second voice while it calls, of the end while it is fresh."""
    if lost.purpose is Purpose.ALL_CLEAR:
        return incident.closed_at is not None and now - incident.closed_at <= GIVE_UP_AFTER
    if lost.purpose is not Purpose.SECOND_VOICE or lost.channel is Channel.CALL or incident.closed_at is not None:
        return False
    voice = next((alert for alert in incident.alerts if alert.id == lost.alert_id), None)
    return voice is not None and voice.withdrawn_at is None and now - voice.raised_at <= GIVE_UP_AFTER


def _tell_neighbours(
    session: Session, decided: Decided, incident: Incident, lost: list[Delivery], now: datetime
) -> None:
    """The other channel of the same phone, where it takes that; a ring only for those who are on their way or there."""
    if not lost:
        return
    answers = read_answers(session, incident.id)
    households = {each.household_id for each in lost if each.household_id is not None}
    in_trouble = find_callers_among(session, households, [incident.id], now)
    known = _read_phones(session, incident.id, {each.number for each in lost})
    takers = _find_takers(session, households)
    busy = conference.find_in_a_call(session, {each.number for each in lost}, now)
    for each in lost:
        phone = known[each.number]
        if each.channel is Channel.SMS:
            channel = Channel.CALL
            wanted = answers.comes(each.party)
            able = each.number in takers.calls or phone.called
        else:
            channel, wanted = Channel.SMS, True
            able = (each.number in takers.texts or phone.texted) and not phone.text_failed
        if (
            each.household_id in in_trouble
            or not wanted
            or not able
            or (channel, each.purpose, each.occasion) in phone.tried
        ):
            continue
        if channel is Channel.CALL and each.number in busy:
            decided.put_off(each.id, FollowUp.LOOK, now + LOOK_AGAIN)
            continue
        turn, occasion, text = each.turn, each.occasion, each.text
        decided.rows.append(
            make_row(
                each, incident.id, channel, each.purpose, now, occasion=occasion, urgency=NOTICE, turn=turn, text=text
            )
        )
        told = {"household": each.household_name, "number": mask_number(each.number), "channel": channel}
        note_update(session, incident.id, UpdateKind.OTHER_WAY, now, **told)


@dataclass
class _Phone:
    """What an incident has tried with a phone: which channel, for what; whether it was called and texted at all."""

    tried: set[tuple[Channel, Purpose, Occasion]] = field(default_factory=set)
    called: bool = False
    texted: bool = False
    text_failed: bool = False


def _read_phones(session: Session, incident_id: int, numbers: Collection[str]) -> dict[str, _Phone]:
    found: dict[str, _Phone] = defaultdict(_Phone)
    planned = select(Delivery).where(Delivery.incident_id == incident_id, Delivery.number.in_(numbers))
    for each in session.scalars(planned):
        phone = found[each.number]
        phone.tried.add((each.channel, each.purpose, each.occasion))
        phone.called |= each.channel is Channel.CALL
        phone.texted |= each.channel is Channel.SMS
        phone.text_failed |= each.channel is Channel.SMS and each.state is DeliveryState.UNREACHED
    return found


@dataclass(frozen=True, slots=True)
class _Takers:
    """The numbers that may be called, and those that may be texted, by the roster as it is now."""

    calls: set[str]
    texts: set[str]


def _find_takers(session: Session, households: Collection[int]) -> _Takers:
    phones = directory.list_phones(session, households)
    return _Takers({each.number for each in phones if each.may_call}, {each.number for each in phones if each.may_text})
