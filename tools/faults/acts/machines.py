"""Clocks that are off, two of them, and a deploy."""

from __future__ import annotations

import signal
import time

from tests.support.handsets import eventually
from tests.support.ports import free_port
from tools.bench.front import half_open
from tools.faults.acts.common import held_up, let_go
from tools.faults.stage import ELSEWHERE, PATIENCE, Shown, Stage


def clock_five_minutes_off(stage: Stage) -> Shown:
    """Worker and clock are those of a machine that is off, ahead or behind; web is right."""
    off = stage.chance.choice(("300", "-300"))
    for name in ("worker", "clock"):
        stage.town.kill(name)
        stage.town.launch(name, PYTHONPATH=str(ELSEWHERE), CLOCK_OFF=off)
    time.sleep(3)
    stage.town.network.fault(drop_after_accept=2, callbacks={"lose": True})
    alarm = stage.alarm().raise_()
    alarm.begun(len(alarm.expected))
    time.sleep(2)
    for name in ("worker", "clock"):
        stage.town.kill(name)
    return Shown([alarm])


def two_clocks(stage: Stage) -> Shown:
    stage.town.launch("clock2")
    time.sleep(2)
    stage.town.network.fault(drop_before_accept=4, callbacks={"lose": True})
    alarm = stage.alarm().raise_()
    time.sleep(2)
    return Shown([alarm])


def deploy(stage: Stage) -> Shown:
    """As operating.md has it: new ones beside the old ones, which are told to end once the new ones are there."""
    ready = stage.town.ready_web_workers()
    stage.town.launch("worker2")
    stage.town.signal("web", signal.SIGUSR2)
    eventually(lambda: stage.town.ready_web_workers() >= ready + 2, "the new web processes are there", within=PATIENCE)
    time.sleep(1)
    stage.town.network.fault(hang_seconds=0.3)
    alarm = stage.alarm().raise_()
    alarm.begun(1)
    left = alarm.outstanding()
    stage.town.signal("worker", signal.SIGTERM)
    stage.town.signal("web", signal.SIGTERM)
    second = stage.alarm().raise_()
    second.begun(len(second.expected))
    for name in ("worker", "web"):
        stage.town.forget(name)
    return Shown([alarm, second], outstanding=left)


HOST, SECOND_HOST = ("web", "worker", "clock"), ("web2", "worker2", "clock2")


def two_hosts(stage: Stage) -> Shown:
    """One host name and a state folder each, as containers have them: nobody living is taken for dead."""
    _second_host(stage)
    held_up(stage, 3.0, cut=0)
    alarm = stage.alarm().raise_()
    alarm.begun(len(alarm.expected))
    time.sleep(4)
    let_go(stage)
    return Shown([alarm])


def one_host_of_two_killed(stage: Stage) -> Shown:
    """The host whose worker has requests in hand is gone with all it has; the other one has the rest to do."""
    _second_host(stage)
    held_up(stage, 1.0)
    alarm = stage.alarm().raise_()
    alarm.begun(1)
    holders = alarm.holders()
    ours = sum(holders[pid] for pid in stage.town.process_ids("worker"))
    host = HOST if ours >= holders.total() / 2 else SECOND_HOST
    died = stage.town.power_cut(*host)
    left = alarm.outstanding()
    let_go(stage)
    return Shown([alarm], died, outstanding=left)


def two_hosts_in_turn(stage: Stage) -> Shown:
    """Of two hosts one process dies for good while requests are being made: another one each time."""
    _second_host(stage)
    held_up(stage, 1.0)
    alarm = stage.alarm().raise_()
    alarm.begun(1)
    died = stage.town.power_cut(stage.take_turn((*HOST, *SECOND_HOST)))
    left = alarm.outstanding()
    let_go(stage)
    return Shown([alarm], died, outstanding=left)


def _second_host(stage: Stage) -> None:
    port = str(free_port())
    for name in SECOND_HOST:
        stage.town.launch(
            name,
            STATE_DIR=str(stage.town.home / "second-host"),
            PORT=port,
            GUNICORN_CMD_ARGS=f"--bind 127.0.0.1:{port}",
        )
    stage.town.both_send(("worker", "worker2"))
    time.sleep(3)  # long enough for each clock to trust what it sees of the other's heartbeat


def half_sent_requests(stage: Stage) -> Shown:
    """Strangers hold 200 half-sent requests open at the web process."""
    with half_open(stage.town.url, 200):
        alarm = stage.alarm().raise_()
        alarm.begun(len(alarm.expected))
    return Shown([alarm])
