"""Simulated nights of the demo town, or of a database's: `make nights`, `ARGS="--nights 200 --database URL"`.

How long until a second household comes, by hour and group, beside a telephone tree; and what would help each group
most. What people do is assumed (joint_defense/rules/nights.py, `Habits`); whom an alarm rings and when is the code's.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from math import inf
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import Database
from config.migrations import upgrade
from config.settings import TIMEZONE
from groups import directory
from groups.commands.demo.load import load_demo
from groups.models.roster import Village
from joint_defense.alarms.escalation.nights import Pace, read_duty, read_scene
from joint_defense.rules.nights import BANDS, IN_TIME, REMEDIES, Result, Times, Way, play_nights

EVENING = datetime(2027, 1, 12, 12, tzinfo=UTC)
EVERY = 20
PACE = Pace(calls=1.0, texts=1.0, redial_after=(15, 45, 120), ring_timeout=40)
"""The settings' defaults."""


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="make nights", description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "--nights", type=int, default=1000, help=f"in each, every {EVERY}th group calls for help, in turn"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", default="", help="read this one; without it, a demo town of its own")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    begun = time.monotonic()
    with open_town(given.database) as session:
        found = play(session, max(1, given.nights // EVERY), given.seed)
    if given.json:
        print(json.dumps({name: describe(each) for name, each in found.items()}, ensure_ascii=False))
    else:
        print(*write_table(found), sep="\n")
    alarms = sum(each.nights for each in found.values())
    took = time.monotonic() - begun
    print(f"{given.nights} nights, {alarms} alarms of {len(found)} groups, {took:.1f} s", file=sys.stderr)
    return 0


@contextmanager
def open_town(url: str) -> Iterator[Session]:
    """A session of this database, or of a demo town that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(url or f"sqlite:///{folder}/nights.sqlite")
        if not url:
            upgrade(f"sqlite:///{folder}/nights.sqlite")
            with database.begin() as session:
                load_demo(session, carrier_is_simulator=True)
        with database.begin(reads=bool(url)) as session:
            yield session


def play(session: Session, alarms: int, seed: int) -> dict[str, Result]:
    """So many alarms of every group, by its village's and its own name. A group's own seed keeps the others apart."""
    found = {}
    for village_id, village in session.execute(select(Village.id, Village.name).order_by(Village.code)).all():
        duty = read_duty(session, village_id, EVENING, ZoneInfo(TIMEZONE))
        for group_id, group in directory.list_groups(session, village_id):
            scene = read_scene(session, village_id, group_id, EVENING, duty, PACE)
            if scene is not None:
                found[f"{village} {group}"] = play_nights(scene, alarms, f"{seed} {group_id}")
    return found


def describe(result: Result) -> dict[str, object]:
    """A group's figures as plain data; `None` where no second household came in most nights."""
    told: dict[str, object] = {
        str(way): {
            "median": _round(times.median),
            "p90": _round(times.find_quantile(0.9)),
            "in_time": times.in_time,
            "never": times.never,
        }
        for way, times in result.ways.items()
    }
    return told | {"bands": {name: _round(times.median) for name, times in result.bands.items()}}


def _round(seconds: float) -> float | None:
    return None if seconds == inf else round(seconds, 1)


def write_table(found: dict[str, Result]) -> Iterator[str]:
    """The town by hour and way, then each group, as Markdown."""
    yield f"| | median, s | 9 of 10 nights, s | within {IN_TIME} s | never |"
    yield "|---|---|---|---|---|"
    for way in Way:
        times = Times([each for result in found.values() if way in result.ways for each in result.ways[way].seconds])
        yield f"| {way} | {_write_times(times)} | {times.never:.1%} |"
    for band in BANDS:
        times = Times([each for result in found.values() for each in result.bands[band].seconds])
        yield f"| as_is, {band} h | {_write_times(times)} | {times.never:.1%} |"
    yield ""
    remedies = " | ".join(str(way) for way in REMEDIES)
    yield f"| group | median, s | 9 of 10 nights, s | within {IN_TIME} s | tree | {remedies} | helps most |"
    yield "|---|---|---|---|---|" + "---|" * (len(REMEDIES) + 1)
    for name, result in sorted(found.items(), key=lambda each: each[1].ways[Way.AS_IS].in_time):
        now = result.ways[Way.AS_IS]
        gains = " | ".join(
            f"{(result.ways[way].in_time - now.in_time) * 100:+.1f}" if way in result.ways else "–" for way in REMEDIES
        )
        best = "–" if result.best is None else result.best[0]
        tree = result.ways[Way.TREE].in_time
        yield f"| {name} | {_write_times(now)} | {tree:.1%} | {gains} | {best} |"


def _write_times(times: Times) -> str:
    return f"{_write_seconds(times.median)} | {_write_seconds(times.find_quantile(0.9))} | {times.in_time:.1%}"


def _write_seconds(seconds: float) -> str:
    return "–" if seconds == inf else f"{seconds:.0f}"


if __name__ == "__main__":
    sys.exit(main())
