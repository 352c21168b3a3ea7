"""A neighbour's line: the keys pressed on an alarm call, or on a call back to our number."""

from __future__ import annotations

from datetime import datetime

import structlog
from flask import Blueprint, Response, abort, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from config.database import clock
from joint_defense.alarms import closing
from joint_defense.alarms.acknowledge import Heard, acknowledge
from joint_defense.carriers import twiml
from joint_defense.carriers.inbound import InboundCall, read_call
from joint_defense.delivery.messages import voices_of
from joint_defense.incidents import conference
from joint_defense.models import Delivery, Incident
from joint_defense.processes.runtime import runtime
from joint_defense.processes.wake import WAKER
from joint_defense.rules import replies
from joint_defense.rules.escalation import is_widened
from joint_defense.rules.states import LEADERS, Channel, ClosingOutcome, Purpose
from joint_defense.rules.wording import alarm, calls
from joint_defense.webhooks.caller_line import room_of
from joint_defense.webhooks.common import address_of, answer, broken_call, check_signature, has_conference, never_silent
from joint_defense.webhooks.outage import keep_key

log = structlog.stdlib.get_logger(__name__)
answers = Blueprint("answers", __name__, url_prefix="/voice")
answers.before_request(check_signature)
never_silent(answers, broken_call)

AGAIN_TIMEOUT = 6


@answers.post("/answer/<int:delivery_id>/<int:number>")
def pressed(delivery_id: int, number: int) -> Response:
    """A key on an alarm call."""
    call = read_call(request.form, runtime().read_number)
    try:
        with runtime().database.begin() as session:
            told = _told(session, delivery_id, number, call)
            incident_id = told.incident_id
            said = _take_key(session, told, number, call.keys or "")
    except HTTPException:
        raise
    except Exception as error:
        return keep_key(call, delivery_id, error)
    log.info("key_taken_in", incident_id=incident_id, delivery_id=delivery_id, key=call.keys)
    WAKER.of().wake(incident_id)
    return answer(said)


@answers.post("/again/<int:delivery_id>/<int:number>")
def again(delivery_id: int, number: int) -> Response:
    """No key on an alarm call: once more, with what is known by now; in the end the last words."""
    call = read_call(request.form, runtime().read_number)
    address = address_of(f"/voice/answer/{delivery_id}/{number}")
    with runtime().database.begin() as session:
        told = _told(session, delivery_id, number, call)
        if request.args.get("answered") == "1":
            return answer(twiml.take_leave([(calls.GOODBYE[told.language], told.language)], action=address))
        if request.args.get("last") == "1":
            return answer(twiml.take_leave([(alarm.no_key_pressed(told.language), told.language)], action=address))
        if told.incident.closed_at is not None:
            return answer(twiml.say([(calls.OVER_FOR_NEIGHBOUR[told.language], told.language)]))
        return answer(_tell(told, action=address, then=address_of(f"/voice/again/{delivery_id}/{number}?last=1")))


@answers.post("/talked/<int:delivery_id>/<int:number>")
def talked(delivery_id: int, number: int) -> Response:
    """A neighbour comes out of the conference: by the star key, or because it ended."""
    call = read_call(request.form, runtime().read_number)
    with runtime().database.begin() as session:
        told = _told(session, delivery_id, number, call)
        conference.leave(session, told, clock(session))
        language = told.language
        if told.incident.closed_at is not None:
            return answer(twiml.say([(calls.OVER_FOR_NEIGHBOUR[language], language)]))
        lines = [(calls.NEIGHBOUR_BACK_FROM_TALK[language], language)]
        return answer(_ask_more(lines, told, number))


def _told(session: Session, delivery_id: int, number: int, call: InboundCall) -> Delivery:
    """The delivery that a call was made for. 404 where there is none, or where the phone on the line is another's."""
    told = session.get(Delivery, delivery_id)
    if told is None or not 0 < number <= told.attempt_count or told.number not in {call.called, call.caller}:
        abort(404)
    return told


def call_back(session: Session, told: Delivery) -> Response:
    """Somebody who was rung calls back: the incident, its keys, and #9 for themselves."""
    language = told.language
    more = [(calls.CALL_BACK[language], language)]
    address = address_of(f"/voice/callback/{told.id}")
    return answer(_tell(told, action=address, then=address_of("/voice/menu/1"), more=more))


