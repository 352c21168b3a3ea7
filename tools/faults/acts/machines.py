"""Clocks that are off, two of them, and a deploy."""

from __future__ import annotations

import signal
import time

from tests.support.handsets import eventually
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
