"""A neighbour's line: the keys pressed on an alarm call, or on a call back to our number.

What a neighbour says on it, where the carrier recognises speech, counts by the rules for texts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from flask import Blueprint, Response, abort, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from config.database import read_clock
from groups import directory
from joint_defense.alarms import closing, words_passed_on
from joint_defense.alarms.acknowledge import Heard, acknowledge
from joint_defense.alarms.intake import IntakeResult, Trigger, raise_alarm
from joint_defense.carriers import twiml
from joint_defense.carriers.port import InboundCall, read_call
from joint_defense.delivery.sender import list_voices
from joint_defense.incidents import conference, service_alerts
from joint_defense.incidents.answers import read_answers
from joint_defense.incidents.record import note_once
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.processes.runtime import get_runtime
from joint_defense.processes.stand_in import WAKER
from joint_defense.rules import replies
from joint_defense.rules.escalation import is_widened
from joint_defense.rules.states import GREETINGS, LEADERS, PROVING, Channel, ClosingOutcome, Purpose
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.triggers import make_alarm_key
from joint_defense.rules.understanding.meanings import ANSWERS, Meaning, Understood, Writer
from joint_defense.rules.understanding.understand import understand
from joint_defense.rules.wording import alarm, calls
from joint_defense.rules.wording import drills as drill_words
from joint_defense.rules.wording import number_changes as change_words
from joint_defense.rules.wording import service as service_words
from joint_defense.rules.wording.greetings import ABOUT_OTHER
from joint_defense.upkeep import drills, number_changes, own_test
from joint_defense.upkeep.greetings import greeting_asked
from joint_defense.webhooks import greeting_line
from joint_defense.webhooks.caller_line import name_room, tell_raised
from joint_defense.webhooks.common import (
    answer,
    answer_broken_call,
    answer_every_error,
    check_signature,
    has_conference,
    has_speech,
    make_address,
    read_line_account,
)
from joint_defense.webhooks.outage import keep_key

log = structlog.stdlib.get_logger(__name__)
answers = Blueprint("answers", __name__, url_prefix="/voice")
answers.before_request(check_signature)
answer_every_error(answers, answer_broken_call)

AGAIN_TIMEOUT = 6


@answers.post("/answer/<int:delivery_id>/<int:number>")
def take_key(delivery_id: int, number: int) -> Response:
    """A key on an alarm call."""
    call = read_call(request.form, get_runtime().read_number)
    return _take_in(call, delivery_id, lambda session: _find_delivery(session, delivery_id, number, call), number)


def _take_in(
    call: InboundCall, delivery_id: int, find: Callable[[Session], Delivery], number: int | None = None
) -> Response:
    """A key, or words, about a delivery; `number` is the attempt that the call is, None for a call back."""
    said, raised = "", None
    try:
        with get_runtime().database.begin() as session:
            delivery = find(session)
            incident_id, now = delivery.incident_id, read_clock(session)
            attempt = delivery.attempt_count if number is None else number
            if delivery.purpose in GREETINGS:
                said, raised = greeting_line.take_answer(session, delivery, call, attempt, now)
            elif delivery.purpose is Purpose.SERVICE:
                said = _take_on(session, delivery, attempt, call.keys or "", now)
            else:
                said, raised = _take_answer(session, delivery, call, attempt, now)
    except HTTPException:
        raise
    except Exception as error:
        return keep_key(call, delivery_id, error)
    log.info("key_taken_in", incident_id=incident_id, delivery_id=delivery_id, key=call.keys)
    WAKER.of().wake(incident_id)
    if raised is None:
        return answer(said)
    if raised.incident_id is not None:
        WAKER.of().wake(raised.incident_id)
    return tell_raised(raised)


def _take_on(session: Session, delivery: Delivery, number: int, key: str, now: datetime) -> str:
    """A key of whoever looks after the service: 1 means that they see to it."""
    language = delivery.language
    if key != service_words.TAKE_ON_KEY:
        address = make_address(f"/voice/answer/{delivery.id}/{number}")
        return twiml.say_farewell([(service_words.say_which_key(language), language)], action=address)
    taken = service_alerts.take_on_by_delivery(session, delivery, now)
    return twiml.say([(service_words.say_taken_on(language, is_open=taken.is_open), language)])


def _take_answer(
    session: Session, delivery: Delivery, call: InboundCall, number: int, now: datetime
) -> tuple[str, IntakeResult | None]:
    """What is said to it, or the alarm that it raises for the neighbour's own house."""
    spoken = hear(session, delivery, call)
    raised = raise_own(session, delivery, call, spoken, now)
    if raised is not None:
        return "", raised
    said = _take_key(session, delivery, number, call.keys or spoken.key, spoken)
    keep_words(session, delivery, spoken, now)
    return said, None


