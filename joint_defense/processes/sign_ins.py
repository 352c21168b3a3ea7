"""Texts accounts' phones: the code that somebody signs in with, and that somebody did so from a new device.

One at a time, the codes first, and behind every text of an alarm.
"""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from config.database import read_clock
from groups import directory
from groups.directory import NewSignIn, TextedCode
from joint_defense.carriers.port import CarrierError, OutboundMessage, RefusedNumber
from joint_defense.delivery.lines import Line
from joint_defense.models.incidents import Delivery, is_in_state
from joint_defense.processes.runtime import Runtime
from joint_defense.rules.states import Channel, DeliveryState
from joint_defense.rules.wording.alarm import count_segments
from joint_defense.rules.wording.written import write_new_sign_in, write_sign_in_code

GIVEN_UP_AFTER = timedelta(hours=1)
"""Told later than this, it is no warning any more."""
VALID_FOR = 3600
"""Seconds that the carrier may try."""
CODE_VALID_FOR = 600
"""Of a code, which is good for no longer."""

log = structlog.stdlib.get_logger(__name__)


def tell_of_sign_ins(runtime: Runtime) -> None:
    """Send the next text that is owed, in a thread of its own, where no text of an alarm waits and the pace allows."""
    now = runtime.database.estimate_now()
    with runtime.database.begin(reads=True) as session:
        code_owed = directory.is_code_owed(session, now)
        if not code_owed and not directory.is_notice_owed(session, now):
            return
        waiting = select(Delivery.id).where(is_in_state(DeliveryState.WAITING), Delivery.channel == Channel.SMS)
        if session.scalar(waiting.limit(1)) is not None:
            return
    lines = runtime.pace[Channel.SMS]
    line = next((line for line, count in lines.take(1).by_line.items() if count), None)
    if line is None:
        return
    with runtime.database.begin() as session:
        moment, key = read_clock(session), runtime.settings.secret_key
        code = directory.take_texted_code(session, moment, key) if code_owed else None
        notice = directory.take_notice(session, moment) if code is None else None
    if code is not None:
        threading.Thread(target=send_code, args=(runtime, code, line), name="sign-in-code", daemon=True).start()
    elif notice is not None:
        threading.Thread(target=send_notice, args=(runtime, notice, line), name="sign-in-notice", daemon=True).start()
    else:
        lines.give_back(line, 1)


def send_code(runtime: Runtime, code: TextedCode, line: Line) -> None:
    """Send it, or put it back for the next look, which makes other digits; what cannot be sent is said in the log."""
    flaw = _find_flaw_of_phone(runtime, code.number, takes_texts=code.takes_texts)
    body = write_sign_in_code(code.code, code.language)
    try:
        again = False if flaw else not asyncio.run(_send(runtime, code.number, body, line, CODE_VALID_FOR))
        with runtime.database.begin() as session:
            if again:
                directory.put_code_back(session, code.id)
            else:
                directory.end_code(session, code.id, read_clock(session))
    except SQLAlchemyError as error:
        # Somebody takes it again, when its time in this hand is over.
        log.error("database_away", error=type(error).__name__)
        return
    if flaw:
        log.warning("sign_in_code_not_sent", code_id=code.id, reason=flaw)


def send_notice(runtime: Runtime, notice: NewSignIn, line: Line) -> None:
    """Send it, or put it back for the next look; what cannot be sent is said in the log."""
    flaw = _find_flaw(runtime, notice)
    try:
        body = write_new_sign_in(
            notice.account_name, notice.browser, notice.signed_in_at.astimezone(runtime.settings.zone), notice.language
        )
        again = False if flaw else not asyncio.run(_send(runtime, notice.number, body, line, VALID_FOR))
        with runtime.database.begin() as session:
            (directory.put_notice_back if again else directory.end_notice)(session, notice.id)
    except SQLAlchemyError as error:
        # Somebody takes it again, when its time in this hand is over.
        log.error("database_away", error=type(error).__name__)
        return
    if flaw:
        log.warning("sign_in_not_told", notice_id=notice.id, reason=flaw)


async def _send(runtime: Runtime, number: str, body: str, line: Line, valid_for: int) -> bool:
    """False where it is to be tried again."""
    carriers = runtime.carriers()
    try:
        if extra := count_segments(body) - 1:
            runtime.pace[Channel.SMS].charge(line, extra)
        await carriers[line.account].send_message(OutboundMessage(number, line.sender, body, "", valid_for))
    except CarrierError as error:
        log.warning("sign_in_not_told", reason=type(error).__name__, code=error.code)
        return isinstance(error, RefusedNumber)
    finally:
        for carrier in carriers.values():
            await carrier.close()
    log.info("sign_in_told")
    return True


def _find_flaw_of_phone(runtime: Runtime, number: str, *, takes_texts: bool) -> str:
    """Why this phone is never told."""
    if not takes_texts:
        return "it takes no texts"
    if not directory.is_called(number, runtime.settings.countries):
        return "its country is not called"
    return ""


def _find_flaw(runtime: Runtime, notice: NewSignIn) -> str:
    """Why nobody is told."""
    if flaw := _find_flaw_of_phone(runtime, notice.number, takes_texts=notice.takes_texts):
        return flaw
    if runtime.database.estimate_now() - notice.signed_in_at > GIVEN_UP_AFTER:
        return "too late"
    return ""
