"""Intake: a keypress, a direct call or a text becomes an incident with a delivery for every phone to reach.

Everything here happens in the edge's one transaction; after its commit the alarm cannot be lost any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from config.database import UtcDateTime
from config.settings import TIMEZONE
from groups import directory
from groups.directory import Caller
from joint_defense.alarms import closing, held_alarms, overseers
from joint_defense.alarms.held_alarms import ReleasedBy
from joint_defense.alarms.news_on_line import Patience
from joint_defense.delivery.plan import drop, insert_deliveries, queue_behind_waiting
from joint_defense.incidents import policies
from joint_defense.incidents.answers import STILL_CALLS, find_callers_among, find_silent_callers, match_anybody_calling
from joint_defense.incidents.record import find_answer, note_update, receive_alarm, write_answer
from joint_defense.models.inbound import InboundEvent, InboundKind
from joint_defense.models.incidents import Alert, Delivery, Incident, IncidentUpdate, count_parties
from joint_defense.rules.parties import plan_rings
from joint_defense.rules.states import OVER, RINGS, Channel, IncidentKind, Occasion, Purpose
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.triggers import Category
from joint_defense.upkeep import drills
from joint_defense.upkeep.number_changes import NumberRules

FLOOD_SPAN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What raised an alarm. `carrier_key` is the carrier's own id of it: the same one again changes nothing."""

    carrier_key: str
    number: str
    channel: Channel
    category: Category = Category.UNSPECIFIED
    text: str = ""
    call_sid: str | None = None
    by_others: bool = False
    """Somebody else calls for the household: the number is none that has called or written."""
    line_account: str = ""
    """The account that holds the caller's line, where there are several."""
    holds_for: timedelta = Patience.gone_after
    """How long a caller is taken to be on the line before the first question comes from there."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`merge_window` in seconds; `alarms_per_hour` is how many incidents a number may open, and so a household.

    Duty hours are read in `zone`; `numbers` is how a number in a text is read.

    A group may have `alarms_per_group`. Neither stops a number that has not called within the hour.
    """

    merge_window: float = 180.0
    alarms_per_hour: int = 6
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo(TIMEZONE))
    numbers: NumberRules = field(default_factory=NumberRules)

    @property
    def alarms_per_group(self) -> int:
        """Caller ids can be forged: two numbers that take turns are not to ring a street all night."""
        return 2 * self.alarms_per_hour


class Outcome(StrEnum):
    """What became of a trigger."""

    RAISED = "raised"
    JOINED = "joined"
    """A second household of the group, or the same one again, within the merge window."""
    FLOOD = "flood"
    """One number too often: nobody is rung anew."""
    STRANGER = "stranger"
    MUTED = "muted"
    """An operator has muted the number: nobody is rung."""


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """What to tell the caller. `households` and `phones` count those that are being reached."""

    outcome: Outcome
    language: str = "zh"
    incident_id: int | None = None
    households: int = 0
    phones: int = 0
    silent: bool = False
    alert_id: int | None = None
    repeated: bool = False
    release_key: str = ""
    """The leaders are rung first: this key has all others rung at once."""


def raise_alarm(session: Session, trigger: Trigger, now: datetime, limits: Limits | None = None) -> IntakeResult:
    """Open an incident, or join the one the group has just opened, and plan whom to reach.

    The same trigger twice, at the same instant too, is one alarm with the same answer.
    """
    limits = limits or Limits()
    event_id = receive_alarm(session, trigger.carrier_key, trigger.number, trigger.text, now)
    if event_id is None:
        return _find_repeated(session, trigger.carrier_key)
    caller = directory.find_caller_and_lock(session, trigger.number)
    answer = IntakeResult(Outcome.STRANGER) if caller is None else _take_in(session, caller, trigger, now, limits)
    write_answer(
        session,
        event_id,
        _KINDS.get(answer.outcome, InboundKind.ALARM),
        asdict(answer),
        incident_id=answer.incident_id,
        household_id=None if caller is None else caller.household_id,
    )
    return answer