@answers.post("/soon/<int:delivery_id>/<int:number>")
def take_minutes(delivery_id: int, number: int) -> Response:
    """A key to "how soon will you be there?". With another the question is put again, since its keys mean something
    else than those of an answer; without one it is let drop, and the answer stays.
    """
    call = read_call(request.form, get_runtime().read_number)
    with get_runtime().database.begin() as session:
        delivery = _find_delivery(session, delivery_id, number, call)
        language, incident_id = delivery.language, delivery.incident_id
        minutes = replies.MINUTES_KEYS.get(call.keys or "")
        lines: list[twiml.Line] = []
        if call.keys and minutes is None:
            if delivery.incident.closed_at is not None:
                return answer(twiml.say([(calls.OVER_FOR_NEIGHBOUR[language], language)]))
            return answer(_ask_how_soon(delivery, number, wrong=True))
        if minutes is not None:
            heard = acknowledge(
                session, delivery, replies.Answer.COMING, Channel.CALL, read_clock(session), minutes=minutes
            )
            if heard.closed:
                return answer(twiml.say([(calls.OVER_FOR_NEIGHBOUR[language], language)]))
            lines = [(calls.say_soon_noted(minutes, language), language)]
        said = _ask_more(session, lines, delivery, number)
    WAKER.of().wake(incident_id)
    return answer(said)


@answers.post("/again/<int:delivery_id>/<int:number>")
def announce_again(delivery_id: int, number: int) -> Response:
    """No key on an alarm call: once more, with what is known by now; in the end the last words."""
    call = read_call(request.form, get_runtime().read_number)
    address = make_address(f"/voice/answer/{delivery_id}/{number}")
    with get_runtime().database.begin() as session:
        delivery = _find_delivery(session, delivery_id, number, call)
        if delivery.purpose in GREETINGS:
            return answer(greeting_line.ask_again(delivery, number))
        if delivery.purpose is Purpose.SERVICE:
            language = delivery.language
            return answer(twiml.say_farewell([(service_words.say_which_key(language), language)], action=address))
        if delivery.purpose in PROVING:
            language = delivery.language
            return answer(twiml.say_farewell([(drill_words.say_no_key_pressed(language), language)], action=address))
        if request.args.get("answered") == "1":
            return answer(twiml.say_farewell([(calls.GOODBYE[delivery.language], delivery.language)], action=address))
        if request.args.get("last") == "1":
            return answer(
                twiml.say_farewell([(alarm.say_no_key_pressed(delivery.language), delivery.language)], action=address)
            )
        if delivery.incident.closed_at is not None:
            return answer(twiml.say([(calls.OVER_FOR_NEIGHBOUR[delivery.language], delivery.language)]))
        then = make_address(f"/voice/again/{delivery_id}/{number}?last=1")
        return answer(_tell(delivery, action=address, then=then, hears=True))


@answers.post("/away/<int:delivery_id>/<int:number>")
def take_days(delivery_id: int, number: int) -> Response:
    """For how many days somebody is not to be asked whether they are well."""
    call = read_call(request.form, get_runtime().read_number)
    with get_runtime().database.begin() as session:
        delivery = _find_delivery(session, delivery_id, number, call)
        if delivery.purpose is not Purpose.GREETING:
            abort(404)
        return answer(greeting_line.change_days(session, delivery, call.keys or "", read_clock(session)))


@answers.post("/talked/<int:delivery_id>/<int:number>")
def end_talk(delivery_id: int, number: int) -> Response:
    """A neighbour comes out of the conference: by the star key, or because it ended."""
    call = read_call(request.form, get_runtime().read_number)
    with get_runtime().database.begin() as session:
        delivery = _find_delivery(session, delivery_id, number, call)
        conference.leave_conference(session, delivery, read_clock(session))
        language = delivery.language
        if delivery.incident.closed_at is not None:
            return answer(twiml.say([(calls.OVER_FOR_NEIGHBOUR[language], language)]))
        lines = [(calls.NEIGHBOUR_BACK_FROM_TALK[language], language)]
        return answer(_ask_more(session, lines, delivery, number))


