"""Calls at our number: the menu, the alarm, and the keys pressed on them."""

from __future__ import annotations

from flask import Blueprint, Response, request

from config.database import clock
from groups import directory
from joint_defense import intake
from joint_defense.carriers import twiml
from joint_defense.carriers.inbound import InboundCall, read_call
from joint_defense.inbox import receive
from joint_defense.intake import Outcome, Trigger
from joint_defense.models import InboundKind
from joint_defense.rules import wording
from joint_defense.rules.delivery import Channel
from joint_defense.rules.trigger import alarm_in_keys
from joint_defense.webhooks.guard import answer, check_signature, never_silent, runtime, waker

voice = Blueprint("voice", __name__, url_prefix="/voice")
voice.before_request(check_signature)


@voice.post("/inbound")
@never_silent
def inbound() -> Response:
    """A call comes in: the menu at once; on a direct number the call itself is the alarm."""
    call = read_call(request.form)
    if call.called in runtime().settings.direct_numbers:
        return _raise(call)
    with runtime().database.begin() as session:
        caller = directory.find_caller(session, call.caller)
        kind = InboundKind.MENU if caller is not None else InboundKind.STRANGER
        receive(session, f"voice:{call.sid}", kind, call.caller, "", clock(session))
    if caller is None:
        return answer(_to_stranger())
    return _menu(caller.language, first=True, before="")


@voice.post("/menu/<int:asked>")
@never_silent
def menu(asked: int) -> Response:
    """Keys from the menu, or none: `asked` times the question was put. `before` holds a key that came before these."""
    call = read_call(request.form)
    before = "#" if request.args.get("before") == "hash" else ""
    keys = before + (call.keys or "")
    if alarm_in_keys(keys):
        return _raise(call)
    if keys.endswith("#") and call.keys:
        # The first half of "#9" came at the end of these: the 9 may be on its way.
        return _menu(_language(call), first=False, before="#", asked=asked)
    if asked < 2:
        return _menu(_language(call), first=False, before="", asked=2)
    return _wordless(call)


def _menu(language: str, *, first: bool, before: str, asked: int = 1) -> Response:
    address = f"/voice/menu/{asked}"
    text = (wording.MENU if first else wording.MENU_AGAIN)[language]
    return answer(
        twiml.ask(
            text,
            language,
            action=address + ("?before=hash" if before else ""),
            then=address,
            keys=1 if before else 2,
            timeout=runtime().settings.menu_timeout,
        )
    )


def _language(call: InboundCall) -> str:
    with runtime().database.begin() as session:
        caller = directory.find_caller(session, call.caller)
    return caller.language if caller is not None else wording.CHINESE


def _raise(call: InboundCall) -> Response:
    trigger = Trigger(f"voice:{call.sid}:alarm", call.caller, Channel.CALL, call_sid=call.sid)
    with runtime().database.begin() as session:
        raised = intake.raise_alarm(session, trigger, clock(session), runtime().limits)
    if raised.incident_id is not None:
        waker().wake(raised.incident_id)
    if raised.outcome is Outcome.STRANGER:
        return answer(_to_stranger())
    return answer(twiml.say([(_said(raised), raised.language)]))


def _said(raised: intake.Answer) -> str:
    if raised.outcome is Outcome.FLOOD:
        return wording.FLOOD[raised.language]
    if raised.outcome is Outcome.JOINED:
        return wording.alarm_joined(raised.households, raised.language)
    return wording.alarm_raised(raised.phones, raised.households, raised.language)


def _wordless(call: InboundCall) -> Response:
    with runtime().database.begin() as session:
        now = clock(session)
        caller = directory.find_caller(session, call.caller)
        report = intake.report_wordless(session, f"voice:{call.sid}:wordless", call.caller, now, runtime().limits)
    if report.incident_id is not None:
        waker().wake(report.incident_id)
    language = caller.language if caller is not None else wording.CHINESE
    words = wording.NO_WORD if report.told else wording.NO_WORD_NO_LEADER
    return answer(twiml.say([(words[language], language)]))


def _to_stranger() -> str:
    return twiml.say([(wording.STRANGER["zh"], "zh"), (wording.STRANGER["en"], "en")])