_KINDS = {Outcome.STRANGER: InboundKind.STRANGER, Outcome.MUTED: InboundKind.MUTED, Outcome.FLOOD: InboundKind.FLOOD}


def _take_in(session: Session, caller: Caller, trigger: Trigger, now: datetime, limits: Limits) -> IntakeResult:
    """Somebody on the roster calls for help; their group is held."""
    since = now - timedelta(seconds=limits.merge_window)
    known = _read_known(session, caller, trigger.number, since, now)
    incident = _find_own_incident(session, caller) if known.own else None
    if incident is None and known.muted:
        return IntakeResult(Outcome.MUTED, caller.language, silent=caller.silent)
    incident = incident or (_open_incident(session, caller, since) if known.young else None)
    if incident is not None:
        rung_lately = incident.opened_at > since or _has_called_again_lately(session, incident, caller, since)
        joined = _join(session, incident, caller, trigger, now)
        if not rung_lately:
            closing.ring_again(session, incident.id, None, caller.household_name, now)
        return joined
    opened = known.opened
    # However often others have called, a number's first alarm goes out.
    if opened >= limits.alarms_per_hour or (opened and _floods(session, caller, limits, now)):
        return IntakeResult(Outcome.FLOOD, caller.language, silent=caller.silent)
    return _open(session, caller, trigger, now, limits.zone, known)


def _find_repeated(session: Session, carrier_key: str) -> IntakeResult:
    kept = find_answer(session, carrier_key)
    return IntakeResult(**{**kept, "outcome": Outcome(kept["outcome"]), "repeated": True})


class _Known(NamedTuple):
    """What there is when an alarm comes in, read in one statement.

    own      an open alarm of the caller's household
    young    an open alarm that may be joined: of the group within the merge window, or of the household
    muted    whether the number is muted
    opened   how many incidents the number has opened within `FLOOD_SPAN`
    drill    an open drill of the village
    malicious  whether an alarm of the household was closed as malicious lately
    rung     whether a phone of the household is to be called or texted for somebody else
    calling  whether any household calls for help at present
    """

    own: bool
    young: bool
    muted: bool
    opened: int
    drill: bool
    malicious: bool
    rung: bool
    calling: bool


def _read_known(session: Session, caller: Caller, number: str, since: datetime, now: datetime) -> _Known:
    """What there is. An open alarm that it names is read and locked afterwards: it may be closed by then."""
    row = session.execute(
        _KNOWN,
        {
            "household_id": caller.household_id,
            "group_id": caller.group_id,
            "village_id": caller.village_id,
            "number": number,
            "now": now,
            "since": since,
            "lately": now - FLOOD_SPAN,
            "malicious_since": now - held_alarms.AFTER_MALICIOUS,
            "calling_since": now - STILL_CALLS,
        },
    ).one()
    return _Known(*row)


def _ask_what_is_known() -> Select[Any]:
    household_id = bindparam("household_id", type_=Alert.household_id.type)
    village_id = bindparam("village_id", type_=Incident.village_id.type)
    number = bindparam("number", type_=InboundEvent.number.type)
    now, since, lately = (bindparam(name, type_=UtcDateTime()) for name in ("now", "since", "lately"))
    is_open = (Incident.kind == IncidentKind.ALARM, Incident.closed_at.is_(None))
    of_household = (Alert.incident_id == Incident.id, Alert.household_id == household_id)
    of_group = Incident.group_id == bindparam("group_id", type_=Incident.group_id.type)
    opened = select(func.count(InboundEvent.incident_id.distinct())).where(
        InboundEvent.number == number,
        InboundEvent.received_at > lately,
        InboundEvent.kind == InboundKind.ALARM,
        InboundEvent.incident_id.is_not(None),
    )
    none: Select[Any] = select()
    return none.add_columns(
        exists(Incident.id).where(*is_open, *of_household, Alert.withdrawn_at.is_(None)),
        or_(
            exists(Incident.id).where(*is_open, Incident.opened_at > since, of_group),
            exists(Incident.id).where(*is_open, Incident.opened_at > since, *of_household),
        ),
        held_alarms.match_muted(number, now),
        opened.scalar_subquery(),
        drills.match_open(village_id),
        held_alarms.match_malicious(household_id, bindparam("malicious_since", type_=UtcDateTime())),
        exists(Delivery.id).where(
            Delivery.incident_id == Incident.id,
            Delivery.household_id == household_id,
            *_match_ringing([household_id], (*RINGS, Purpose.GREETING)),
        ),
        match_anybody_calling(bindparam("calling_since", type_=UtcDateTime())),
    )


