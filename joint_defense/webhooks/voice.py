"""Calls at our number: the menu, and the alarm. What follows on the caller's line is in `waiting`."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

import structlog
from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from config.database import read_clock
from groups import directory
from groups.directory import Caller
from joint_defense.alarms import intake, said_before
from joint_defense.alarms.intake import Trigger
from joint_defense.alarms.wordless_calls import report_wordless
from joint_defense.carriers import twiml
from joint_defense.carriers.port import InboundCall, read_call
from joint_defense.incidents.answers import find_told
from joint_defense.incidents.record import receive
from joint_defense.models.inbound import InboundKind
from joint_defense.processes.runtime import get_runtime
from joint_defense.processes.stand_in import WAKER
from joint_defense.rules.states import Channel
from joint_defense.rules.triggers import (
    Category,
    asks_for_test,
    has_alarm,
    make_alarm_key,
    make_call_key,
    make_said_key,
    make_test_key,
    make_wordless_key,
)
from joint_defense.rules.understanding.meanings import Meaning, Understood, Writer
from joint_defense.rules.understanding.understand import understand
from joint_defense.rules.wording import calls
from joint_defense.rules.wording import device_tests as device_words
from joint_defense.rules.wording import drills as drill_words
from joint_defense.rules.wording.calls import Unheard
from joint_defense.upkeep import device_tests, own_test
from joint_defense.upkeep.greetings import greeting_days
from joint_defense.upkeep.own_test import OwnTestOutcome
from joint_defense.webhooks import device_line, greeting_line
from joint_defense.webhooks.caller_line import tell_raised, to_stranger
from joint_defense.webhooks.common import (
    answer,
    answer_broken_call,
    answer_every_error,
    check_signature,
    describe_cause,
    has_speech,
    make_address,
    read_line_account,
)
from joint_defense.webhooks.neighbour_line import call_back
from joint_defense.webhooks.outage import answer_held, keep_alarm, keep_said, keep_wordless

voice = Blueprint("voice", __name__, url_prefix="/voice")
voice.before_request(check_signature)
answer_every_error(voice, answer_broken_call)

KEYS_BEFORE = {"hash": "#", "nine": "9"}

log = structlog.stdlib.get_logger(__name__)


@voice.post("/inbound")
def take_call() -> Response:
    """A call comes in: the menu at once; on a direct number the call itself is the alarm.

    Somebody who was rung for an open incident and calls back hears that incident, and may still press #9. Who calls
    back after a drill or test that they missed hears what it was, and is asked.
    """
    call = read_call(request.form, get_runtime().read_number)
    if call.called in get_runtime().settings.direct_numbers:
        return device_line.take_press(call, _raise) or _raise(call)
    try:
        with get_runtime().database.begin() as session:
            now = read_clock(session)
            caller = directory.find_caller(session, call.caller)
            kind = InboundKind.MENU if caller is not None else InboundKind.STRANGER
            receive(session, make_call_key(call.sid), kind, call.caller, "", now)
            told, _ = find_told(session, call.caller)
            # Where somebody may be listening nothing is said aloud: a silent menu, as ever.
            is_silent = caller is not None and caller.silent
            if told is not None and told.incident.closed_at is None and not is_silent:
                return call_back(session, told)
            asked = None if is_silent else greeting_days.find_asked(session, call.caller)
            if asked is not None:
                return answer(greeting_line.answer_call_back(session, asked))
            missed = None if is_silent else own_test.find_missed(session, call.caller, now)
            missed_id = None if caller is None or missed is None else missed.id
            tested = caller is not None and device_line.is_waited_for(session, caller, now)
    except Exception as error:
        # Who it is cannot be known now, and the menu asks nothing of it.
        log.error("menu_without_database", sid=call.sid, **describe_cause(error))
        return _answer_menu(None, asked=1)
    if caller is None:
        return answer(to_stranger())
    return _answer_menu(caller, asked=1, missed_id=missed_id, tested=tested)


@voice.post("/press/<int:press_id>")
def answer_whether_test(press_id: int) -> Response:
    """The key behind a press whose test is waited for. Only the key of the test says that it is one."""
    call = read_call(request.form, get_runtime().read_number)
    return device_line.answer(call, press_id, partial(_raise, said_before_it=True))


@voice.post("/pressed")
def answer_after_test() -> Response:
    """Help is still one key away after the test."""
    call = read_call(request.form, get_runtime().read_number)
    spoken = understand(call.speech, Writer.AT_REST) if call.speech else None
    if has_alarm(call.keys or "") or (spoken is not None and spoken.meaning is Meaning.ALARM):
        return _raise(call, spoken)
    return answer(twiml.say([]))


@voice.post("/menu/<int:asked>")
def answer_menu(asked: int) -> Response:
    """Keys from the menu, or none; `asked` is how often the question has been put.

    `?before=` names the key that came before these: a `hash`, or a `nine` that may not be all of it. `?missed=` is the
    call of a drill or test that they have missed and heard of, `?tested=1` says that their device's test is waited for.
    """
    call = read_call(request.form, get_runtime().read_number)
    keys = KEYS_BEFORE.get(request.args.get("before", ""), "") + (call.keys or "")
    said_before_it = asked > 1
    tested = request.args.get("tested") == "1"
    if has_alarm(keys):
        raised = device_line.take_press(call, partial(_raise, said_before_it=said_before_it)) if tested else None
        return raised or _raise(call, said_before_it=said_before_it)
    spoken = understand(call.speech, Writer.AT_REST) if call.speech else None
    if spoken is not None and spoken.meaning is Meaning.ALARM:
        return _raise(call, spoken, said_before_it=said_before_it)
    if asks_for_test(keys):
        follows = _take_test(call)
        if follows is not None:
            return follows
    missed_id = request.args.get("missed", type=int)
    if missed_id is not None and keys == drill_words.CALLED_BACK_KEY:
        thanked = _thank_for_call_back(call, missed_id)
        if thanked is not None:
            return thanked
    half = bool(call.keys) and keys.endswith("#")
    said = keys or call.speech
    unheard = Unheard.KEY if keys else Unheard.WORDS if call.speech else Unheard.NOTHING
    if half or asked < said_before.TIMES_ASKED:
        try:
            with get_runtime().database.begin() as session:
                caller = directory.find_caller(session, call.caller)
                if said and not half:
                    _keep_said(session, call, asked, said)
        except Exception as error:
            log.error("menu_without_database", sid=call.sid, **describe_cause(error))
            caller = None
            if said and not half:
                keep_said(call, asked, said, error)
        # Half of "#9" has come: the 9 may be on its way, and the question does not count as put again.
        times = asked if half else asked + 1
        return _answer_menu(caller, asked=times, half=half, unheard=unheard, missed_id=missed_id, tested=tested)
    return _answer_wordless(call, asked, said, unheard)


def _keep_said(session: Session, call: InboundCall, asked: int, said: str) -> None:
    """What was pressed or said and raised no alarm: the leader is told of it if nothing else comes."""
    said_before.keep_said(session, make_said_key(call.sid, asked), call.caller, said, read_clock(session))


def _answer_menu(
    caller: Caller | None,
    *,
    asked: int,
    half: bool = False,
    unheard: Unheard = Unheard.NOTHING,
    missed_id: int | None = None,
    tested: bool = False,
) -> Response:
    language = caller.language if caller is not None else "zh"
    if missed_id is not None:
        text = drill_words.say_missed(language) if asked == 1 else drill_words.say_missed_again(language)
    else:
        text = calls.MENU[language] if asked == 1 else calls.say_menu_again(unheard, language)
    # Where an intruder may be listening nothing is said, not even the menu.
    lines = [] if half or (caller is not None and caller.silent) else [(text, language)]
    # The half that came is a wrong key if nothing follows.
    query = {"before": "hash"} if half else {}
    query |= {"missed": str(missed_id)} if missed_id is not None else {}
    query |= {"tested": "1"} if tested else {}
    address = make_address(f"/voice/menu/{asked}{'?' if query else ''}{urlencode(query)}")
    return answer(
        twiml.ask(
            lines,
            action=address,
            then=address,
            keys=1 if half else 2,
            timeout=get_runtime().settings.menu_timeout,
            hears=language if has_speech() and not half else "",
        )
    )


def _raise(call: InboundCall, spoken: Understood | None = None, *, said_before_it: bool = False) -> Response:
    """A call raises an alarm; `spoken` is what was said instead of a key, `said_before_it` that something may have been
    said at the menu before that.
    """
    key = make_alarm_key(call.sid)
    if get_runtime().spool.holds(key):
        # The carrier repeats what was kept: the drainer takes it in, in its turn and at its own time.
        return answer_held(0)
    trigger = Trigger(
        key,
        call.caller,
        Channel.CALL,
        category=Category.UNSPECIFIED if spoken is None else spoken.category,
        text="" if spoken is None else spoken.words,
        call_sid=call.sid,
        line_account=read_line_account(),
        holds_for=get_runtime().patience.gone_after,
    )
    try:
        with get_runtime().database.begin() as session:
            raised = intake.raise_alarm(session, trigger, read_clock(session), get_runtime().limits)
            if said_before_it and not raised.repeated:
                said_before.note_said_before(session, raised.alert_id, call.sid, read_clock(session))
    except Exception as error:
        return keep_alarm(call, "" if spoken is None else call.speech, error)
    log.info("alarm_taken_in", incident_id=raised.incident_id, outcome=raised.outcome, channel="call")
    if raised.incident_id is not None:
        WAKER.of().wake(raised.incident_id)
    return tell_raised(raised)


def _thank_for_call_back(call: InboundCall, missed_id: int) -> Response | None:
    """Whoever missed a drill or test has called back and says that all is well. None where there was none, or the
    database is away: then the key is a wrong one, and the question is put again.
    """
    try:
        with get_runtime().database.begin() as session:
            language = own_test.take_call_back(session, missed_id, call.caller, read_clock(session))
    except Exception as error:
        log.error("call_back_without_database", sid=call.sid, **describe_cause(error))
        return None
    return None if language is None else answer(twiml.say([(drill_words.say_thanks(language), language)]))


def _take_test(call: InboundCall) -> Response | None:
    """The phone on the line is to be called back, to be tested. None where an intruder may be listening: to a silent
    household it is a wrong key, as ever, and nothing rings in it.
    """
    try:
        with get_runtime().database.begin() as session:
            caller = directory.find_caller(session, call.caller)
            if caller is not None and caller.silent:
                return None
            zone = get_runtime().settings.zone
            now = read_clock(session)
            asked = own_test.ask_for_test(session, make_test_key(call.sid), call.caller, now, zone)
            has_device = (
                caller is not None
                and asked.outcome is OwnTestOutcome.PLANNED
                and device_tests.open_for_own_test(session, caller.phone_id, now, zone)
            )
    except Exception as error:
        log.error("test_without_database", sid=call.sid, **describe_cause(error))
        return answer(twiml.say([(drill_words.say_no_test("away", each), each) for each in ("zh", "en")]))
    log.info("test_asked_for", incident_id=asked.incident_id, outcome=asked.outcome)
    if asked.outcome is OwnTestOutcome.STRANGER:
        return answer(to_stranger())
    if asked.incident_id is None:
        return answer(twiml.say([(drill_words.say_no_test(asked.outcome, asked.language), asked.language)]))
    WAKER.of().wake(asked.incident_id)
    said = drill_words.say_test_follows(asked.language)
    if has_device:
        said += device_words.say_may_be_pressed(asked.language)
    return answer(twiml.say([(said, asked.language)]))


def _answer_wordless(call: InboundCall, asked: int, said: str, unheard: Unheard) -> Response:
    try:
        with get_runtime().database.begin() as session:
            caller = directory.find_caller(session, call.caller)
            if said:
                _keep_said(session, call, asked, said)
            report = report_wordless(
                session,
                make_wordless_key(call.sid),
                call.caller,
                read_clock(session),
                get_runtime().limits,
                said=said_before.list_said_before(session, call.sid),
            )
    except Exception as error:
        return keep_wordless(call, said, unheard, error)
    if report.incident_id is not None:
        WAKER.of().wake(report.incident_id)
    if caller is not None and caller.silent:
        return answer(twiml.say([]))
    language = caller.language if caller is not None else "zh"
    return answer(twiml.say([(calls.say_wordless(unheard, language, told=report.told), language)]))
