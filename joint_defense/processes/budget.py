"""What calls and texts of a month cost, by the prices that are set; whether the month's budget is spent; and what the
accounts have left.

An estimate from what has happened: a call that somebody picked up counts once, a text by its segments, two where an
alarm's was put together when it was sent. The carrier's invoice is the truth.
"""

from __future__ import annotations

import asyncio
import calendar
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

import structlog
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from config.carriers import Account
from config.database import Database
from config.settings import Settings
from joint_defense.models.incidents import Attempt, Delivery, Incident
from joint_defense.rules.states import Channel
from joint_defense.rules.wording.alarm import EACH_SEGMENT, ONE_SEGMENT

LOOK_EVERY = 600.0
WARNED_AT = Decimal("0.8")
"""Of the budget: somebody is told before it stops anything."""
ALARM_SEGMENTS = 2
log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Costs:
    """Of a month, up to a moment. `counts`: by kind of incident, calls picked up and segments of texts."""

    month: date
    share: Decimal
    """How much of the month is over, 0 to 1."""
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    call_price: Decimal = Decimal(0)
    text_price: Decimal = Decimal(0)

    def price(self, kind: str) -> Decimal:
        """What this kind has cost."""
        calls, segments = self.counts.get(kind, (0, 0))
        return calls * self.call_price + segments * self.text_price

    @property
    def spent(self) -> Decimal:
        """Yuan so far."""
        return sum((self.price(kind) for kind in self.counts), Decimal(0))

    @property
    def expected(self) -> Decimal:
        """Yuan by the end of the month, if it goes on so."""
        return self.spent / self.share if self.share else self.spent


def read_costs(session: Session, settings: Settings, month: date, now: datetime) -> Costs:
    """Of the month that begins on this day, by local time, up to now."""
    begin = datetime(month.year, month.month, 1, tzinfo=settings.zone)
    days = calendar.monthrange(month.year, month.month)[1]
    end = datetime(month.year, month.month, days, tzinfo=settings.zone) + timedelta(days=1)
    length = func.length(Delivery.text)
    segments = case(
        (Delivery.text.is_(None), ALARM_SEGMENTS),
        (length <= ONE_SEGMENT, 1),
        else_=(length + EACH_SEGMENT - 1) // EACH_SEGMENT,
    )
    asked = (
        select(
            Incident.kind,
            func.count(case(((Delivery.channel == Channel.CALL) & Attempt.answered_at.is_not(None), 1))),
            func.sum(case(((Delivery.channel == Channel.SMS) & Attempt.accepted_at.is_not(None), segments), else_=0)),
        )
        .select_from(Attempt)
        .join(Delivery, Attempt.delivery_id == Delivery.id)
        .join(Incident, Delivery.incident_id == Incident.id)
        .where(Attempt.requested_at >= begin, Attempt.requested_at < end)
        .group_by(Incident.kind)
    )
    counts = {str(row[0]): (row[1], int(row[2] or 0)) for row in session.execute(asked)}
    passed = Decimal((min(now, end) - begin).total_seconds()) / Decimal((end - begin).total_seconds())
    share = max(Decimal(0), passed)
    return Costs(month, share, counts, settings.call_price or Decimal(0), settings.text_price or Decimal(0))


class Budget:
    """Whether the month's budget is spent, looked at now and then. It stops what can wait, and never an alarm."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._looked_at = -LOOK_EVERY
        self._share = Decimal(0)

    def read_share(self) -> Decimal:
        """How much of it is spent: 1 and more where all is, 0 without one. Raises what the database raises."""
        budget = self._settings.monthly_budget
        if not budget:
            return Decimal(0)
        if time.monotonic() - self._looked_at >= LOOK_EVERY:
            with self._database.begin(reads=True) as session:
                now = self._database.estimate_now()
                month = now.astimezone(self._settings.zone).date().replace(day=1)
                self._share = read_costs(session, self._settings, month, now).spent / budget
            self._looked_at = time.monotonic()
        return self._share

    def is_spent(self) -> bool:
        """Whether nothing that can wait is to be called or texted this month."""
        return self.read_share() >= 1


class Balances:
    """Which accounts have less than LOW_BALANCE left, asked now and then in a thread: nobody waits for the carrier."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._asked_at = -LOOK_EVERY
        self._low: dict[str, str] = {}

    def read_low(self) -> Mapping[str, str]:
        """By the account's name what it had left when asked last, with its currency."""
        if self._settings.low_balance and time.monotonic() - self._asked_at >= LOOK_EVERY:
            self._asked_at = time.monotonic()
            threading.Thread(target=self.ask, name="balances", daemon=True).start()
        return dict(self._low)

    def ask(self) -> None:
        """Ask every account now. What is not answered stays as it was known; a carrier that does not tell has none."""
        asyncio.run(self._ask_all())

    async def _ask_all(self) -> None:
        for account in self._settings.accounts:
            await self._ask(account)

    async def _ask(self, account: Account) -> None:
        # The carrier's SDK, only where somebody wants to know.
        from joint_defense.carriers.numbers import Numbers  # noqa: PLC0415
        from joint_defense.carriers.port import CarrierError  # noqa: PLC0415

        try:
            async with Numbers(account, timeout=self._settings.carrier_timeout) as numbers:
                said = await numbers.read_balance() or ""
        except CarrierError as error:
            if error.status != 404:
                return
            said = ""
        try:
            is_low = Decimal(said.partition(" ")[0]) < (self._settings.low_balance or 0)
        except InvalidOperation:
            log.warning("balance_not_told", account=account.name)
            is_low = False
        self._low = {name: left for name, left in self._low.items() if name != account.name}
        if is_low:
            self._low[account.name] = said