def _find_own_incident(session: Session, caller: Caller) -> Incident | None:
    """The open alarm that the caller's household has raised or joined, however old: pressing again belongs to it."""
    query = (
        select(Incident)
        .join(Alert)
        .where(
            Incident.kind == IncidentKind.ALARM,
            Incident.closed_at.is_(None),
            Alert.household_id == caller.household_id,
            Alert.withdrawn_at.is_(None),
        )
    )
    return session.scalars(
        query.order_by(Incident.id.desc()).limit(1).with_for_update(key_share=True, of=Incident)
    ).first()


def _has_called_again_lately(session: Session, incident: Incident, caller: Caller, since: datetime) -> bool:
    """Whether those who have not answered were rung lately because somebody asked for it."""
    rung = select(IncidentUpdate.id).where(
        IncidentUpdate.incident_id == incident.id,
        IncidentUpdate.kind == UpdateKind.RING_AGAIN,
        IncidentUpdate.at > since,
    )
    return session.scalar(rung.limit(1)) is not None


def _open_incident(session: Session, caller: Caller, since: datetime) -> Incident | None:
    """The group's open alarm that is young enough to be joined; without a group, the household's own."""
    query = select(Incident).where(
        Incident.kind == IncidentKind.ALARM, Incident.closed_at.is_(None), Incident.opened_at > since
    )
    if caller.group_id is not None:
        query = query.where(Incident.group_id == caller.group_id)
    else:
        query = query.join(Alert).where(Alert.household_id == caller.household_id)
    # Locked: whoever closes it at this moment comes before us, and then there is none to join, or after.
    return session.scalars(
        query.order_by(Incident.id.desc()).limit(1).with_for_update(key_share=True, of=Incident)
    ).first()


def _floods(session: Session, caller: Caller, limits: Limits, now: datetime) -> bool:
    """Whether the household has called too often, from whichever phone, or again in a group that has."""
    place = Incident.group_id == caller.group_id if caller.group_id is not None else Incident.group_id.is_(None)
    lately = select(Incident.id).where(
        place,
        Incident.village_id == caller.village_id,
        Incident.kind == IncidentKind.ALARM,
        Incident.opened_at > now - FLOOD_SPAN,
    )
    incidents = session.scalars(lately).all()
    if len(incidents) < limits.alarms_per_hour:
        return False
    own = select(func.count()).where(Alert.incident_id.in_(incidents), Alert.household_id == caller.household_id)
    calls = session.scalar(own) or 0
    crowded = caller.group_id is not None and len(incidents) >= limits.alarms_per_group
    return calls >= limits.alarms_per_hour or crowded


def _open(
    session: Session, caller: Caller, trigger: Trigger, now: datetime, zone: ZoneInfo, known: _Known
) -> IntakeResult:
    incident = make_incident(caller, IncidentKind.ALARM, now, trigger.category)
    policies.freeze(session, incident)
    session.add(incident)
    session.flush()
    with session.no_autoflush:
        return _ring_all(session, incident, caller, trigger, now, zone, known)


