"""Simulated nights: how long it takes until a second household comes, by a model of people over a real plan of rings.

What people do is drawn; whom a policy calls, when, and in what order is not: that is the plan an alarm makes, and the
steps of the policy in force. All seconds count from the key #9.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from math import inf

from joint_defense.rules.escalation import Policy, Progress, Whom

HOURS = 24
IN_TIME = 60
"""A second household that comes within so many seconds has come in time, in these figures."""
WORTH_SAYING = 0.01
"""A remedy that adds fewer nights than this share is none."""
BANDS: Mapping[str, range] = {"0-6": range(6), "6-9": range(6, 9), "9-18": range(9, 18), "18-24": range(18, 24)}
"""The hours of a day as the figures show them."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What people do, as shares of 1, some by the hour. They are assumptions and no measurements, unless one says so.

    A household is awake, asleep or away as a whole; each of its phones is off, unheard or heard by itself.
    """

    away: tuple[float, ...] = (0.10,) * 6 + (0.15, 0.30) + (0.45,) * 9 + (0.30, 0.20) + (0.12,) * 5
    """Nobody is at home: at work or in the fields by day, in town or with relatives at night."""
    asleep: tuple[float, ...] = (
        *(0.93, 0.96, 0.97, 0.97, 0.95, 0.85, 0.50, 0.18, 0.08, 0.04, 0.04, 0.06),
        *(0.25, 0.30, 0.12, 0.05, 0.04, 0.04, 0.04, 0.06, 0.17, 0.45, 0.80, 0.92),
    )
    """Of those at home. That it is 9 hours 46 minutes a day is measured (the third national time use survey of China,
    National Bureau of Statistics, 2024); when, is assumed: early to bed, early to rise, a rest at noon.
    """
    off_by_day: float = 0.06
    off_at_night: float = 0.30
    """A mobile is switched off, muted or out of reach; at night: from 22 to 6. A landline never is."""
    unheard_awake: float = 0.10
    unheard_asleep: float = 0.30
    """A phone that nobody hears all that time: another room, hard of hearing."""
    ring_awake: float = 0.85
    ring_asleep: float = 0.60
    """One ring of a phone that can be heard is answered."""
    answer_awake: tuple[float, float] = (4, 18)
    answer_asleep: tuple[float, float] = (12, 35)
    """Seconds until it is picked up, evenly between these."""
    listens: tuple[float, float] = (10, 25)
    """Seconds from there to the key."""
    comes_by_day: float = 0.75
    comes_at_night: float = 0.65
    """A household that has answered can come."""
    text_awake: float = 0.40
    text_asleep: float = 0.02
    """A text is answered by itself, where nobody picked up a call."""
    text_after: tuple[float, float] = (20, 300)
    duty: float = 0.95
    """A responder on duty answers a ring, and comes."""
    talks: float = 30
    """Seconds that a caller of a telephone tree needs with everybody who picks up."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone of the scene: whose (a place among the parties), whether it is a mobile, and whether a responder's."""

    party: int
    is_mobile: bool
    on_duty: bool = False


@dataclass(frozen=True, slots=True)
class Ring:
    """A call or text to a phone (its place in the scene), so many seconds after its step begins."""

    phone: int
    after: float
    is_call: bool


@dataclass(frozen=True, slots=True)
class Start:
    """What one household's alarm rings at once; with a second phone for each household that has but one; and the order
    in which somebody would ring them one after the other. `caller` is its place among the parties: nobody rings it.
    """

    caller: int
    rings: tuple[Ring, ...]
    with_second: tuple[Ring, ...]
    tree: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """A group with all whom its alarms may ring. `steps` holds by hour whom a step calls; `more_backup`: another
    back-up group. The first `near_phones` are those that an alarm rings at once.
    """

    phones: tuple[Phone, ...]
    starts: tuple[Start, ...]
    policy: Policy
    steps: tuple[Mapping[Whom, tuple[Ring, ...]], ...]
    near_phones: int
    more_backup: tuple[Ring, ...] = ()
    redial_after: tuple[float, ...] = (15, 45, 120)
    ring_timeout: float = 40


class Way(StrEnum):
    """What is compared."""

    AS_IS = "as_is"
    TREE = "tree"
    """One household rung after the other, by one person."""
    BACKUP = "backup"
    """Another back-up group."""
    SHORTER = "shorter"
    """Every step after half its time."""
    SECOND_PHONE = "second_phone"
    """A second phone, a mobile, for each household that has but one."""


