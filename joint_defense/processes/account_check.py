"""Asks the carriers now and then whether our accounts still work: nobody is to learn at an alarm that they do not.

One sender's question is all senders': the answer is in the database, where they, `/readyz`, the pages and the metrics
read it. An account that carries no more is asked every few seconds, and carries again once it has rested and answers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from config.database import Database, read_clock
from joint_defense.carriers.port import AccountTrouble, Carrier, CarrierError, TooFast
from joint_defense.delivery.lines import Line, LineStatus
from joint_defense.processes import heartbeats
from joint_defense.rules.states import Channel

LOOK_EVERY = 2.0
log = structlog.stdlib.get_logger(__name__)


class AccountWatch:
    """`in_database` runs work off the event loop, and answers None where the database is away."""

    def __init__(
        self,
        carriers: Mapping[str, Carrier],
        database: Database,
        status: LineStatus,
        in_database: Callable[[Callable[[], Any]], Awaitable[Any]],
    ) -> None:
        self._carriers = carriers
        self._database = database
        self._status = status
        self._in_database = in_database

    async def run(self, complain: Callable[[str], Awaitable[None]]) -> None:
        """Until cancelled. `complain` hears of an account that asks for a slower pace."""
        await asyncio.gather(*(self._watch(account, complain) for account in self._carriers))

    async def _watch(self, account: str, complain: Callable[[str], Awaitable[None]]) -> None:
        # One carrier that hangs keeps nobody from asking the others.
        while True:
            if await self._in_database(lambda: self._is_due(account)):
                word = await self._ask(account, complain)
                await self._in_database(lambda word=word: self._note(account, word))  # type: ignore[misc]
            await asyncio.sleep(LOOK_EVERY)

    async def _ask(self, account: str, complain: Callable[[str], Awaitable[None]]) -> str:
        began = time.monotonic()
        try:
            await self._carriers[account].check_account()
        except CarrierError as error:
            word = str(error.code or error.status or type(error).__name__)
            tell = log.error if isinstance(error, AccountTrouble) else log.warning
            tell("carrier_account_ill", account=account, word=word, error=type(error).__name__)
            if isinstance(error, TooFast):
                await complain(account)
            outs = [self._status.note(Line(account, ""), channel, error, began, placing=False) for channel in Channel]
            return next(filter(None, outs), word)
        self._status.hear(account, heartbeats.WELL, 0.0)
        # While it rests it is not well, whatever it answers to a question.
        return self._status.word(account)

    def _is_due(self, account: str) -> bool:
        with self._database.begin() as session:
            return heartbeats.is_account_due(session, account, read_clock(session))

    def _note(self, account: str, word: str) -> bool:
        with self._database.begin() as session:
            heartbeats.note_account(session, account, word, read_clock(session))
        return True