def _ring_all(
    session: Session,
    incident: Incident,
    caller: Caller,
    trigger: Trigger,
    now: datetime,
    zone: ZoneInfo,
    known: _Known,
) -> IntakeResult:
    alert = add_voice(session, incident, caller, trigger, now, kind=UpdateKind.OPENED)
    if known.drill:
        drills.stop_for_alarm(session, caller.village_id, incident.id, now)
    # Nor are they rung to help in another incident (as one of its back-up or neighbouring group), or asked whether they
    # are well.
    if known.rung:
        stop_ringing_elsewhere(session, caller, (*RINGS, Purpose.GREETING), now)
    planned = plan_rings(directory.list_recipients(session, caller, now))
    if known.calling:
        planned = held_alarms.leave_out_callers(session, planned, now)
    going_out = held_alarms.hold_back(session, incident, caller, planned, now) if known.malicious else planned
    if not planned:
        policies.hurry(incident)
    insert_deliveries(session, incident.id, Purpose.ALARM, going_out, now)
    overseers.tell_at_once(session, incident, caller, going_out, now, zone)
    reached = {each.phone.phone_id: each.phone.household_id for each in planned}
    return IntakeResult(
        Outcome.RAISED,
        caller.language,
        incident.id,
        households=len(set(reached.values())),
        phones=len(reached),
        silent=caller.silent,
        alert_id=alert.id,
        release_key=incident.release_key,
    )


def make_incident(
    caller: Caller, kind: IncidentKind, now: datetime, category: Category = Category.UNSPECIFIED
) -> Incident:
    """A new incident at the caller's place."""
    return Incident(
        kind=kind,
        village_id=caller.village_id,
        village_name=caller.village_name,
        group_id=caller.group_id,
        group_name=caller.group_name,
        category=category,
        opened_at=now,
    )


def _join(session: Session, incident: Incident, caller: Caller, trigger: Trigger, now: datetime) -> IntakeResult:
    """A second voice: nobody is rung twice, everybody reads that another household calls."""
    alert = next((each for each in incident.alerts if each.household_id == caller.household_id), None)
    if alert is None:
        alert = add_voice(session, incident, caller, trigger, now, kind=UpdateKind.VOICE)
        _stop_ringing(session, caller, now, Delivery.incident_id == incident.id)
        stop_ringing_elsewhere(session, caller, (Purpose.GREETING,), now)
        held_alarms.release(session, incident, ReleasedBy.VOICE, now, name=caller.household_name)
        _tell_of_second_voice(session, incident, alert, caller, now)
    else:
        # The same household again, from another phone perhaps: it is this call that holds the line now.
        alert.withdrawn_at, alert.call_sid = None, trigger.call_sid or alert.call_sid
        if alert.by_others and not trigger.by_others:
            # Now they call themselves.
            alert.by_others, alert.channel, alert.phone_id = False, trigger.channel, caller.phone_id
            alert.number, alert.language = caller.number, caller.language
        if trigger.channel is Channel.CALL:
            alert.on_line_until, alert.line_account = now + trigger.holds_for, trigger.line_account
            _stop_calls_with_news(session, alert, now)
        note_update(
            session, incident.id, UpdateKind.AGAIN, now, household=caller.household_name, channel=trigger.channel
        )
    if trigger.category is not Category.UNSPECIFIED and incident.category is Category.UNSPECIFIED:
        incident.category = trigger.category
    told = session.execute(
        select(
            count_parties(Delivery),
            func.count(Delivery.phone_id.distinct()) + func.count(Delivery.responder_id.distinct()),
        ).where(
            Delivery.incident_id == incident.id,
            Delivery.purpose != Purpose.LINK,
            Delivery.household_id.is_distinct_from(caller.household_id),
        )
    ).one()
    return IntakeResult(
        Outcome.JOINED,
        caller.language,
        incident.id,
        households=told[0],
        phones=told[1],
        silent=caller.silent,
        alert_id=alert.id,
        release_key=incident.release_key,
    )


def stop_ringing_elsewhere(session: Session, caller: Caller, purposes: Sequence[Purpose], now: datetime) -> None:
    """A household that calls for help is not rung for these purposes any more, in whichever open incident."""
    _stop_ringing(session, caller, now, *_match_ringing([caller.household_id], purposes))