REMEDIES = (Way.BACKUP, Way.SHORTER, Way.SECOND_PHONE)


@dataclass(slots=True)
class Times:
    """Seconds until the second household was coming, a night each; `inf` where none came."""

    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """`inf` where more than half the nights had none."""
        return self.find_quantile(0.5)

    def find_quantile(self, share: float) -> float:
        """The seconds within which it came in this share of the nights."""
        return sorted(self.seconds)[min(int(len(self.seconds) * share), len(self.seconds) - 1)] if self.seconds else inf

    @property
    def in_time(self) -> float:
        """The share of nights in which it came within `IN_TIME`."""
        return bisect_right(sorted(self.seconds), IN_TIME) / len(self.seconds) if self.seconds else 0.0

    @property
    def never(self) -> float:
        """The share of nights in which none came."""
        return sum(each == inf for each in self.seconds) / len(self.seconds) if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """The nights of a group: by way, and as it is by the band of hours."""

    nights: int
    ways: Mapping[Way, Times]
    bands: Mapping[str, Times]

    @property
    def best(self) -> tuple[Way, float] | None:
        """The remedy that helps most, and the share of all nights that it adds to those in time; None: none is worth
        saying.
        """
        gains = [(self.ways[way].in_time - self.ways[Way.AS_IS].in_time, way) for way in REMEDIES if way in self.ways]
        gain, way = max(gains, default=(0.0, Way.AS_IS))
        return (way, gain) if gain >= WORTH_SAYING else None


