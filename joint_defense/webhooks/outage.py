"""What is done with a call or text that cannot be taken in: it is spooled, and whoever called hears what is true.

That is so while the database is away, and whatever else goes wrong (the log tells the one from the other). Nobody can
be told apart from a stranger then, and no language is known: see docs/adr on the spool.
"""

from __future__ import annotations

from contextlib import suppress

import structlog
from flask import Blueprint, Response, request

from joint_defense.alarms.intake import IntakeResult, Outcome
from joint_defense.carriers import twiml
from joint_defense.carriers.port import InboundCall, InboundMessage, read_call
from joint_defense.incidents.record import find_answer, is_known
from joint_defense.processes.drain import DRAINER
from joint_defense.processes.runtime import get_runtime
from joint_defense.processes.spool import SpooledEvent, SpooledKind
from joint_defense.rules import replies
from joint_defense.rules.errors import NotSpooled
from joint_defense.rules.triggers import (
    make_alarm_key,
    make_press_key,
    make_said_key,
    make_text_key,
    make_wordless_key,
)
from joint_defense.rules.understanding.meanings import ANSWERS, Meaning, Writer
from joint_defense.rules.understanding.understand import understand
from joint_defense.rules.wording import calls, greetings, written
from joint_defense.webhooks.caller_line import tell_raised
from joint_defense.webhooks.common import (
    LANGUAGES,
    answer,
    answer_broken_call,
    answer_every_error,
    answer_text,
    check_signature,
    describe_cause,
    make_address,
)

keeping = Blueprint("keeping", __name__, url_prefix="/voice")
keeping.before_request(check_signature)
answer_every_error(keeping, answer_broken_call)

CRIES = frozenset({greetings.HELP_KEY, "#"})
"""Keys of a good morning that call for help; # is the first half of #9."""
LOOK_EVERY = 4
"""Seconds between two looks whether a caller's kept alarm is out."""
SAY_EVERY = 5
"""Every so many looks the caller is told again to dial 110."""

log = structlog.stdlib.get_logger(__name__)


def keep_alarm(call: InboundCall, said: str, error: Exception) -> Response:
    """Spool the alarm of a call, with what was `said` instead of a key, and hold its line.

    Raises NotSpooled (the caller is told to dial 110).
    """
    _put_into_spool(SpooledKind.ALARM, make_alarm_key(call.sid), call.caller, call.sid, error, text=said)
    return _hold(1, calls.KEPT)


def keep_wordless(call: InboundCall, said: str, unheard: calls.Unheard, error: Exception) -> Response:
    """Spool a call without a word, with what was pressed or said last instead of #9. The caller is told to
    dial 110: whether there is a leader is not known.
    """
    _put_into_spool(SpooledKind.WORDLESS, make_wordless_key(call.sid), call.caller, call.sid, error, text=said)
    return answer(twiml.say([(calls.say_wordless(unheard, each, told=False), each) for each in LANGUAGES]))


def keep_said(call: InboundCall, asked: int, said: str, error: Exception) -> None:
    """Spool what was pressed or said when the menu was put for the `asked`th time. The menu goes on in any case: what
    cannot even be spooled is logged as lost.
    """
    key = make_said_key(call.sid, asked)
    with suppress(NotSpooled):
        _put_into_spool(SpooledKind.SAID, key, call.caller, call.sid, error, text=said)


def keep_key(call: InboundCall, delivery_id: int, error: Exception) -> Response:
    """Spool a neighbour's key. `call` may be one we placed or one back to us: the neighbour is at its other end.

    `?about=`: of a good morning, whom 9 calls help for (`rules.wording.greetings`).
    """
    neighbour = call.caller if call.called in get_runtime().settings.own_numbers else call.called
    key, about = call.keys or "", request.args.get("about")
    cries = key in CRIES or (not key and understand(call.speech, Writer.AT_REST).meaning is Meaning.ALARM)
    if about == greetings.ABOUT_SELF and cries:
        _put_into_spool(SpooledKind.ALARM, make_alarm_key(call.sid), neighbour, call.sid, error, text=call.speech)
        return _hold(1, calls.KEPT)
    cries_for_other = about == greetings.ABOUT_OTHER and key in CRIES
    if key not in replies.KEYS and key != replies.CLOSE_KEY and not cries_for_other:
        return answer(answer_broken_call())
    carrier_key = make_press_key(call.sid, delivery_id, key)
    _put_into_spool(SpooledKind.KEY, carrier_key, neighbour, call.sid, error, text=key, delivery_id=delivery_id)
    if cries_for_other:
        return answer(twiml.say([(greetings.say_cry_kept(each), each) for each in LANGUAGES]))
    return answer(twiml.say([(calls.KEPT_ANSWER[each], each) for each in LANGUAGES]))


def keep_text(message: InboundMessage, error: Exception) -> Response:
    """Spool a text. An alarm, an answer and anything else are told apart by their words alone."""
    _put_into_spool(SpooledKind.TEXT, make_text_key(message.sid), message.sender, message.sid, error, text=message.text)
    if understand(message.text, Writer.AT_REST).meaning is Meaning.ALARM:
        return answer_text(message.sender, written.KEPT_TEXT)
    meaning = understand(message.text, Writer.RUNG).meaning
    if meaning is Meaning.MACHINE or message.opt_out:
        # The carrier has answered the one itself, and nobody reads an answer to the other.
        return answer_text(message.sender, None)
    return answer_text(message.sender, written.KEPT_ANSWER_TEXT if meaning in ANSWERS else written.KEPT_OTHER_TEXT)


def _put_into_spool(
    kind: SpooledKind,
    carrier_key: str,
    number: str,
    sid: str,
    error: Exception,
    text: str = "",
    delivery_id: int = 0,
) -> None:
    event = SpooledEvent(kind, carrier_key, number, get_runtime().database.estimate_now(), sid, text, delivery_id)
    try:
        get_runtime().spool.put(event)
    except NotSpooled as failure:
        log.critical("event_lost", kind=str(kind), sid=sid, reason=str(failure), **describe_cause(error))
        raise
    log.error("event_spooled", kind=str(kind), sid=sid, **describe_cause(error))
    drainer = DRAINER.of()
    drainer.start()


@keeping.post("/held/<int:looks>")
def answer_held(looks: int) -> Response:
    """The caller whose alarm is kept holds the line: is it out by now?"""
    call = read_call(request.form, get_runtime().read_number)
    try:
        with get_runtime().database.begin() as session:
            key = make_alarm_key(call.sid)
            kept = find_answer(session, key) if is_known(session, key) else None
    except Exception as error:
        log.error("held_without_answer", sid=call.sid, **describe_cause(error))
        kept = None
    if kept is not None:
        return tell_raised(IntakeResult(**{**kept, "outcome": Outcome(kept["outcome"])}))
    return _hold(looks + 1, calls.KEPT_STILL if looks % SAY_EVERY == 0 else None)


def _hold(looks: int, words: dict[str, str] | None) -> Response:
    lines = [(words[each], each) for each in LANGUAGES] if words is not None else []
    address = make_address(f"/voice/held/{looks}")
    return answer(twiml.ask(lines, action=address, then=address, keys=1, timeout=LOOK_EVERY))
