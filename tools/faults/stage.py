"""Where faults happen: a town, its alarms, and what the carrier's own record says of them."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import delete, func, select

from groups.models.responders import Responder, Team
from groups.models.roster import Group
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.rules.states import DeliveryState
from tests.journeys.neighbours import Neighbours, Street
from tests.journeys.town import DIRECT_NUMBER
from tests.support.handsets import eventually
from tools.faults.breakable import BreakableTown

NEIGHBOURS = 6
WAYS = ("keys", "direct", "text")
PATIENCE = 40.0
ELSEWHERE = Path(__file__).parent / "elsewhere"


@dataclass
class Alarm:
    """A call for help, and who has to be rung and texted for it."""

    stage: Stage
    street: Street
    way: str
    raised_at: float = 0.0
    heard: str | None = None
    duty: str = ""
    """The number of the village's duty phone, where that is to be called as well."""

    @property
    def expected(self) -> list[tuple[str, str]]:
        neighbours = [(kind, phone.number) for phone in self.street.phones[1:] for kind in ("call", "message")]
        return neighbours + [("call", self.duty)] * bool(self.duty)

    def is_to_be_widened(self, after: int) -> None:
        """The village's duty phone is called as well, so many seconds after the alarm, because nobody comes."""
        # Another number each time: the call of the alarm before may be a moment old.
        self.duty = f"+8657487{self.street.group_id:06}"
        town = self.stage.town
        town.widen_as({"steps": [{"after": after, "fewer_than": 1, "whom": ["duty"]}]})
        with town.database.begin() as session:
            village_id = session.get_one(Group, self.street.group_id).village_id
            session.execute(delete(Responder))
            duty = {"team": Team.STATION, "name": "值班室", "number": self.duty, "may_text": False}
            session.add(Responder(village_id=village_id, **duty))

    def raise_(self) -> Alarm:
        """Call for help. Returns when the call is under way, and for a text when it is answered."""
        caller = self.street.phones[0]
        self.raised_at = time.time()
        match self.way:
            case "keys":
                caller.calls_for_help()
            case "direct":
                caller.handset.dial(to=DIRECT_NUMBER)
            case _:
                self.heard = caller.texts("救命")
        return self

    def placed(self) -> list[tuple[float, str, str, str]]:
        """(when, kind, number, the carrier's id) of the requests for it that the carrier carried out."""
        wanted = {number for _, number in self.expected}
        return [
            (each["at"], each["kind"], each["to"], each["sid"])
            for each in self.stage.town.taken(self.raised_at - 1)
            if each["sid"] and each["to"] in wanted and each["kind"] in ("call", "message")
        ]

    def begun(self, count: int = 1) -> None:
        """Wait until so many requests were carried out."""
        eventually(lambda: len(self.placed()) >= count, f"{count} requests", within=PATIENCE)

    def counts(self) -> Counter[tuple[str, str]]:
        return Counter((kind, number) for _, kind, number, _ in self.placed())

    def outstanding(self) -> int:
        """How many of its requests the service has still to make, or has made and not written down."""
        done = select(func.count()).where(
            Delivery.incident_id.in_(select(Incident.id).where(Incident.group_id == self.street.group_id)),
            Delivery.state.not_in([DeliveryState.WAITING, DeliveryState.CLAIMED]),
        )
        with self.stage.town.database.begin() as session:
            return len(self.expected) - (session.scalar(done) or 0)

    def holders(self) -> Counter[int]:
        """How many of its requests each process has in hand, by the process's id."""
        held = select(Delivery.owner).where(
            Delivery.incident_id.in_(select(Incident.id).where(Incident.group_id == self.street.group_id)),
            Delivery.state == DeliveryState.CLAIMED,
        )
        with self.stage.town.database.begin() as session:
            return Counter(int(owner.split(":")[1]) for owner in session.scalars(held) if owner)

    def misreported(self, timeline: Sequence[str]) -> list[str]:
        """What the incident's record does not say although it happened; `timeline` is what must stand there."""
        record = self.street.record()
        told = [each["kind"] for each in record["timeline"]]
        wrong = [f"no {kind!r} on the timeline" for kind in timeline if kind not in told]
        opened = [each.get("household") for each in record["timeline"] if each["kind"] == "opened"]
        if opened != [self.street.phones[0].home]:
            wrong.append(f"on the timeline it was opened by {opened}")
        known = {attempt["sid"] for delivery in record["deliveries"] for attempt in delivery["attempts"]}
        if unknown := [kind for _, kind, _, sid in self.placed() if sid not in known]:
            wrong.append(f"not on record although the carrier made them: {dict(Counter(unknown))}")
        return wrong


@dataclass
class Shown:
    """What a fault was done to, and what came of it that the carrier's record does not tell.

    since         the moment from which each alarm's first request is awaited (0: from when it was raised)
    timeline      what must stand on each alarm's timeline besides its opening
    outstanding   how many requests were still to be made or written down when it struck; None where it does not strike
                  in the middle of anything
    """

    alarms: list[Alarm]
    since: float = 0.0
    timeline: tuple[str, ...] = ()
    complaints: list[str] = field(default_factory=list)
    outstanding: int | None = None

    @property
    def struck_nothing(self) -> bool:
        """Everything had left already: it proves nothing."""
        return self.outstanding == 0


@dataclass
class Outcome:
    """Of one go: how much of what was expected was asked for, how much twice, and the longest gap in seconds.

    The gap is None where there was nothing more to ask for.
    """

    alarms: int
    requested: int
    expected: int
    doubled: int
    gap: float | None
    complaints: list[str]


class Stage:
    """One town and its alarms. `chance` decides what is left to chance."""

    def __init__(self, town: BreakableTown, chance: random.Random, postgres: Any = None, full: Any = None) -> None:
        self.town = town
        self.chance = chance
        self.server = postgres
        self.full = full
        self.neighbours = Neighbours(town)
        self._count = 0
        self._turn = -1

    def take_turn(self, among: Sequence[str]) -> str:
        """The next one of these: a fault that is done often enough meets each."""
        self._turn += 1
        return among[self._turn % len(among)]

    def alarm(self) -> Alarm:
        """A fresh group, where nobody has called yet."""
        self._count += 1
        street = self.neighbours.settle("王建国", *(f"邻居{number}" for number in range(NEIGHBOURS)))
        return Alarm(self, street, WAYS[self._count % len(WAYS)])

    def judge(self, shown: Shown) -> Outcome:
        """Wait until all is sent, and count."""
        complaints = list(shown.complaints)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not all(
            set(alarm.counts()) >= set(alarm.expected) for alarm in shown.alarms
        ):
            time.sleep(0.05)
        try:
            self.neighbours.wait_until_all_is_sent()
        except AssertionError as error:
            complaints.append(str(error))
        time.sleep(0.3)
        gaps, requested, expected, doubled = [], 0, 0, 0
        for alarm in shown.alarms:
            counts = alarm.counts()
            requested += len(set(counts) & set(alarm.expected))
            expected += len(alarm.expected)
            doubled += sum(count - 1 for count in counts.values())
            complaints += alarm.misreported(shown.timeline) if counts else []
            since = max(shown.since, alarm.raised_at)
            gaps += [at - since for at in sorted(at for at, *_ in alarm.placed() if at >= since)[:1]]
        return Outcome(len(shown.alarms), requested, expected, doubled, max(gaps, default=None), complaints)

    def clear(self) -> None:
        """Everybody goes home, and the town is whole again."""
        self.town.be_whole()
        self.town.widen_as({"steps": []})
        self.neighbours.go_home()
        self.neighbours.streets.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        return