def _find_delivery(session: Session, delivery_id: int, number: int, call: InboundCall) -> Delivery:
    """The delivery that a call was made for. 404 where there is none, or where the phone on the line is another's."""
    delivery = session.get(Delivery, delivery_id)
    if (
        delivery is None
        or not 0 < number <= delivery.attempt_count
        or delivery.number not in {call.called, call.caller}
    ):
        abort(404)
    return delivery


def call_back(session: Session, delivery: Delivery) -> Response:
    """Somebody who was rung calls back: the incident, its keys, and #9 for themselves."""
    language = delivery.language
    more = [(calls.CALL_BACK[language], language)]
    address = make_address(f"/voice/callback/{delivery.id}")
    return answer(_tell(delivery, action=address, then=make_address("/voice/menu/1"), more=more))


@answers.post("/callback/<int:delivery_id>")
def answer_call_back(delivery_id: int) -> Response:
    """A key on such a call. # may be the first half of #9, and 9 the whole of it: in doubt it is an alarm.

    `?about=other`: of somebody who was to look in, 9 is about the other (see `greeting_line`).
    """
    call = read_call(request.form, get_runtime().read_number)
    if call.keys == "#" or (call.keys == "9" and request.args.get("about") != ABOUT_OTHER):
        address = make_address(f"/voice/menu/1?before={'hash' if call.keys == '#' else 'nine'}")
        return answer(twiml.ask([], action=address, then=address, keys=1, timeout=2))
    return _take_in(call, delivery_id, lambda session: _find_of_caller(session, delivery_id, call))


def _find_of_caller(session: Session, delivery_id: int, call: InboundCall) -> Delivery:
    """The delivery that somebody calls back about. 404 where it is another's: only a good morning is answered by any
    phone of its household.
    """
    delivery = session.get(Delivery, delivery_id)
    if delivery is None:
        abort(404)
    theirs = [call.caller]
    if delivery.purpose in GREETINGS:
        theirs = greeting_asked.list_numbers(session, call.caller)
    if delivery.number not in theirs:
        abort(404)
    return delivery


def _tell(
    delivery: Delivery, *, action: str, then: str, more: list[twiml.Line] | None = None, hears: bool = False
) -> str:
    """The alarm once more. `hears`: with what is said counting too, now that it has been told in full before."""
    language = delivery.language
    voices = list_voices(delivery.incident, delivery.incident.alerts, get_runtime().settings.zone)
    said = alarm.write_announcement(voices, language, widened=is_widened(delivery.purpose, delivery.role))
    lines = [("".join(said), language), (alarm.say_how_to_answer(language), language)]
    return twiml.ask(
        [*lines, *(more or [])],
        action=action,
        then=then,
        keys=1,
        timeout=AGAIN_TIMEOUT,
        hears=language if hears and has_speech() else "",
    )


