"""The watcher: a small process on another machine that rings the operator when the service is not well.

    python -m joint_defense.operations.watch [--test]

It asks `/readyz` every ten seconds. Where that is not answered, or not well, for `WATCH_AFTER` seconds, it texts all
of `WATCH_PHONES` and rings one after the other until somebody picks up, through the carrier of its own settings; and
again every `WATCH_AGAIN` seconds until all is well, which is texted too. It needs neither database nor Redis.
`--test` asks once, and texts and rings them now as a test; 1 where nobody picked up or the service is not well.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from config import logging
from config.logging import say_alive, say_ready
from config.settings import SettingsError, WatchSettings, load_watch
from joint_defense.carriers.port import Carrier, CarrierError, OutboundCall, OutboundMessage
from joint_defense.carriers.twilio import TwilioCarrier
from joint_defense.carriers.twiml import tell
from joint_defense.rules.states import FINAL, AttemptState, Channel

EVERY = 10.0
PATIENCE = 10.0
"""Seconds that the service has for its answer."""
RING_SECONDS, LONGEST_CALL = 40, 90.0
WELL = "ok"
log = structlog.stdlib.get_logger(__name__)


class Act(Enum):
    """What is to be done about what was seen."""

    TELL_TROUBLE = auto()
    TELL_WELL = auto()


@dataclass
class Vigil:
    """When somebody is told. Moments are seconds of one clock that never goes back."""

    after: float
    again: float
    unwell_since: float | None = None
    told_at: float | None = None

    def look(self, trouble: str, now: float) -> Act | None:
        """What is to be done, now that this was seen (empty: all well)."""
        if not trouble:
            was_told = self.told_at is not None
            self.unwell_since = self.told_at = None
            return Act.TELL_WELL if was_told else None
        if self.unwell_since is None:
            self.unwell_since = now
        due = self.unwell_since + self.after if self.told_at is None else self.told_at + self.again
        if now < due:
            return None
        self.told_at = now
        return Act.TELL_TROUBLE


def describe_trouble(status: int, body: bytes) -> str:
    """What an answer of `/readyz` says is not well; empty where all is."""
    try:
        said: Mapping[str, Any] = json.loads(body)
        parts = [f"{name} {word}" for name, word in said.items() if isinstance(word, str) and name != "status"]
    except (ValueError, AttributeError):
        return f"HTTP {status}"
    unwell = [part for part in parts if not part.endswith(f" {WELL}")]
    if unwell:
        return ", ".join(unwell)
    return "" if status == 200 else f"HTTP {status}"


def ask(url: str) -> str:
    """What is not well at this address; empty where all is."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 - http or https, by the settings
            return describe_trouble(answer.status, answer.read(65_536))
    except urllib.error.HTTPError as error:
        return describe_trouble(error.code, error.read(65_536))
    except OSError as error:
        return f"没有应答（{getattr(error, 'reason', error)}）"


class Watcher:
    """`look` says what is not well; `carrier` reaches the operators."""

    def __init__(self, settings: WatchSettings, look: Callable[[], str], carrier: Carrier) -> None:
        self._settings = settings
        self._look = look
        self._carrier = carrier
        self._vigil = Vigil(settings.watch_after, settings.watch_again)

    async def watch(self, stopping: asyncio.Event, every: float = EVERY) -> None:
        """Until told to stop."""
        clock = asyncio.get_running_loop().time
        while not stopping.is_set():
            say_alive()
            trouble = await asyncio.to_thread(self._look)
            match self._vigil.look(trouble, clock()):
                case Act.TELL_TROUBLE:
                    log.error("service_unwell", trouble=trouble)
                    await self._text_all(f"【十户联防】{self._write_now()}服务异常：{trouble[:80]}。请马上查看。")
                    await self._ring_one(f"十户联防服务异常，请马上查看。{trouble[:80]}")
                case Act.TELL_WELL:
                    log.info("service_well")
                    await self._text_all(f"【十户联防】{self._write_now()}服务已恢复正常。")
                case None:
                    pass
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), every)

    async def test(self) -> bool:
        """Text all and ring one after the other, as a test; whether somebody picked up and the service is well."""
        trouble = await asyncio.to_thread(self._look)
        found = f"服务{trouble[:80]}" if trouble else "服务正常"
        await self._text_all(f"【十户联防】{self._write_now()}值守测试，不是故障。{found}。")
        reached = await self._ring_one("十户联防值守测试，不是故障。")
        print(f"service: {trouble or WELL}; operator: {'reached' if reached else 'not reached'}")
        return reached and not trouble

    def _write_now(self) -> str:
        return f"{datetime.now(ZoneInfo(self._settings.timezone)):%H:%M}"

    async def _text_all(self, body: str) -> None:
        for phone in self._settings.watch_phones:
            try:
                await self._carrier.send_message(
                    OutboundMessage(phone, self._settings.twilio_from_number, body, "", valid_for=3600)
                )
            except CarrierError as error:
                log.error("text_not_taken", error=error.word)

    async def _ring_one(self, words: str) -> bool:
        """Ring one phone after the other until somebody picks up. Whether somebody has."""
        for phone in self._settings.watch_phones:
            if await self._is_reached(phone, words):
                log.info("operator_reached")
                return True
        log.error("nobody_reached", phones=len(self._settings.watch_phones))
        return False

    async def _is_reached(self, phone: str, words: str) -> bool:
        clock = asyncio.get_running_loop().time
        try:
            placed = await self._carrier.place_call(
                OutboundCall(phone, self._settings.twilio_from_number, tell(words, "zh"), "", RING_SECONDS)
            )
            until, state = clock() + LONGEST_CALL, placed.state
            while state not in FINAL and clock() < until:
                say_alive()
                await asyncio.sleep(2.0)
                with suppress(CarrierError):
                    state = (await self._carrier.fetch(Channel.CALL, placed.sid)).state
        except CarrierError as error:
            log.error("call_not_taken", error=error.word)
            return False
        return state in {AttemptState.COMPLETED, AttemptState.IN_PROGRESS}


async def _watch(settings: WatchSettings, *, is_test: bool) -> bool:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    carrier = TwilioCarrier(
        settings.twilio_account_sid,
        settings.twilio_auth_token,
        settings.twilio_api_base_url,
        timeout=settings.carrier_timeout,
        connections=2,
    )
    watcher = Watcher(settings, lambda: ask(settings.watch_url), carrier)
    try:
        if is_test:
            return await watcher.test()
        say_ready()
        await watcher.watch(stopping)
        return True
    finally:
        await carrier.close()


def main() -> None:
    """The process."""
    if sys.argv[1:] not in ([], ["--test"]):
        sys.exit("joint-defence: only --test can be said: it texts and rings once, now")
    try:
        settings = load_watch()
    except SettingsError as error:
        sys.exit(f"joint-defence: {error}")
    logging.configure(settings.log_level)
    sys.exit(0 if asyncio.run(_watch(settings, is_test=bool(sys.argv[1:]))) else 1)


if __name__ == "__main__":
    main()
