"""kill -9 of worker, web, clock, and of all of them."""

from __future__ import annotations

import signal
import time

from tests.support.handsets import eventually
from tools.faults.acts.common import by_phone, held_up, let_go
from tools.faults.stage import Alarm, Shown, Stage

TWO = ("worker", "worker2")


def worker_at_any_moment(stage: Stage) -> Shown:
    held_up(stage, 0.1, cut=stage.chance.randint(0, 3))
    alarm = stage.alarm().raise_()
    time.sleep(stage.chance.uniform(0, 0.25))
    died = stage.town.power_cut("worker")
    left = alarm.outstanding()
    let_go(stage)
    stage.town.launch("worker")
    return Shown([alarm], died, outstanding=left)


def worker_before(stage: Stage) -> Shown:
    """Stopped in its tracks before the alarm, and killed with the wake-up in its hand."""
    stage.town.leave_it_to_the_workers()
    stage.town.signal("worker", signal.SIGSTOP)
    alarm = stage.alarm().raise_()
    eventually(lambda: stage.town.network.webhooks(since=alarm.raised_at), "the alarm came in")
    time.sleep(0.3)
    died = stage.town.power_cut("worker")
    left = alarm.outstanding()
    stage.town.launch("worker")
    return Shown([alarm], died, outstanding=left)


def worker_during(stage: Stage) -> Shown:
    """The carrier has some of the requests, and has neither answered nor called back when the worker dies."""
    stage.town.leave_it_to_the_workers()
    held_up(stage, 1.5)
    alarm = stage.alarm().raise_()
    alarm.begun(4)
    return _cut_off(stage, alarm, "worker")


def worker_after(stage: Stage) -> Shown:
    """The carrier has answered; the worker dies before it has written that down, and no callback tells."""
    stage.town.leave_it_to_the_workers()
    held_up(stage, 0.1)
    alarm = stage.alarm().raise_()
    alarm.begun(1)
    time.sleep(stage.chance.uniform(0.085, 0.105))
    return _cut_off(stage, alarm, "worker")


def _cut_off(stage: Stage, alarm: Alarm, *names: str) -> Shown:
    """These die with what they have in hand, and are started again; the carrier is well from then on."""
    process_ids = {each for name in names for each in stage.town.process_ids(name)}
    died = stage.town.power_cut(*names)
    # Theirs alone: on a busy machine somebody may be standing in for them already.
    holders = alarm.holders()
    left = sum(holders[each] for each in process_ids)
    let_go(stage)
    for name in names:
        stage.town.launch(name)
    return Shown([alarm], died, ("cut_off",), outstanding=left)


def one_of_two_before(stage: Stage) -> Shown:
    """Both are stopped in their tracks before the alarm; one is killed, and the other goes on."""
    _two_workers(stage)
    for name in TWO:
        stage.town.signal(name, signal.SIGSTOP)
    alarm = stage.alarm().raise_()
    eventually(lambda: stage.town.network.webhooks(since=alarm.raised_at), "the alarm came in")
    time.sleep(0.3)
    killed, left_alive = stage.chance.sample(TWO, 2)
    died = stage.town.power_cut(killed)
    left = alarm.outstanding()
    stage.town.signal(left_alive, signal.SIGCONT)
    return Shown([alarm], died, outstanding=left)


def one_of_two_during(stage: Stage) -> Shown:
    """The one that has requests in hand; the carrier has some of them, and has answered none."""
    _two_workers(stage)
    held_up(stage, 1.0)
    alarm = stage.alarm().raise_()
    alarm.begun(1)
    return _kill_the_holder(stage, alarm)


def one_of_two_after(stage: Stage) -> Shown:
    """The one that has had the carrier's answers, and has not written them down."""
    _two_workers(stage)
    held_up(stage, 0.1)
    alarm = stage.alarm().raise_()
    alarm.begun(1)
    time.sleep(stage.chance.uniform(0.085, 0.105))
    return _kill_the_holder(stage, alarm)


def _two_workers(stage: Stage) -> None:
    stage.town.launch("worker2")
    stage.town.both_send(TWO)