def play_nights(scene: Scene, nights: int, seed: int | str, habits: Habits | None = None) -> Result:
    """Play so many alarms of the group, each of a household and at an hour drawn by lot. A seed has its nights.

    All ways meet the same people.
    """
    habits, rng = habits or Habits(), random.Random(seed)  # noqa: S311 - no secret
    shorter = replace(
        scene.policy, steps=tuple(replace(step, after=max(1, step.after // 2)) for step in scene.policy.steps)
    )
    ways = {way: Times() for way in Way if way is not Way.BACKUP or scene.more_backup}
    bands = {name: Times() for name in BANDS}
    for _ in range(nights):
        hour = rng.randrange(HOURS)
        start = scene.starts[rng.randrange(len(scene.starts))]
        people = _Tonight(scene, hour, start.caller, rng, habits)
        steps = scene.steps[hour]
        as_is = _play(people, scene, start.rings, scene.policy, steps)
        found = {
            Way.AS_IS: as_is,
            Way.TREE: _play_tree(people, scene, start.tree, habits),
            Way.SHORTER: _play(people, scene, start.rings, shorter, steps),
            Way.SECOND_PHONE: _play(people, scene, start.with_second, scene.policy, steps),
        }
        if scene.more_backup:
            more = {**steps, Whom.BACKUP: steps.get(Whom.BACKUP, ()) + scene.more_backup}
            found[Way.BACKUP] = _play(people, scene, start.rings, scene.policy, more)
        for way, seconds in found.items():
            ways[way].seconds.append(seconds)
        next(bands[name] for name, hours in BANDS.items() if hour in hours).seconds.append(as_is)
    return Result(nights, ways, bands)


class _Tonight:
    """What is drawn of a night: of each party whether it comes; of each phone the seconds from a call (with its
    redials), from one more ring, from a text, and from a first ring alone to the answer (negative: so long it rang in
    vain).

    Those outside the group are drawn once a step calls them: in most nights none does.
    """

    def __init__(self, scene: Scene, hour: int, caller: int, rng: random.Random, habits: Habits) -> None:
        self._scene, self._hour, self._caller, self._rng, self._habits = scene, hour, caller, rng, habits
        self._night = hour >= 22 or hour < 6
        self._away: list[bool] = []
        self._asleep: list[bool] = []
        self.comes: list[bool] = []
        self.calls: list[float] = []
        self.again: list[float] = []
        self.texts: list[float] = []
        self.first: list[float] = []
        self._draw(scene.near_phones)

    def meet_all(self) -> None:
        """Draw those outside the group, too."""
        if len(self.calls) < len(self._scene.phones):
            self._draw(len(self._scene.phones))

    def _draw(self, phones: int) -> None:
        some = self._scene.phones[len(self.calls) : phones]
        self._draw_parties(max([self._caller, *(each.party for each in some)]) + 1)
        for phone in some:
            self._draw_phone(phone)

    def _draw_parties(self, count: int) -> None:
        draw, habits, hour = self._rng.random, self._habits, self._hour
        likely = habits.comes_at_night if self._night else habits.comes_by_day
        for party in range(len(self.comes), count):
            self._away.append(draw() < habits.away[hour])
            self._asleep.append(draw() < habits.asleep[hour])
            # Whoever calls for help comes to nobody.
            self.comes.append(draw() < likely and party != self._caller)

    def _draw_phone(self, phone: Phone) -> None:
        habits, scene, lot, party = self._habits, self._scene, self._rng.random, phone.party
        sleeps = self._asleep[party] and not phone.on_duty
        away = self._away[party] and not phone.on_duty
        # A landline stays in the house; a mobile of somebody who is out rings, but its owner is too far away.
        dead = lot() < (habits.off_at_night if self._night else habits.off_by_day) and phone.is_mobile
        deaf = lot() < (habits.unheard_asleep if sleeps else habits.unheard_awake)
        chance = habits.duty if phone.on_duty else habits.ring_asleep if sleeps else habits.ring_awake
        if phone.on_duty:
            self.comes[party] = True
        elif dead or deaf or away:
            chance = 0.0
        span = habits.answer_asleep if sleeps else habits.answer_awake
        rings = [_spread(span, lot()) if lot() < chance else inf for _ in range(len(scene.redial_after) + 2)]
        listening = _spread(habits.listens, lot())
        length = 5.0 if dead else scene.ring_timeout
        self.calls.append(_find_answer(rings, length, scene.redial_after) + listening)
        self.again.append(rings[-1] + listening)
        self.first.append(rings[0] if rings[0] < inf else -length)
        reads = habits.text_asleep if sleeps else habits.text_awake
        seen, after = lot() < reads, _spread(habits.text_after, lot())
        self.texts.append(after if seen and not dead and not away else inf)


def _spread(span: tuple[float, float], lot: float) -> float:
    return span[0] + (span[1] - span[0]) * lot


def _find_answer(rings: Sequence[float], length: float, pauses: Sequence[float]) -> float:
    """From the first ring to the one that is picked up, through the redials."""
    gone = 0.0
    for ring, pause in zip(rings, (*pauses, 0.0), strict=False):
        if ring < inf:
            return gone + ring
        gone += length + pause
    return inf


def _play(
    people: _Tonight, scene: Scene, rings: Sequence[Ring], policy: Policy, steps: Mapping[Whom, tuple[Ring, ...]]
) -> float:
    """When the second household was coming."""
    coming: dict[int, float] = {}
    _ring(people, scene, rings, 0.0, coming)
    done = 0
    while done < len(policy.steps):
        progress = Progress(policy, _OPENED, done)
        now = float(policy.steps[done].after)
        if progress.is_held(sum(each <= now for each in coming.values())):
            break
        people.meet_all()
        for whom in policy.steps[done].whom:
            _ring(people, scene, steps.get(whom, ()), now, coming, once_more=whom is Whom.LEADERS)
        done += 1
    times = sorted(coming.values())
    return times[1] if len(times) > 1 else inf


_OPENED = datetime(2027, 1, 1, tzinfo=UTC)


def _ring(
    people: _Tonight,
    scene: Scene,
    rings: Sequence[Ring],
    now: float,
    coming: dict[int, float],
    *,
    once_more: bool = False,
) -> None:
    calls = people.again if once_more else people.calls
    for ring in rings:
        party = scene.phones[ring.phone].party
        if people.comes[party]:
            took = calls[ring.phone] if ring.is_call else people.texts[ring.phone]
            at = now + ring.after + took
            if at < coming.get(party, inf):
                coming[party] = at


def _play_tree(people: _Tonight, scene: Scene, tree: Sequence[int], habits: Habits) -> float:
    """One person rings one household after the other."""
    now, coming = 0.0, 0
    for phone in tree:
        rang = people.first[phone]
        if rang < 0:
            now -= rang
            continue
        now += rang + habits.talks
        coming += people.comes[scene.phones[phone].party]
        if coming == 2:
            return now
    return inf
