"""The composition root: what a process is made of, put together from its settings once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from config.carriers import Account
from config.database import Database
from config.sealing import Seal
from config.services import Service
from config.settings import Settings
from joint_defense.rules.states import Channel

# A command has a runtime too, for its settings and its database: each part is loaded where it is first asked for.
if TYPE_CHECKING:
    from redis import Redis

    from joint_defense.alarms.intake import Limits
    from joint_defense.alarms.news_on_line import Patience
    from joint_defense.alarms.news_sent import InVain
    from joint_defense.carriers.port import Carrier, Dialect, Signatures
    from joint_defense.delivery.lines import Bundle, Lines, LineStatus, Places
    from joint_defense.processes.budget import Balances, Budget
    from joint_defense.processes.heartbeats import Witness
    from joint_defense.processes.spool import Spool
    from joint_defense.upkeep.number_changes import NumberRules

CALL_HOLDS = 30.0
"""Seconds that an alarm call takes, ringing and what is said: for estimates."""


@dataclass
class Runtime:
    """Database, Redis, signatures and pace of this process; carriers are made in the event loop that uses them."""

    settings: Settings
    database: Database = field(init=False)

    def __post_init__(self) -> None:
        self.database = Database(self.settings.database_url, seal=Seal(self.settings.data_keys))

    @cached_property
    def redis(self) -> Redis:
        """For a word in passing: fails within half a second."""
        from joint_defense.processes.queues import connect_briefly

        return connect_briefly(self.settings.redis_url)

    @cached_property
    def signatures(self) -> Signatures:
        from joint_defense.carriers.port import Signatures

        keys = [key for each in self.settings.accounts for key in (*each.auth_token, *each.signing_key)]
        return Signatures(keys, self.settings.public_base_url)

    def read_number(self, text: str) -> str:
        """The number that a carrier names as one end of a line, in E.164; "" for nobody."""
        from groups import directory

        return directory.read_line_number(text, self.settings.default_region, self.settings.default_area_code)

    def find_dialect(self, account: str) -> Dialect:
        """What the account that holds a line can do beyond what all can. `account`: its SID; "" where it is alone."""
        from joint_defense.carriers.port import DIALECTS

        accounts = self.settings.accounts
        if len(accounts) == 1:
            return DIALECTS[accounts[0].dialect]
        return DIALECTS[next((each.dialect for each in accounts if each.account_sid == account), "common")]

    @cached_property
    def limits(self) -> Limits:
        from joint_defense.alarms.intake import Limits

        settings = self.settings
        return Limits(settings.merge_window, settings.alarms_per_hour, settings.zone, self.number_rules)

    @cached_property
    def number_rules(self) -> NumberRules:
        """How a number in a text is read, and when a new one is called."""
        from joint_defense.upkeep.number_changes import NumberRules

        settings = self.settings
        return NumberRules(
            settings.default_region,
            settings.default_area_code,
            tuple(settings.countries),
            settings.drill_spans,
            settings.zone,
        )

    @cached_property
    def budget(self) -> Budget:
        """What calls and texts of a month may cost."""
        from joint_defense.processes.budget import Budget

        return Budget(self.settings, self.database)

    @cached_property
    def balances(self) -> Balances:
        """What the accounts at the carrier have left."""
        from joint_defense.processes.budget import Balances

        return Balances(self.settings)

    @cached_property
    def patience(self) -> Patience:
        from joint_defense.alarms.news_on_line import Patience

        return Patience(
            nobody_after=timedelta(seconds=self.settings.nobody_after),
            nobody_again=timedelta(seconds=self.settings.nobody_again),
            gone_after=timedelta(seconds=self.settings.caller_gone_after),
        )

    @cached_property
    def in_vain(self) -> InVain:
        """The incidents in which this process's clock found no news to send."""
        from joint_defense.alarms.news_sent import InVain

        return InVain()

    @cached_property
    def words_in_vain(self) -> InVain:
        """Those in which it found nobody to pass words on to."""
        from joint_defense.alarms.news_sent import InVain

        return InVain()

    @cached_property
    def redial_pauses(self) -> tuple[timedelta, ...]:
        """How long after each vain ring the next one follows; empty for none at all."""
        return tuple(timedelta(seconds=pause) for pause in self.settings.redial_after if pause)

    @cached_property
    def line_status(self) -> LineStatus:
        """Which accounts and numbers carry, as this process knows it."""
        from joint_defense.delivery.lines import LineStatus

        return LineStatus([each.account_sid for each in self.settings.accounts])

    @cached_property
    def pace(self) -> dict[Channel, Lines]:
        """The lines of each channel, with their limits."""
        from joint_defense.delivery.lines import Bundle, Lines
        from joint_defense.delivery.pace import Pace

        accounts = self.settings.accounts
        calls = {each.account_sid: self._make_calls_bundle(each) for each in accounts if each.calls}
        texts = {
            each.account_sid: Bundle(each.account_sid, each.weight, Pace(self.redis, Channel.SMS, each.text_rates))
            for each in accounts
            if each.texts
        }
        return {
            channel: Lines(channel, bundles, self.line_status)
            for channel, bundles in ((Channel.CALL, calls), (Channel.SMS, texts))
        }

    def _make_calls_bundle(self, account: Account) -> Bundle:
        from joint_defense.delivery.lines import Bundle
        from joint_defense.delivery.pace import Pace

        rates, whole = account.call_rates, account.call_rate
        if len(rates) == 1:
            # One number is the account: the lower limit holds, and one bucket does.
            both = [rate for rate in (*rates.values(), whole) if rate]
            rates, whole = dict.fromkeys(rates, min(both, default=0.0)), 0.0
        limit = Pace(self.redis, "call:account", {account.account_sid: whole}) if whole else None
        return Bundle(account.account_sid, account.weight, Pace(self.redis, Channel.CALL, rates), limit)

    @cached_property
    def places(self) -> Places:
        """How many calls the accounts and their numbers may hold at a time."""
        from joint_defense.delivery.lines import Line, Places

        accounts = [each for each in self.settings.accounts if each.calls]
        return Places(
            {each.account_sid: each.held_calls_in_all for each in accounts},
            {Line(each.account_sid, sender): most for each in accounts for sender, most in each.held_calls.items()},
        )

    def calls_a_second(self) -> float:
        """How many calls may begin a second, on all lines that carry, as the carriers let us now; 0: any number.

        A line that may hold only so many at a time is taken to hold each for `CALL_HOLDS`.
        """
        lines = self.pace[Channel.CALL]
        each = [
            self._find_calls_a_second(lines, account, senders) for account, senders in lines.list_carrying().items()
        ]
        return sum(each) if all(each) else 0.0

    def _find_calls_a_second(self, lines: Lines, account: str, senders: Sequence[str]) -> float:
        from joint_defense.delivery.lines import Line

        rates = lines.bundles[account].numbers.rates()
        held = {sender: self.places.lines.get(Line(account, sender), 0) / CALL_HOLDS for sender in senders}
        numbers = [min(filter(None, (rates[sender], held[sender])), default=0.0) for sender in senders]
        whole = lines.bundles[account].whole
        limits = (
            sum(numbers) if all(numbers) else 0.0,
            whole.rate() if whole is not None else 0.0,
            self.places.accounts.get(account, 0) / CALL_HOLDS,
        )
        return min(filter(None, limits), default=0.0)

    @property
    def owners_directory(self) -> Path:
        """Where the locks of this machine's processes are; the same for all of them."""
        return Path(self.settings.state_dir) / "owners"

    @cached_property
    def witness(self) -> Witness:
        """Who judges for this process which owners live; asked by its one clock."""
        from joint_defense.processes.heartbeats import Witness

        return Witness(self.owners_directory)

    @cached_property
    def spool(self) -> Spool:
        """Where this machine keeps what comes in while the database is away."""
        from joint_defense.processes.spool import Spool

        return Spool(Path(self.settings.state_dir) / "spool", seal=self.database.seal)

    def carriers(self) -> dict[str, Carrier]:
        """A carrier of each account, for the running event loop, which closes them."""
        from joint_defense.carriers.twilio import TwilioCarrier

        return {
            each.account_sid: TwilioCarrier(
                each.account_sid,
                each.auth_token[0],
                each.address,
                timeout=self.settings.carrier_timeout,
                connections=self.settings.requests_in_flight,
            )
            for each in self.settings.accounts
        }

    def load_carriers(self) -> None:
        """Load what `carriers` needs, which takes half a second of a processor."""
        from joint_defense.carriers.twilio import load

        load()

    def close(self) -> None:
        """Give connections back."""
        self.database.close()


RUNTIME = Service[Runtime]("runtime")


def get_runtime() -> Runtime:
    """The runtime of the app that is at work."""
    return RUNTIME.of()
