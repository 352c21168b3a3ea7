"""Asks the carrier now and then whether our account still works: nobody is to learn at an alarm that it does not.

One sender's question is all senders': the answer is in the database, where `/readyz` and the metrics read it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from config.database import Database, clock
from joint_defense.carriers.port import AccountTrouble, Carrier, CarrierError
from joint_defense.processes import heartbeats

LOOK_EVERY = 2.0
log = structlog.stdlib.get_logger(__name__)


class AccountWatch:
    """`in_database` runs work off the event loop, and answers None where the database is away."""

    def __init__(
        self,
        carrier: Carrier,
        database: Database,
        account: str,
        in_database: Callable[[Callable[[], bool]], Awaitable[bool | None]],
    ) -> None:
        self._carrier = carrier
        self._database = database
        self._account = account
        self._in_database = in_database

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if await self._in_database(lambda: self._with_session(heartbeats.account_is_due)):
                word = await self._ask()
                await self._in_database(lambda word=word: self._note(word))  # type: ignore[misc]
            await asyncio.sleep(LOOK_EVERY)

    async def _ask(self) -> str:
        try:
            await self._carrier.check_account()
        except CarrierError as error:
            word = str(error.code or error.status or type(error).__name__)
            tell = log.error if isinstance(error, AccountTrouble) else log.warning
            tell("carrier_account_ill", word=word, error=type(error).__name__)
            return word
        return heartbeats.WELL

    def _with_session(self, question: Callable[..., bool]) -> bool:
        with self._database.begin() as session:
            return question(session, self._account, clock(session))

    def _note(self, word: str) -> bool:
        with self._database.begin() as session:
            heartbeats.note_account(session, self._account, word, clock(session))
        return True