@answers.post("/callback/<int:delivery_id>")
def called_back(delivery_id: int) -> Response:
    """A key on such a call. # may be the first half of #9, and 9 the whole of it: in doubt it is an alarm."""
    call = read_call(request.form, runtime().read_number)
    if call.keys in {"#", "9"}:
        address = address_of(f"/voice/menu/1?before={'hash' if call.keys == '#' else 'nine'}")
        return answer(twiml.ask([], action=address, then=address, keys=1, timeout=2))
    try:
        with runtime().database.begin() as session:
            told = session.get(Delivery, delivery_id)
            if told is None or told.number != call.caller:
                abort(404)
            incident_id = told.incident_id
            said = _take_key(session, told, told.attempt_count, call.keys or "")
    except HTTPException:
        raise
    except Exception as error:
        return keep_key(call, delivery_id, error)
    log.info("key_taken_in", incident_id=incident_id, delivery_id=delivery_id, key=call.keys)
    WAKER.of().wake(incident_id)
    return answer(said)


def _tell(told: Delivery, *, action: str, then: str, more: list[twiml.Line] | None = None) -> str:
    language = told.language
    voices = voices_of(told.incident, told.incident.alerts, runtime().settings.zone)
    said = alarm.announcement(voices, language, widened=is_widened(told.purpose, told.role))
    lines = [("".join(said), language), (alarm.how_to_answer(language), language)]
    return twiml.ask([*lines, *(more or [])], action=action, then=then, keys=1, timeout=AGAIN_TIMEOUT)


def _take_key(session: Session, told: Delivery, number: int, key: str) -> str:
    now = clock(session)
    language = told.language
    address = address_of(f"/voice/answer/{told.id}/{number}")
    if told.purpose is Purpose.WORDLESS and key != replies.CLOSE_KEY:
        # Nobody has asked who comes: the only key is that it is settled.
        return twiml.take_leave([(alarm.SETTLED_KEY[language], language)], action=address)
    if key in replies.KEYS:
        given = replies.KEYS[key]
        heard = acknowledge(session, told, given, Channel.CALL, now)
        if heard.closed or heard.incident is None:
            return twiml.say([(calls.OVER_FOR_NEIGHBOUR[language], language)])
        return _ask_more(_thank(heard, told, given), told, number)
    if told.incident.closed_at is not None:
        return twiml.say([(calls.OVER_FOR_NEIGHBOUR[language], language)])
    if key == replies.JOIN_KEY:
        return _join(session, told, number, now)
    if key == replies.CLOSE_KEY and told.role in LEADERS:
        closing.close(session, told.incident_id, ClosingOutcome.HELPED, "", told.household_name, now)
        return twiml.say([(calls.OVER_FOR_NEIGHBOUR[language], language)])
    return _tell(told, action=address, then=address_of(f"/voice/again/{told.id}/{number}?last=1"))


def _join(session: Session, told: Delivery, number: int, now: datetime) -> str:
    language = told.language
    if not has_conference():
        return _ask_more([(calls.NO_TALK[language], language)], told, number)
    others = conference.in_conference(session, told.incident_id, language)
    if not others and not conference.caller_is_on_line(told.incident.alerts, now):
        return _ask_more([(calls.NOT_ON_LINE[language], language)], told, number)
    conference.join(session, told, now)
    return twiml.conference(
        [(calls.TALKING[language], language)],
        room_of(told.incident_id),
        then=address_of(f"/voice/talked/{told.id}/{number}"),
        # Alone with this neighbour the caller would be left to the music, and hear no more news.
        ends_with_us=not others,
    )


def _ask_more(lines: list[twiml.Line], told: Delivery, number: int) -> str:
    """Say something to a neighbour on the line, and what other keys there are."""
    language = told.language
    more = [((calls.CHANGE_OR_TALK if has_conference() else calls.CHANGE)[language], language)]
    if told.role in LEADERS:
        more.append((calls.LEADER_MAY_CLOSE[language], language))
    return twiml.ask(
        [*lines, *more],
        action=address_of(f"/voice/answer/{told.id}/{number}"),
        then=address_of(f"/voice/again/{told.id}/{number}?answered=1"),
        keys=1,
        timeout=AGAIN_TIMEOUT,
    )


def _thank(heard: Heard, told: Delivery, given: replies.Answer) -> list[twiml.Line]:
    language = told.language
    lines = [(calls.thanks(heard.names(language), given, language), language)]
    incident: Incident | None = heard.incident
    what = alarm.category_words(incident.category, language) if incident is not None else ""
    if what:
        lines.append((what + ("。" if language == "zh" else "."), language))
    return lines
