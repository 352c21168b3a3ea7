"""Overseers are told at once: when an incident opens they get a text with a link to its page.

An overseer who is rung as a neighbour gets one text, the alarm's, and the link is in it. The others get a text of its
own purpose, behind every neighbour's. The all-clear goes to all of them, as to everybody who got a text.

Which of them are told a village chooses, or the town for every village that has not chosen. Every change is a new row,
so that it stays on record who chose what.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, bindparam, func, select, update
from sqlalchemy.orm import Session

from config.database import insert_rows
from groups import directory
from groups.directory import Caller, Recipient, Role
from joint_defense.delivery.plan import make_row
from joint_defense.incidents.answers import find_silent_callers
from joint_defense.incidents.record import note_update
from joint_defense.models.choices import OverseerChoice
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.rules.parties import BUILT_IN, OVERSEER, OverseerKind, Planned, get_party, list_kinds, read_kinds
from joint_defense.rules.states import Channel, Purpose
from joint_defense.rules.timeline import UpdateKind

BUILT_IN_NAME, TOWN_NAME, VILLAGE_NAME = "built-in", "town", "village"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is told, whose choice it is (village, town, built-in), and who made it when."""

    kinds: frozenset[OverseerKind]
    of: str
    made_at: datetime | None = None
    made_by: str = ""


def read_chosen(session: Session, village_id: int | None) -> Chosen:
    """What holds for incidents that open now in a village; without a village, what the town's choice is."""
    newest = {row.village_id: row for row in session.execute(_CHOSEN, {"village_id": village_id})}
    for owner in dict.fromkeys((village_id, None)):
        found = newest.get(owner)
        if found is not None and found.kinds is not None:
            of = TOWN_NAME if owner is None else VILLAGE_NAME
            return Chosen(read_kinds(found.kinds), of, found.made_at, found.made_by)
    return Chosen(BUILT_IN, BUILT_IN_NAME)


def _select_chosen() -> Select[Any]:
    """The newest choice of a village, and the town's newest."""
    own = OverseerChoice.village_id == bindparam("village_id", type_=OverseerChoice.village_id.type)
    newest = select(func.max(OverseerChoice.id)).where(own | OverseerChoice.village_id.is_(None))
    told = (OverseerChoice.village_id, OverseerChoice.kinds, OverseerChoice.made_at, OverseerChoice.made_by)
    none: Select[Any] = select()
    return none.add_columns(*told).where(OverseerChoice.id.in_(newest.group_by(OverseerChoice.village_id)))


_CHOSEN = _select_chosen()


def list_choices(session: Session, village_id: int | None, limit: int = 20) -> list[OverseerChoice]:
    """A village's or (None) the town's own choices, the newest first."""
    own = OverseerChoice.village_id.is_(None) if village_id is None else OverseerChoice.village_id == village_id
    return list(session.scalars(select(OverseerChoice).where(own).order_by(OverseerChoice.id.desc()).limit(limit)))


def choose(
    session: Session, village_id: int | None, kinds: Iterable[OverseerKind] | None, by: str, now: datetime
) -> bool:
    """Choose who is told from now on; None: to follow the town (a village), or what is built in (the town).

    Returns whether that is a change.
    """
    before = list_choices(session, village_id, 1)
    wanted = None if kinds is None else list_kinds(kinds)
    if (before[0].kinds if before else None) == wanted:
        return False
    session.add(OverseerChoice(village_id=village_id, kinds=wanted, made_at=now, made_by=by[:80]))
    session.flush()
    return True


_KIND_OF = {Role.HEAD: OverseerKind.HEAD, Role.OPERATOR: OverseerKind.OPERATORS}