def _take_key(session: Session, delivery: Delivery, number: int, key: str, spoken: Spoken) -> str:
    """The answer to a key, pressed or said; `spoken` is what was said, if anything."""
    now = read_clock(session)
    language = delivery.language
    address = make_address(f"/voice/answer/{delivery.id}/{number}")
    if delivery.purpose in PROVING:
        if delivery.purpose is Purpose.TEST and delivery.phone_id is None:
            return _take_key_of_new_number(session, delivery, number, key, now)
        if delivery.purpose is Purpose.TEST and key == drill_words.NOT_THEIRS_KEY:
            own_test.refuse_owner(session, delivery, now)
            return twiml.say([(drill_words.say_not_theirs(language), language)])
        drills.take_answer(session, delivery, Channel.CALL, now)
        return twiml.say([(drill_words.say_thanks(language), language)])
    if delivery.purpose is Purpose.WORDLESS and key != replies.CLOSE_KEY:
        # Nobody has asked who comes: the only key is that it is settled.
        return twiml.say_farewell([(alarm.SETTLED_KEY[language], language)], action=address)
    if delivery.incident.closed_at is not None:
        return twiml.say([(calls.OVER_FOR_NEIGHBOUR[language], language)])
    given_before = read_answers(session, delivery.incident_id).of(delivery.party)
    if key in replies.KEYS:
        given = replies.KEYS[key]
        if given is replies.Answer.COMING and given_before is given and spoken.minutes is None:
            return _ask_how_soon(delivery, number)
        heard = acknowledge(session, delivery, given, Channel.CALL, now, minutes=spoken.minutes)
        if heard.closed or heard.incident is None:
            return twiml.say([(calls.OVER_FOR_NEIGHBOUR[language], language)])
        thanks = _thank(heard, delivery, given)
        if spoken.minutes is not None:
            thanks.append((calls.say_soon_noted(spoken.minutes, language), language))
        return _ask_more(session, thanks, delivery, number)
    if key == replies.JOIN_KEY:
        return _join(session, delivery, number, now)
    if key == replies.CLOSE_KEY and delivery.role in LEADERS:
        closing.close(session, delivery.incident_id, ClosingOutcome.HELPED, "", delivery.household_name, now)
        return twiml.say([(calls.OVER_FOR_NEIGHBOUR[language], language)])
    wrong = [(calls.say_wrong_answer_key(given_before, language), language)] if key else []
    if spoken.words:
        wrong = [(calls.WORDS_KEPT[language], language)]
    if given_before is not None:
        return _ask_more(session, wrong, delivery, number)
    then = make_address(f"/voice/again/{delivery.id}/{number}?last=1")
    if key:
        # Who and where was told just now: it is not told again to somebody whose finger slipped.
        again = make_address(f"/voice/again/{delivery.id}/{number}")
        return twiml.ask(wrong, action=address, then=again, keys=1, timeout=AGAIN_TIMEOUT)
    return _tell(delivery, action=address, then=then, more=wrong, hears=True)


def _take_key_of_new_number(session: Session, delivery: Delivery, number: int, key: str, now: datetime) -> str:
    """A number that is to be entered is asked whether it is theirs."""
    language = delivery.language
    if key == drill_words.NOT_THEIRS_KEY:
        number_changes.refuse_change(session, delivery.incident_id, now)
        return twiml.say([(drill_words.say_not_theirs(language), language)])
    if key == "1":
        drills.take_answer(session, delivery, Channel.CALL, now)
        zone = get_runtime().settings.zone
        done = number_changes.confirm_change(session, delivery.incident_id, now, zone)
        return twiml.say([(change_words.say_entered(language, done=done), language)])
    return twiml.ask(
        [(change_words.say_wrong_key(language), language)],
        action=make_address(f"/voice/answer/{delivery.id}/{number}"),
        then=make_address(f"/voice/again/{delivery.id}/{number}"),
        keys=1,
        timeout=AGAIN_TIMEOUT,
    )


def _ask_how_soon(delivery: Delivery, number: int, *, wrong: bool = False) -> str:
    address, language = make_address(f"/voice/soon/{delivery.id}/{number}"), delivery.language
    said = (calls.NOT_A_KEY, calls.HOW_SOON) if wrong else (calls.HOW_SOON,)
    lines = [(each[language], language) for each in said]
    return twiml.ask(lines, action=address, then=address, keys=1, timeout=AGAIN_TIMEOUT)


def _join(session: Session, delivery: Delivery, number: int, now: datetime) -> str:
    language = delivery.language
    if not _can_talk(delivery):
        return _ask_more(session, [(calls.NO_TALK[language], language)], delivery, number)
    account = read_line_account()
    others = conference.list_talkers(session, delivery.incident_id, account, language)
    if not others and not conference.is_caller_on_line(delivery.incident.alerts, account, now):
        return _ask_more(session, [(calls.NOT_ON_LINE[language], language)], delivery, number)
    conference.join(session, delivery, account, now)
    return twiml.write_conference(
        [(calls.TALKING[language], language)],
        name_room(delivery.incident_id),
        then=make_address(f"/voice/talked/{delivery.id}/{number}"),
        # Alone with this neighbour the caller would be left to the music, and hear no more news.
        ends_with_us=not others,
        alone=make_address(f"/voice/alone/{delivery.id}/{number}"),
    )


def _can_talk(delivery: Delivery) -> bool:
    """Whether this line can be connected with a caller's: what is offered leads somewhere."""
    return has_conference() and conference.can_be_connected(delivery.incident.alerts, read_line_account())


