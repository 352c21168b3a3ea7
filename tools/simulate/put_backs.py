"""Faults of the past, put back by hand: a night has to find each (`make simulate ARGS=--put-backs`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from sqlalchemy import update

from joint_defense.alarms import closing, held_alarms, intake
from joint_defense.carriers.port import CarrierError
from joint_defense.delivery import claims, lines, results, rivals, sender
from joint_defense.incidents import answers, policies
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.processes import clock as clock_process
from joint_defense.processes import heartbeats, spool, stand_in
from joint_defense.processes.dispatcher import Dispatcher
from joint_defense.rules.answers import Answers
from tools.simulate.carrier import SLOW
from tools.simulate.judge import complaints
from tools.simulate.town import GROUPS, is_alone
from tools.simulate.world import Nights

PutBack = Callable[[], AbstractContextManager[Any]]
FEW = frozenset(range(36))
ALONE = frozenset(group for group in range(GROUPS) if is_alone(group))
"""Those who have nobody but three duty phones, each of many alarms."""
SEEDS = (3, 8, 1, 2, 4, 12, 5, 6, 14)


@dataclass(frozen=True)
class Kind:
    """What nights are like in which a fault can show: who calls, what goes wrong more often, how many calls there may
    be.
    """

    only: frozenset[int] = FEW
    more: tuple[tuple[str, float], ...] = ()
    places: int | None = None

    def play(self, nights: Nights, seed: int) -> list[str]:
        """What is wrong after the night of this seed."""
        return complaints(nights.play(seed, self.only, frozenset(), dict(self.more), self.places))


KINDS = {
    # What waits on the disk meets a database that fails again and again.
    "2 what is spooled is set aside at its first error": Kind(more=(("commit fails", 0.12), ("kept for long", 0.3))),
    # An account of so few places that a night of few groups fills them.
    "15 calls under way are not counted": Kind(places=24),
    # Several duty calls in the hand of a sender that dies, of which some never arrive.
    "calls to one phone leave side by side": Kind(ALONE, (("killed at an await", 0.003), ("request lost", 0.06))),
    # Senders die over what the list does not show yet, and the next one is there within half a second.
    "a dead sender's claims are looked for at once": Kind(more=(("killed at an await", 0.004), (SLOW, 0.6))),
    # Answers are cut while the database fails.
    "a look-up without its beginning begins now": Kind(more=(("answer cut", 0.25), ("commit fails", 0.1))),
}
"""Of the faults that an ordinary night of few groups is too quiet for."""


def _nobody_stands_in() -> Any:
    return patch.object(stand_in.StandIn, "_look", lambda _self: None)


def _nobody_drains() -> Any:
    parts = tuple(part for part in clock_process.PARTS if part.__name__ != "_drain")
    return patch.object(clock_process, "PARTS", parts)


def _one_error_sets_aside() -> Any:
    def put_off(self: spool.Spool, event: spool.SpooledEvent) -> int:
        self._set_aside(self._name_file(event.carrier_key))
        return 1

    return patch.object(spool.Spool, "put_off", put_off)


@contextmanager
def _old_calls_count() -> Iterator[None]:
    def still(_now: object) -> Any:
        return Incident.closed_at.is_(None)

    with patch.object(answers, "match_still_calling", still):
        yield


def _silent_ones_are_rung() -> Any:
    return patch.object(held_alarms, "leave_out_callers", lambda _session, planned, _now: planned)


def _failed_end_is_the_end() -> Any:
    async def run(self: Dispatcher, enquiry: Any) -> None:
        carrier = next(iter(self._carriers.values()))
        with suppress(CarrierError):
            if enquiry.ends:
                await carrier.end_call(enquiry.sid)
            receipt = await carrier.fetch(enquiry.channel, enquiry.sid)
            await self._run_in_database(lambda: self._record_enquiry(enquiry, receipt))

    return patch.object(Dispatcher, "_run", run)


def _own_incident_is_not_joined() -> Any:
    return patch.object(intake, "_find_own_incident", lambda *_: None)


def _hosts_are_one() -> Any:
    return patch.object(heartbeats, "_read_id", lambda _directory: "0")


def _a_call_is_adopted_twice() -> Any:
    return patch.object(rivals, "find_known_sids", lambda *_: set())


def _given_up_by_its_opening() -> Any:
    def too_late(_session: object, delivery: Delivery, now: Any) -> bool:
        return bool(now - delivery.incident.opened_at > timedelta(minutes=15))

    return patch.object(results, "is_too_late_to_help", too_late)


def _places_are_not_counted() -> Any:
    return patch.object(lines.Places, "room", lambda _self, granted, _held: dict(granted))


def _ringing_phones_are_redialled() -> Any:
    return patch.object(closing, "_find_busy_with_us", lambda *_: set())


@contextmanager
def _last_answer_wins() -> Iterator[None]:
    whole = Answers.__init__

    def init(self: Any, given: Any) -> None:
        whole(self, given)
        self._newest = {each.party: each for each in self._given}

    with patch.object(Answers, "__init__", init):
        yield


def _nobody_hurries() -> Any:
    return patch.object(policies, "hurry", lambda _incident: None)


def _without_looking_up() -> Any:
    whole = claims.release_dead

    def release(*given: Any) -> int:
        count = whole(*given)
        given[0].execute(update(Delivery).values(look_up_first=False))
        return count

    return patch.object(claims, "release_dead", release)


def _lost_answers_are_sent_again() -> Any:
    return patch.object(results, "OutcomeUnknown", type("Never", (Exception,), {}))


def _looked_for_at_once() -> Any:
    return patch.object(claims, "ARRIVES_WITHIN", timedelta(0))


def _since_now() -> Any:
    """A look-up that does not know since when looks at what is younger than itself."""
    whole = sender.Sender._look_up

    async def look_up(self: sender.Sender, claim: Any, *rest: Any) -> Any:
        known = self._first_request

        async def first(of: Any) -> Any:
            return await known(of) or of.requested_at

        with patch.object(self, "_first_request", first):
            return await whole(self, claim, *rest)

    return patch.object(sender.Sender, "_look_up", look_up)


@contextmanager
def _side_by_side() -> Iterator[None]:
    nobody_waits = patch.object(claims, "KEEPS_OTHERS_BACK", timedelta(days=-1))
    with nobody_waits, patch.object(claims, "_keep_one_of_each_phone", lambda _session, rows, _now: rows):
        yield


ALL: dict[str, PutBack] = {
    "1 worker dead, nobody stands in": _nobody_stands_in,
    "2 what is spooled is set aside at its first error": _one_error_sets_aside,
    "2 nobody drains": _nobody_drains,
    "3 an old open call silences its household": _old_calls_count,
    "4 a silent household is rung": _silent_ones_are_rung,
    "8 a failed end is never followed by a look-up": _failed_end_is_the_end,
    "9 pressing again opens another incident": _own_incident_is_not_joined,
    "10 two hosts are taken for one": _hosts_are_one,
    "11 a look-up adopts another's call": _a_call_is_adopted_twice,
    "12 a late alarm is given up at its first 429": _given_up_by_its_opening,
    "15 calls under way are not counted": _places_are_not_counted,
    "17 ringing phones are rung again": _ringing_phones_are_redialled,
    "18 the last answer of a household wins": _last_answer_wins,
    "19 nobody near, and 60 s until somebody is called": _nobody_hurries,
    "a dead sender's claims are sent again unseen": _without_looking_up,
    "a lost answer is sent again": _lost_answers_are_sent_again,
    "a dead sender's claims are looked for at once": _looked_for_at_once,
    "a look-up without its beginning begins now": _since_now,
    "calls to one phone leave side by side": _side_by_side,
}


def find(nights: Nights, name: str) -> str:
    """What the first night says that complains with the fault and not without it; "" where none does."""
    kind = KINDS.get(name, Kind())
    for seed in SEEDS:
        with ALL[name]():
            found = kind.play(nights, seed)
        if found and _is_clean(nights, seed, kind):
            return f"seed {seed}: {found[0]}"
    return ""


def _is_clean(nights: Nights, seed: int, kind: Kind) -> bool:
    """Whether there is nothing to complain of without a fault; played once."""
    known = _CLEAN.get((nights, seed, kind))
    if known is None:
        known = _CLEAN[nights, seed, kind] = not kind.play(nights, seed)
    return known


_CLEAN: dict[tuple[Nights, int, Kind], bool] = {}
