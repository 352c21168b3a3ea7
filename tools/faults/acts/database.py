"""PostgreSQL restarted, refusing, hanging, full of other people's connections; SQLite's disk full."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress

import psycopg

from tools.faults.acts.common import SIDE_BY_SIDE, alarms_during, by_phone
from tools.faults.stage import Alarm, Shown, Stage


def postgres_restarted(stage: Stage) -> Shown:
    stage.town.network.fault(hang_seconds=0.2, drop_before_accept=3)
    alarm = by_phone(stage)
    alarm.begun(1)
    left = alarm.outstanding()
    stage.server.kill()
    stage.server.start()
    return Shown([alarm], time.time(), outstanding=left)


def postgres_refuses(stage: Stage) -> Shown:
    assert stage.town.postgres is not None
    stage.town.postgres.refuse()
    made = alarms_during(stage, 20)
    stage.town.postgres.mend()
    return Shown(made, time.time(), ("late",), _answers(made))


def postgres_hangs(stage: Stage) -> Shown:
    assert stage.town.postgres is not None
    stage.town.postgres.hang()
    made = alarms_during(stage, 20)
    slow = _slow_answers(stage, made)
    stage.town.postgres.mend()
    return Shown(made, time.time(), ("late",), _answers(made) + slow)


def _answers(made: Sequence[Alarm]) -> list[str]:
    """Whoever called must have heard that the alarm is kept."""
    wrong = []
    for alarm in made:
        if alarm.way == "text":
            heard = alarm.heard or ""
        else:
            heard = " ".join(call.text for call in alarm.street.phones[0].handset.calls)
        if "求助已记下" not in heard:
            wrong.append(f"by {alarm.way} they heard: {heard[:60]}")
    return wrong


def _slow_answers(stage: Stage, made: Sequence[Alarm]) -> list[str]:
    """A carrier waits 15 s for a webhook's answer; we want to be well within."""
    taken = [
        each["ms"] or 0.0  # none where it is still waited for
        for each in stage.town.network.webhooks(since=made[0].raised_at)
        if "/voice/" in each["url"] or "/sms/" in each["url"]
    ]
    return [f"a webhook took {max(taken) / 1000:.1f} s"] if taken and max(taken) > 8000 else []


def sqlite_disk_full(stage: Stage) -> Shown:
    """SQLite's disk is full for 3 s; the spool's is another."""
    alarm = stage.alarm()
    stage.full.fill()
    alarm.raise_()
    time.sleep(3)
    stage.full.empty()
    return Shown([alarm], time.time(), ("late",))


def postgres_only_reads(stage: Stage) -> Shown:
    """As after a failover, or on a managed server whose disk is full: it answers, and takes nothing in."""
    made = [stage.alarm() for _ in range(SIDE_BY_SIDE)]
    _only_reads(stage, "on")
    try:
        for alarm in made:
            alarm.raise_()
            time.sleep(1)
        time.sleep(2)
    finally:
        _only_reads(stage, "off")
    return Shown(made, time.time(), ("late",), _answers(made))


def postgres_takes_no_more(stage: Stage) -> Shown:
    """Somebody else has taken every connection that it allows, and ours were cut: for 6 s there is none to be had."""
    made = [stage.alarm() for _ in range(SIDE_BY_SIDE)]
    with ExitStack() as taken:
        control = taken.enter_context(stage.server.connect())

        def take_all() -> None:
            with suppress(psycopg.OperationalError):
                while True:
                    taken.enter_context(stage.server.connect())

        take_all()
        control.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'faults'")
        ends = time.monotonic() + 6
        for alarm in made:
            for _ in range(20):
                take_all()
                time.sleep(0.05)
            alarm.raise_()
        while time.monotonic() < ends:
            take_all()
            time.sleep(0.05)
    return Shown(made, time.time())


def _only_reads(stage: Stage, value: str) -> None:
    with stage.server.connect() as connection:
        connection.execute(f"ALTER DATABASE faults SET default_transaction_read_only = {value}")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'faults'")