@answers.post("/alone/<int:delivery_id>/<int:number>")
def wait_in_room(delivery_id: int, number: int) -> Response:
    """A neighbour is alone in the conference, and hears why. No key but the star is heard there."""
    call = read_call(request.form, get_runtime().read_number)
    with get_runtime().database.begin(reads=True) as session:
        delivery = _find_delivery(session, delivery_id, number, call)
        language, now = delivery.language, read_clock(session)
        comes = conference.is_caller_on_line(delivery.incident.alerts, read_line_account(), now)
    said = calls.WAITING_FOR_CALLER if comes else calls.NOT_ON_LINE_ANY_MORE
    return answer(twiml.wait_alone([(said[language], language)], then=make_address(request.path)))


def _ask_more(session: Session, lines: list[twiml.Line], delivery: Delivery, number: int) -> str:
    """Say something to a neighbour on the line, and what other keys there are after the answer they have given."""
    language = delivery.language
    given = read_answers(session, delivery.incident_id).of(delivery.party)
    more = calls.offer_keys(given, language, talks=_can_talk(delivery), closes=delivery.role in LEADERS)
    return twiml.ask(
        [*lines, *([(more, language)] if more else [])],
        action=make_address(f"/voice/answer/{delivery.id}/{number}"),
        then=make_address(f"/voice/again/{delivery.id}/{number}{'' if given is None else '?answered=1'}"),
        keys=1,
        timeout=AGAIN_TIMEOUT,
        hears=language if has_speech() else "",
    )


def _thank(heard: Heard, delivery: Delivery, given: replies.Answer) -> list[twiml.Line]:
    language = delivery.language
    lines = [(calls.say_thanks(heard.names(language), given, language), language)]
    incident: Incident | None = heard.incident
    what = alarm.name_category(incident.category, language) if incident is not None else ""
    if what:
        lines.append((what + ("。" if language == "zh" else "."), language))
    return lines


@dataclass(frozen=True, slots=True)
class Spoken:
    """The key that spoken words stand for ("" for none), and what they say besides."""

    found: Understood
    key: str = ""

    @property
    def minutes(self) -> int | None:
        """In how many minutes they say that they are there."""
        return self.found.minutes

    @property
    def words(self) -> str:
        """What a person said that is to be kept."""
        return "" if self.found.meaning is Meaning.MACHINE else self.found.words


NOT_SPOKEN = Spoken(Understood(Meaning.NOTHING))


def hear(session: Session, delivery: Delivery, call: InboundCall) -> Spoken:
    """What is said on an alarm call; a key that was pressed counts instead."""
    if call.keys or not call.speech:
        return NOT_SPOKEN
    answered = delivery.party in read_answers(session, delivery.incident_id).parties
    found = understand(call.speech, Writer.RUNG, leads=delivery.role in LEADERS, answered=answered)
    if found.meaning is Meaning.ALL_OVER:
        return Spoken(found, replies.CLOSE_KEY)
    if found.meaning in ANSWERS:
        return Spoken(found, next(key for key, given in replies.KEYS.items() if given.value == found.meaning.value))
    return Spoken(found)


def raise_own(
    session: Session, delivery: Delivery, call: InboundCall, spoken: Spoken, now: datetime
) -> IntakeResult | None:
    """A neighbour who says that their own house needs help: the alarm, as #9 raises it. None for anybody else."""
    if spoken.found.meaning is not Meaning.ALARM or directory.find_caller(session, delivery.number) is None:
        return None
    trigger = Trigger(
        make_alarm_key(call.sid),
        delivery.number,
        Channel.CALL,
        category=spoken.found.category,
        text=spoken.words,
        call_sid=call.sid,
        line_account=read_line_account(),
        holds_for=get_runtime().patience.gone_after,
    )
    return raise_alarm(session, trigger, now, get_runtime().limits)


def keep_words(session: Session, delivery: Delivery, spoken: Spoken, now: datetime) -> None:
    """What was said besides goes the way of what a neighbour writes besides."""
    if spoken.found.meaning is Meaning.MACHINE:
        if spoken.found.words:
            said = spoken.found.words[:300]
            name = delivery.household_name
            note_once(session, delivery.incident_id, UpdateKind.MACHINE, now, household=name, text=said)
        return
    if not spoken.words:
        return
    words_passed_on.note_words(
        session, delivery.incident_id, delivery.household_name, spoken.words, now, by_caller=False
    )
    session.flush()
    words_passed_on.pass_on(session, delivery.incident_id, now)
