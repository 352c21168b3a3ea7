"""News for whoever called for help and holds the line: who is coming. What is sent afterwards is in `news_sent`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from joint_defense.incidents import conference
from joint_defense.incidents.answers import read_answers
from joint_defense.incidents.record import note_update
from joint_defense.models.incidents import Alert, IncidentUpdate
from joint_defense.rules.answers import Answers, Given
from joint_defense.rules.escalation import Whom
from joint_defense.rules.replies import Answer
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.wording import calls


@dataclass(frozen=True)
class Patience:
    """How long a caller waits for what."""

    nobody_after: timedelta = timedelta(seconds=60)
    """So long without anyone coming, and the caller is told to dial 110."""
    nobody_again: timedelta = timedelta(seconds=20)
    gone_after: timedelta = timedelta(seconds=30)
    """A caller who has not asked for news for so long has hung up."""


@dataclass(frozen=True, slots=True)
class News:
    """What to tell a caller on the line now, and how far that has brought them.

    `told` is the last acknowledgement spoken of, `warned` how often they were told that nobody answers, `widened` the
    last step of widening spoken of.
    """

    incident_id: int
    sentences: tuple[str, ...]
    language: str
    told: int
    warned: int
    closed: bool = False
    silent: bool = False
    joined: tuple[str, ...] = ()
    """Households that wait for the caller in the conference."""
    widened: int = 0


def gather_news(
    session: Session,
    alert: Alert,
    told: int,
    warned: int,
    now: datetime,
    patience: Patience,
    *,
    may_join: bool = True,
    widened: int = 0,
) -> News:
    """The news since acknowledgement `told` and step `widened`. That they ask proves that they heard what came before.

    `may_join`: whether the caller is to be moved into the conference when a neighbour waits there.
    """
    incident = alert.incident
    alert.heard_answer_id = max(alert.heard_answer_id, told)
    alert.heard_step = max(alert.heard_step, widened)
    joined = (
        conference.list_talkers(session, incident.id, alert.line_account, alert.language)
        if may_join and not alert.silent
        else ()
    )
    alert.on_line_until = now + (conference.HOLD if joined else patience.gone_after)
    language = alert.language
    if incident.closed_at is not None or alert.withdrawn_at is not None:
        over = (calls.OVER_FOR_CALLER[language],)
        return News(incident.id, over, language, told, warned, closed=True, silent=alert.silent)
    answers = read_answers(session, incident.id)
    sentences, told = _name_those_since(answers, told, language)
    if not answers.coming and now - alert.raised_at >= patience.nobody_after + warned * patience.nobody_again:
        warned += 1
        sentences.append(calls.say_nobody_yet(incident.category, language))
    step, whom = read_called_since(session, incident.id, widened)
    sentences += calls.say_widened(whom, language)
    return News(incident.id, tuple(sentences), language, told, warned, silent=alert.silent, joined=joined, widened=step)


def _name_those_since(answers: Answers, told: int, language: str) -> tuple[list[str], int]:
    """Who comes, or cannot after all, that has said so after acknowledgement `told`; and the last one of these."""
    fresh = [each for each in answers.coming if each.id > told]
    lost = answers.list_given_up_since(told)
    sentences = [
        *calls.say_who_comes(
            name_those(fresh, Answer.COMING, language), name_those(fresh, Answer.ON_SCENE, language), language
        ),
        *calls.say_who_cannot_after_all(name_those(lost, Answer.CANNOT, language), language),
    ]
    return sentences, max((each.id for each in (*fresh, *lost)), default=told)


def read_called_since(session: Session, incident_id: int, step: int) -> tuple[int, list[Whom]]:
    """The last step of widening after this one (itself, if there is none), and who has been called since."""
    rows = session.scalars(
        select(IncidentUpdate.detail)
        .where(IncidentUpdate.incident_id == incident_id, IncidentUpdate.kind == UpdateKind.WIDENED)
        .order_by(IncidentUpdate.id)
    )
    since = [detail for detail in rows if detail["step"] > step]
    called = (Whom(each) for detail in since for each in detail["whom"].split())
    return max((detail["step"] for detail in since), default=step), list(dict.fromkeys(called))


def hang_up(session: Session, call_sid: str, now: datetime) -> None:
    """A call to our number is over: a caller's news comes by text from now on, a neighbour has left the conference."""
    for alert in session.scalars(select(Alert).where(Alert.call_sid == call_sid)):
        note_caller_gone(session, alert, now)
    conference.note_hung_up(session, call_sid, now)


def note_caller_gone(session: Session, alert: Alert, now: datetime) -> None:
    """The caller has hung up, as the carrier says."""
    if alert.on_line_until is not None and alert.on_line_until > now and alert.incident.closed_at is None:
        note_update(session, alert.incident_id, UpdateKind.HUNG_UP, now, household=alert.household_name)
    alert.on_line_until = now


def name_those(answers: Sequence[Given], answer: Answer, language: str) -> list[str]:
    """Those who gave this answer, as this language calls them; how soon they are there, where they said so."""
    return [
        each.name_in(language) + (calls.say_how_soon(each.minutes, language) if answer is Answer.COMING else "")
        for each in answers
        if each.answer is answer
    ]
