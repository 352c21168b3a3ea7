"""The line of a device whose test is waited for: it is asked whether this is the test, and anything but the key that
says so calls for help.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from flask import Response
from sqlalchemy.orm import Session

from config.database import read_clock
from groups import directory
from groups.directory import Caller
from joint_defense.alarms import device_presses
from joint_defense.carriers import twiml
from joint_defense.carriers.port import InboundCall
from joint_defense.processes.runtime import get_runtime
from joint_defense.rules.triggers import asks_for_test
from joint_defense.rules.wording import device_tests as words
from joint_defense.upkeep import device_tests
from joint_defense.webhooks.common import answer as answer_with
from joint_defense.webhooks.common import describe_cause, make_address, read_line_account

ANSWERED_WITHIN = 5
"""Seconds after the question."""
log = structlog.stdlib.get_logger(__name__)
Raise = Callable[[InboundCall], Response]


def is_waited_for(session: Session, caller: Caller, now: datetime) -> bool:
    """Whether a press on this line may be the test: then it is looked at once more as it comes."""
    return not caller.silent and directory.find_device_test(session, caller.phone_id, now) is not None


def take_press(call: InboundCall, raise_alarm: Raise) -> Response | None:
    """The question whether it is the test. None where the press is a call for help at once; so it is whatever fails."""
    try:
        with get_runtime().database.begin() as session:
            caller = directory.find_caller(session, call.caller)
            if caller is None:
                return None
            now = read_clock(session)
            press_id = device_tests.take_press(session, call.sid, read_line_account(), caller, now)
    except Exception as error:
        log.error("press_without_database", sid=call.sid, **describe_cause(error))
        return raise_alarm(call)
    if press_id is None:
        return None
    log.info("press_asked_about", press_id=press_id)
    address = make_address(f"/voice/press/{press_id}")
    lines = [(words.ask_whether_test(caller.language), caller.language)]
    return answer_with(twiml.ask(lines, action=address, then=address, keys=1, timeout=ANSWERED_WITHIN))


def answer(call: InboundCall, press_id: int, raise_alarm: Raise) -> Response:
    """The key of the test, or a call for help: first the alarm, then the note that it was one."""
    if asks_for_test(call.keys or ""):
        confirmed = _confirm(call, press_id)
        if confirmed is not None:
            return confirmed
    raised = raise_alarm(call)
    try:
        with get_runtime().database.begin() as session:
            device_presses.settle_as_alarm(session, press_id, read_clock(session))
    except Exception as error:
        # The clock finds the alarm raised already.
        log.error("press_without_database", sid=call.sid, **describe_cause(error))
    return raised


def _confirm(call: InboundCall, press_id: int) -> Response | None:
    try:
        with get_runtime().database.begin() as session:
            caller = directory.find_caller(session, call.caller)
            taken_back = device_presses.confirm_test(session, press_id, call.sid, read_clock(session))
    except Exception as error:
        log.error("press_without_database", sid=call.sid, **describe_cause(error))
        return None
    if taken_back is None:
        return None
    log.info("device_tested", press_id=press_id, taken_back=taken_back)
    language = "zh" if caller is None else caller.language
    if taken_back:
        return answer_with(twiml.say([(words.say_taken_back(language), language)]))
    address = make_address("/voice/pressed")
    lines = [(words.say_pressed(language), language)]
    return answer_with(twiml.ask(lines, action=address, then=address, keys=2, timeout=ANSWERED_WITHIN))
