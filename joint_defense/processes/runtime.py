"""The composition root: what a process is made of, put together from its settings once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from config.database import Database
from config.services import Service
from config.settings import Settings
from joint_defense.rules.states import Channel

# A command has a runtime too, for its settings and its database: each part is loaded where it is first asked for.
if TYPE_CHECKING:
    from redis import Redis

    from joint_defense.alarms.intake import Limits
    from joint_defense.alarms.news_on_line import Patience
    from joint_defense.carriers.dialects import Dialect
    from joint_defense.carriers.inbound import Signatures
    from joint_defense.carriers.port import Carrier
    from joint_defense.delivery.pace import Pace
    from joint_defense.processes.heartbeats import Witness
    from joint_defense.processes.spool import Spool

CALL_HOLDS = 30.0
"""Seconds that an alarm call takes, ringing and what is said: for estimates."""


@dataclass
class Runtime:
    """Database, Redis, signatures and pace of this process; carriers are made in the event loop that uses them."""

    settings: Settings
    database: Database = field(init=False)

    def __post_init__(self) -> None:
        self.database = Database(self.settings.database_url)

    @cached_property
    def redis(self) -> Redis:
        """For a word in passing: fails within half a second."""
        from joint_defense.processes.queues import connect_briefly

        return connect_briefly(self.settings.redis_url)

    @cached_property
    def signatures(self) -> Signatures:
        from joint_defense.carriers.inbound import Signatures

        keys = (*self.settings.twilio_auth_token, *self.settings.carrier_signing_key)
        return Signatures(keys, self.settings.public_base_url)

    def read_number(self, text: str) -> str:
        """The number that a carrier names as one end of a line, in E.164; "" for nobody."""
        from groups import directory

        return directory.read_line_number(text, self.settings.default_region, self.settings.default_area_code)

    @property
    def dialect(self) -> Dialect:
        """What the carrier can do beyond what all can."""
        from joint_defense.carriers.dialects import DIALECTS

        return DIALECTS[self.settings.carrier_dialect]

    @cached_property
    def limits(self) -> Limits:
        from joint_defense.alarms.intake import Limits

        return Limits(merge_window=self.settings.merge_window, alarms_per_hour=self.settings.alarms_per_hour)

    @cached_property
    def patience(self) -> Patience:
        from joint_defense.alarms.news_on_line import Patience

        return Patience(
            nobody_after=timedelta(seconds=self.settings.nobody_after),
            nobody_again=timedelta(seconds=self.settings.nobody_again),
            gone_after=timedelta(seconds=self.settings.caller_gone_after),
        )

    @cached_property
    def redial_pauses(self) -> tuple[timedelta, ...]:
        """How long after each vain ring the next one follows; empty for none at all."""
        return tuple(timedelta(seconds=pause) for pause in self.settings.redial_after if pause)

    @cached_property
    def pace(self) -> dict[Channel, Pace]:
        """The limits of each channel for the numbers that we send from."""
        from joint_defense.delivery.pace import Pace

        rates = {
            Channel.CALL: self.settings.calls_per_second,
            Channel.SMS: self.settings.sms_segments_per_second,
        }
        return {
            channel: Pace(self.redis, channel, self.settings.by_sender(limits)) for channel, limits in rates.items()
        }

    @cached_property
    def concurrent_calls(self) -> dict[str, int]:
        """How many calls each number may hold at a time; empty where none is limited."""
        most = self.settings.by_sender(self.settings.concurrent_calls)
        return most if any(most.values()) else {}

    def calls_a_second(self) -> float:
        """How many calls may begin a second, of all numbers together, as the carrier lets us now; 0: any number.

        A number that may hold only so many at a time is taken to hold each for `CALL_HOLDS`.
        """
        rates = self.pace[Channel.CALL].rates()
        held = {sender: most / CALL_HOLDS for sender, most in self.concurrent_calls.items()}
        each = [min(filter(None, (rate, held.get(sender))), default=0.0) for sender, rate in rates.items()]
        return sum(each) if all(each) else 0.0

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

        return Spool(Path(self.settings.state_dir) / "spool")

    def carrier(self) -> Carrier:
        """A carrier for the running event loop, which closes it."""
        from joint_defense.carriers.twilio import TwilioCarrier

        return TwilioCarrier(
            self.settings.twilio_account_sid,
            self.settings.twilio_auth_token[0],
            self.settings.twilio_api_base_url,
            timeout=self.settings.carrier_timeout,
            connections=self.settings.requests_in_flight,
        )

    def close(self) -> None:
        """Give connections back."""
        self.database.close()


RUNTIME = Service[Runtime]("runtime")


def runtime() -> Runtime:
    """The runtime of the app that is at work."""
    return RUNTIME.of()