def _kill_the_holder(stage: Stage, alarm: Alarm) -> Shown:
    process_ids = {name: list(stage.town.process_ids(name)) for name in TWO}
    holders = alarm.holders()
    most = max(TWO, key=lambda name: sum(holders[pid] for pid in process_ids[name]))
    died = stage.town.power_cut(most)
    # Counted anew: what it has written down in its last moment was not cut off.
    holders = alarm.holders()
    left = sum(holders[pid] for pid in process_ids[most])
    let_go(stage)
    return Shown([alarm], died, ("cut_off",), outstanding=left)


def web_before_enqueue(stage: Stage) -> Shown:
    """Redis hangs, so that web is caught in the enqueueing of an alarm that it has committed."""
    stage.town.redis.hang()
    alarm = by_phone(stage)
    eventually(lambda: alarm.street.incidents(), "it is committed")
    died = stage.town.power_cut("web")
    left = alarm.outstanding()
    stage.town.redis.mend()
    stage.town.launch("web")
    return Shown([alarm], died, outstanding=left)


def clock_alone(stage: Stage) -> Shown:
    """It alone widens: it dies before a step is due, and is there again once that is past."""
    alarm = stage.alarm()
    alarm.is_to_be_widened(after=2)
    alarm.raise_()
    alarm.begun(len(alarm.expected) - 1)
    stage.town.kill("clock")
    left = alarm.outstanding()
    time.sleep(max(0.0, alarm.raised_at + 3 - time.time()))
    back = time.time()
    stage.town.launch("clock")
    return Shown([alarm], back, ("widened",), outstanding=left)


def clock_and_worker(stage: Stage) -> Shown:
    """Who gives back a dead worker's claims dies with it."""
    stage.town.leave_it_to_the_workers()
    held_up(stage, 1.0)
    alarm = stage.alarm().raise_()
    alarm.begun(2)
    return _cut_off(stage, alarm, "clock", "worker")


def all_at_once(stage: Stage) -> Shown:
    held_up(stage, 0.3)
    alarm = by_phone(stage)
    eventually(lambda: alarm.street.incidents(), "it is committed")
    time.sleep(stage.chance.uniform(0, 0.15))
    died = stage.town.power_cut("web", "worker", "clock", "redis")
    left = alarm.outstanding()
    let_go(stage)
    stage.town.start_redis()
    for name in ("worker", "clock", "web"):
        stage.town.launch(name)
    return Shown([alarm], died, outstanding=left)


def worker_for_good(stage: Stage) -> Shown:
    return _gone_for_good(stage, "worker")


def worker_and_clock_for_good(stage: Stage) -> Shown:
    return _gone_for_good(stage, "worker", "clock")


def worker_and_redis_for_good(stage: Stage) -> Shown:
    return _gone_for_good(stage, "worker", "redis")


def _gone_for_good(stage: Stage, *names: str) -> Shown:
    """Dead before the alarm, and nobody starts them again: just before it, or long enough to be known for dead."""
    stage.town.power_cut(*names)
    time.sleep(stage.chance.choice((0.0, 4.0)))
    return Shown([stage.alarm().raise_()])


def worker_hung(stage: Stage) -> Shown:
    """Stopped before the alarm, still there to be seen; it comes to when everybody has been rung by others."""
    stage.town.signal("worker", signal.SIGSTOP)
    alarm = stage.alarm().raise_()
    try:
        alarm.begun(len(alarm.expected))
    finally:
        stage.town.signal("worker", signal.SIGCONT)
    time.sleep(1)
    return Shown([alarm])


def worker_hung_in_the_middle(stage: Stage) -> Shown:
    """Stopped with requests in its hand; it comes to when everybody has been rung by others."""
    held_up(stage, 0.3)
    alarm = stage.alarm().raise_()
    alarm.begun(1)
    stage.town.signal("worker", signal.SIGSTOP)
    stopped, left = time.time(), alarm.outstanding()
    let_go(stage)
    try:
        alarm.begun(len(alarm.expected))
    finally:
        stage.town.signal("worker", signal.SIGCONT)
    time.sleep(1)
    return Shown([alarm], stopped, outstanding=left)