def _match_ringing(household: list[Any], purposes: Sequence[Purpose]) -> tuple[ColumnElement[bool], ...]:
    """Of a delivery joined with its incident: whether it may still ring a phone of this one household."""
    # By number, of which there is an index: otherwise all that rings in a night of many alarms is looked through.
    own = Delivery.number.in_(directory.select_numbers(household))
    return own, Incident.closed_at.is_(None), Delivery.purpose.in_(purposes), Delivery.state.not_in(OVER)


def _stop_ringing(session: Session, caller: Caller, now: datetime, *where: ColumnElement[bool]) -> None:
    """A household that calls for help itself is not rung for others any more; a silent one gets no text."""
    pending = (
        select(Delivery)
        .join(Incident)
        .where(Delivery.household_id == caller.household_id, *where)
        .order_by(Delivery.id)
        .with_for_update(of=Delivery)
    )
    if not caller.silent:
        pending = pending.where(Delivery.channel == Channel.CALL)
    drop(session, session.scalars(pending).all(), now)


def _stop_calls_with_news(session: Session, alert: Alert, now: datetime) -> None:
    """Whoever calls again hears it there."""
    pending = select(Delivery).where(
        Delivery.incident_id == alert.incident_id,
        Delivery.number == alert.number,
        Delivery.channel == Channel.CALL,
        Delivery.purpose == Purpose.NEWS,
    )
    drop(session, session.scalars(pending.order_by(Delivery.id).with_for_update()).all(), now)


def _tell_of_second_voice(session: Session, incident: Incident, alert: Alert, caller: Caller, now: datetime) -> None:
    # By number, not by phone: the roster may have moved a number to another household in the meantime.
    rung = set(
        session.scalars(select(Delivery.number).where(Delivery.incident_id == incident.id, Delivery.purpose.in_(RINGS)))
    )
    silent = {other.household_id for other in incident.alerts if other.silent} | find_silent_callers(session, now)
    in_trouble = {other.household_id for other in incident.alerts}
    others = [each for each in directory.list_recipients(session, caller, now) if each.household_id not in silent]
    in_trouble |= find_callers_among(session, {each.household_id for each in others if each.household_id}, (), now)
    # Somebody the first alarm did not reach (a leader who lives elsewhere, say) is rung now, for the first time.
    new = [each for each in others if each.number not in rung and each.household_id not in in_trouble]
    insert_deliveries(
        session, incident.id, Purpose.ALARM, queue_behind_waiting(session, incident.id, plan_rings(new)), now
    )
    new_ids = {each.phone_id for each in new}
    texts = [
        each
        for each in plan_rings([each for each in others if each.phone_id not in new_ids])
        if each.channel is Channel.SMS
    ]
    insert_deliveries(session, incident.id, Purpose.SECOND_VOICE, texts, now, occasion=Occasion(alert_id=alert.id))


def add_voice(
    session: Session,
    incident: Incident,
    caller: Caller,
    trigger: Trigger,
    now: datetime,
    *,
    kind: UpdateKind,
    **more: str | bool,
) -> Alert:
    """A household's voice in an incident, with a line of this kind on the timeline, which may say `more`."""
    alert = Alert(
        incident_id=incident.id,
        household_id=caller.household_id,
        household_name=caller.household_name,
        household_name_en=caller.household_name_en,
        place=caller.place,
        place_en=caller.place_en,
        door=caller.door,
        first_help=caller.first_help,
        phone_id=caller.phone_id,
        number=caller.number,
        language=caller.language,
        may_text=caller.may_text,
        silent=caller.silent,
        channel=trigger.channel,
        by_others=trigger.by_others,
        call_sid=trigger.call_sid,
        line_account=trigger.line_account,
        category=trigger.category,
        text=trigger.text,
        raised_at=now,
        on_line_until=now + trigger.holds_for if trigger.channel is Channel.CALL else None,
    )
    session.add(alert)
    session.flush()
    # With whatever else is told of it: one INSERT.
    note_update(
        session,
        incident.id,
        kind,
        now,
        household=caller.household_name,
        place=caller.place,
        channel=trigger.channel,
        category=trigger.category,
        **more,
    )
    return alert


_KNOWN = _ask_what_is_known()
