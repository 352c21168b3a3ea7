"""Words: what callers and neighbours say besides goes on the timeline, and in batches to those whom it helps.

The caller's words go to the households that are coming or there; a neighbour's words go to a caller who texts. A
phone gets at most one such text a minute, each within two segments, in the order in which things were said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.database import insert_rows
from joint_defense.delivery.plan import OnePhone, make_callers_phone, make_row
from joint_defense.incidents.answers import lock_incident, read_answers
from joint_defense.incidents.record import note_update
from joint_defense.models.incidents import Acknowledgement, Alert, Attempt, Delivery, Incident, IncidentUpdate
from joint_defense.rules.parties import NOTICE, Party
from joint_defense.rules.states import RINGS, Channel, IncidentKind, Occasion, Purpose
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.wording import written

APART = timedelta(seconds=60)
"""Between two such texts to one phone."""
PASSED_ON_FOR = timedelta(hours=12)
"""So long after an incident opened its words are passed on; the board shows them for ever."""
LONGEST = 1000
"""Signs of one text that are kept on the timeline."""


def note_words(
    session: Session,
    incident_id: int,
    household: str,
    words: str,
    now: datetime,
    *,
    by_caller: bool,
    answered: bool = False,
) -> None:
    """Put what somebody wrote or said on the timeline; nothing where they said nothing.

    `answered`: a question that was answered at once. It is passed on to nobody: the minute until the next text to a
    phone is kept for what those who come do not know yet.
    """
    if words.strip():
        told = {"answered": True} if answered else {}
        note_update(
            session,
            incident_id,
            UpdateKind.SAID,
            now,
            household=household,
            text=words.strip()[:LONGEST],
            by_caller=by_caller,
            **told,
        )


def find_with_words(session: Session, now: datetime) -> list[tuple[int, tuple[int, ...]]]:
    """The open incidents in which somebody said something; and the last words and the last answer of each, without
    which there is nobody new to be told.
    """
    said = select(func.max(IncidentUpdate.id)).where(
        IncidentUpdate.incident_id == Incident.id, IncidentUpdate.kind == UpdateKind.SAID
    )
    answered = select(func.max(Acknowledgement.id)).where(Acknowledgement.incident_id == Incident.id)
    last_said = said.scalar_subquery()
    found = select(Incident.id, last_said, func.coalesce(answered.scalar_subquery(), 0)).where(
        Incident.kind == IncidentKind.ALARM,
        Incident.closed_at.is_(None),
        Incident.opened_at > now - PASSED_ON_FOR,
        last_said.is_not(None),
    )
    return [(row[0], (row[1], row[2])) for row in session.execute(found.order_by(Incident.id))]


def pass_on(session: Session, incident_id: int, now: datetime) -> int:
    """Plan a text to each phone that has not been told of everything said; returns how many were planned.

    Idempotent: the last line that a text holds is its occasion, and a line is told to a phone once.
    """
    lines = _read_said(session, incident_id)
    if not lines:
        return 0
    incident = lock_incident(session, incident_id)
    if incident.closed_at is not None:
        return 0
    rows = []
    told_whom: tuple[tuple[Sequence[Delivery | OnePhone], bool], ...] = (
        (_list_helpers(session, incident), True),
        (_list_texting_callers(incident, now), False),
    )
    for phones, by_caller in told_whom:
        heard = [each for each in lines if each.detail.get("by_caller") is by_caller]
        for phone in phones if heard else ():
            told, last_at = _find_told_until(session, incident.id, phone.number)
            fresh = [each for each in heard if each.id > told and each.detail["household"] != phone.household_name]
            if not fresh or (last_at is not None and last_at + APART > now):
                continue
            text, count = written.write_words_passed_on(_pair_lines(fresh), phone.language)
            rows.append(
                make_row(
                    phone,
                    incident.id,
                    Channel.SMS,
                    Purpose.WORDS,
                    now,
                    occasion=Occasion(line_id=fresh[count - 1].id),
                    urgency=NOTICE,
                    turn=0,
                    text=text,
                )
            )
    if rows:
        insert_rows(session, Delivery, rows, skip_known=True)
    return len(rows)


def _read_said(session: Session, incident_id: int) -> list[IncidentUpdate]:
    query = select(IncidentUpdate).where(
        IncidentUpdate.incident_id == incident_id, IncidentUpdate.kind == UpdateKind.SAID
    )
    return [each for each in session.scalars(query.order_by(IncidentUpdate.id)) if not each.detail.get("answered")]


def _pair_lines(lines: Sequence[IncidentUpdate]) -> list[tuple[str, str]]:
    return [(str(each.detail["household"]), str(each.detail["text"])) for each in lines]


def _list_helpers(session: Session, incident: Incident) -> list[Delivery]:
    """Of each party that is coming or there one phone that takes texts: the one that answered, if it does."""
    coming = {each.party: each.number for each in read_answers(session, incident.id).coming}
    texted = session.scalars(
        select(Delivery)
        .where(
            Delivery.incident_id == incident.id,
            Delivery.channel == Channel.SMS,
            Delivery.purpose.in_(RINGS),
        )
        .order_by(Delivery.phone_rank, Delivery.id)
    ).all()
    chosen: dict[Party, Delivery] = {}
    for each in texted:
        if each.party in coming and (each.party not in chosen or each.number == coming[each.party]):
            chosen[each.party] = each
    return list(chosen.values())


def count_told(session: Session, incident: Incident, household: str) -> int:
    """To how many of those who are coming or there the words of this household go: to a landline goes no text."""
    return sum(each.household_name != household for each in _list_helpers(session, incident))


def _list_texting_callers(incident: Incident, now: datetime) -> list[OnePhone]:
    """Callers who called by text, and may be texted: nobody may be listening there, and they are not on the line."""
    return [make_callers_phone(alert) for alert in incident.alerts if _is_texting(alert, now)]


def _is_texting(alert: Alert, now: datetime) -> bool:
    on_line = alert.on_line_until is not None and alert.on_line_until > now
    return (
        alert.channel is Channel.SMS
        and not alert.by_others
        and alert.may_text
        and not alert.silent
        and alert.withdrawn_at is None
        and not on_line
    )


def _find_told_until(session: Session, incident_id: int, number: str) -> tuple[int, datetime | None]:
    """The last line that this phone has been told of, and when: a text that waits to be sent counts as of then."""
    found = session.execute(
        select(Delivery.line_id, func.coalesce(Attempt.requested_at, Delivery.due_at))
        .outerjoin(Attempt, (Attempt.delivery_id == Delivery.id) & (Attempt.number == 1))
        .where(Delivery.incident_id == incident_id, Delivery.number == number, Delivery.purpose == Purpose.WORDS)
        .order_by(Delivery.line_id.desc())
        .limit(1)
    ).one_or_none()
    return (0, None) if found is None else (found[0], found[1])