def tell_at_once(
    session: Session,
    incident: Incident,
    caller: Caller,
    planned: Sequence[Planned[Recipient]],
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """Plan the texts with links of an incident that opens; `planned` are the neighbours' calls and texts.

    The timeline names who is sent one, and the kinds of which nobody takes texts. The caller's own household gets
    none, and no household where an intruder may be listening.
    """
    kinds = read_chosen(session, incident.village_id).kinds
    if not kinds:
        return
    texted = {each.phone.number: each.phone for each in planned if each.channel is Channel.SMS}
    leaders = _choose_leaders(texted.values()) if OverseerKind.LEADERS in kinds else []
    others: list[Recipient] = []
    if kinds - {OverseerKind.LEADERS}:
        found = directory.find_overseers(session, incident.village_id, now.astimezone(zone))
        others = [each for each in found if _KIND_OF[each.role] in kinds and each.may_text]
        others = _leave_out_households(session, others, caller, now)
    _put_link_into_alarms(session, incident, leaders, [each for each in others if each.number in texted])
    apart = [each for each in others if each.number not in texted]
    insert_rows(session, Delivery, _make_link_rows(incident, apart, now))
    reached = {_KIND_OF[each.role] for each in others} | ({OverseerKind.LEADERS} if leaders else set())
    told = dict.fromkeys(each.household_name for each in [*leaders, *others])
    without = " ".join(list_kinds(kinds - reached))
    note_update(session, incident.id, UpdateKind.OVERSEERS, now, told="、".join(told), without=without)


def _choose_leaders(texted: Iterable[Recipient]) -> list[Recipient]:
    """Of the leader's and the deputy's phones that are texted one each: the first that is not refused."""
    led = [each for each in texted if each.role in {Role.LEADER, Role.DEPUTY}]
    led.sort(key=lambda each: (each.role is not Role.LEADER, each.text_refused, each.phone_rank))
    chosen: dict[object, Recipient] = {}
    for each in led:
        chosen.setdefault(get_party(each), each)
    return list(chosen.values())


def _leave_out_households(
    session: Session, overseers: list[Recipient], caller: Caller, now: datetime
) -> list[Recipient]:
    spared = {caller.household_id}
    if any(each.household_id is not None for each in overseers):
        spared |= find_silent_callers(session, now)
    return [each for each in overseers if each.household_id not in spared]


def _put_link_into_alarms(
    session: Session, incident: Incident, leaders: Sequence[Recipient], by_account: Sequence[Recipient]
) -> None:
    accounts = {each.number: each.account_id for each in by_account}
    for number in dict.fromkeys(each.number for each in (*leaders, *by_account)):
        alarm = update(Delivery).where(
            Delivery.incident_id == incident.id,
            Delivery.number == number,
            Delivery.channel == Channel.SMS,
            Delivery.purpose == Purpose.ALARM,
        )
        changed = alarm.values(with_link=True, account_id=accounts.get(number))
        session.execute(changed.execution_options(synchronize_session=False))


def send_left_out_links(session: Session, incident: Incident, now: datetime) -> None:
    """The link to whoever was asked first, by a text that had no link in it yet, and may follow the incident now."""
    asked = select(Delivery).where(
        Delivery.incident_id == incident.id,
        Delivery.with_link,
        Delivery.channel == Channel.SMS,
        Delivery.purpose == Purpose.ALARM,
        Delivery.attempt_count > 0,
    )
    rows = _make_link_rows(incident, session.scalars(asked.order_by(Delivery.id)), now)
    insert_rows(session, Delivery, rows, skip_known=True)


def _make_link_rows(incident: Incident, whom: Iterable[Recipient | Delivery], now: datetime) -> list[dict[str, Any]]:
    return [
        make_row(
            each,
            incident.id,
            Channel.SMS,
            Purpose.LINK,
            now,
            urgency=OVERSEER,
            turn=turn,
            account_id=each.account_id,
            with_link=True,
        )
        for turn, each in enumerate(whom)
    ]


def find_told(session: Session, number: str) -> Delivery | None:
    """The text with a link that went to this number, of the newest incident that is open; None where there is none."""
    return session.scalars(_select_links_to(number).where(Incident.closed_at.is_(None)).limit(1)).first()


def knows(session: Session, number: str) -> bool:
    """Whether this is an overseer's phone: an account's, or one that was sent a link."""
    return (
        directory.is_of_account(session, number)
        or session.scalars(_select_links_to(number).limit(1)).first() is not None
    )


def change_texts(session: Session, number: str, now: datetime, *, stop: bool) -> None:
    """An overseer's phone, which is in no household, wants no more texts, or wants them again."""
    told = session.scalars(_select_links_to(number).limit(1)).first()
    responder_id = None if told is None else told.responder_id
    if stop:
        directory.mark_refused(
            session, responder_id=responder_id, number=number, text=True, code=directory.OPTED_OUT, now=now
        )
    else:
        responders = [] if responder_id is None else [responder_id]
        directory.clear_refused(session, [], responders, text=True, accounts=[number])


def _select_links_to(number: str) -> Select[Delivery]:
    sent = (Delivery.number == number, Delivery.purpose == Purpose.LINK, Delivery.attempt_count > 0)
    return select(Delivery).join(Incident).where(*sent).order_by(Delivery.id.desc())
