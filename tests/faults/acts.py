"""The faults. Each act breaks something in a running town, raises its alarms, and mends what does not mend itself."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import redis
from sqlalchemy import select, text

from joint_defense.models import Delivery, Incident
from tests.faults.stage import ELSEWHERE, PATIENCE, Alarm, Shown, Stage
from tests.handsets import eventually

SQLITE, POSTGRESQL = "sqlite", "postgresql"
BOTH = (SQLITE, POSTGRESQL)
AT_ONCE = 10
"""Alarms during one long outage."""
SIDE_BY_SIDE = 4
"""Alarms during one of some seconds."""


@dataclass(frozen=True)
class Fault:
    """What is done, on which databases, how many runs (alarms) one go is, and whether processes start again in it."""

    name: str
    act: Callable[[Stage], Shown]
    databases: tuple[str, ...] = (POSTGRESQL,)
    at_once: int = 1
    quick: bool = False
    starts: bool = False


def alarms_during(stage: Stage, seconds: float, count: int = AT_ONCE) -> list[Alarm]:
    """So many alarms, spread over the first half of so many seconds; then the rest of them is waited for."""
    begun = time.monotonic()
    made = [stage.alarm() for _ in range(count)]
    for number, alarm in enumerate(made):
        time.sleep(max(0.0, begun + 0.5 + number * seconds / 2 / count - time.monotonic()))
        alarm.raise_()
    time.sleep(max(0.0, begun + seconds - time.monotonic()))
    return made


# Held up, some requests are cut before they are carried out and the others wait for their answers, so that whatever
# strikes now strikes in the middle: some must be made again, and some must not.


def held_up(stage: Stage, seconds: float, cut: int = 3) -> None:
    """The carrier cuts the next requests and answers the others after so many seconds; no callback tells of them."""
    stage.town.network.fault(hang_seconds=seconds, drop_before_accept=cut, callbacks={"lose": True})


def let_go(stage: Stage) -> None:
    stage.town.network.fault(hang_seconds=None, drop_before_accept=None)


# 1. kill -9


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
    held_up(stage, 1.5)
    alarm = stage.alarm().raise_()
    alarm.begun(4)
    died = stage.town.power_cut("worker")
    left = alarm.holders().total()
    let_go(stage)
    stage.town.launch("worker")
    return Shown([alarm], died, ("cut_off",), outstanding=left)


def worker_after(stage: Stage) -> Shown:
    """The carrier has answered; the worker dies before it has written that down, and no callback tells."""
    held_up(stage, 0.1)
    alarm = stage.alarm().raise_()
    alarm.begun(1)
    time.sleep(stage.chance.uniform(0.085, 0.105))
    died = stage.town.power_cut("worker")
    left = alarm.holders().total()
    let_go(stage)
    stage.town.launch("worker")
    return Shown([alarm], died, ("cut_off",), outstanding=left)


def one_of_two_workers(stage: Stage) -> Shown:
    """The one that has requests in hand."""
    stage.town.launch("worker2")
    time.sleep(3)
    held_up(stage, 1.0)
    alarm = stage.alarm().raise_()
    alarm.begun(1)
    holders = alarm.holders()
    held = {name: sum(holders[pid] for pid in stage.town.process_ids(name)) for name in ("worker", "worker2")}
    most = max(held, key=lambda name: held[name])
    died = stage.town.power_cut(most)
    let_go(stage)
    return Shown([alarm], died, ("cut_off",), outstanding=held[most])


def web_between_commit_and_enqueue(stage: Stage) -> Shown:
    """Redis hangs, so that web is caught in the enqueueing of an alarm that it has committed."""
    stage.town.redis.hang()
    alarm = _by_phone(stage)
    eventually(lambda: alarm.street.incidents(), "it is committed")
    died = stage.town.power_cut("web")
    left = alarm.outstanding()
    stage.town.redis.mend()
    stage.town.launch("web")
    return Shown([alarm], died, outstanding=left)


def _by_phone(stage: Stage) -> Alarm:
    alarm = stage.alarm()
    if alarm.way == "text":  # which would wait for web's answer
        alarm.way = "direct"
    return alarm.raise_()


def clock_and_worker(stage: Stage) -> Shown:
    """Who gives back a dead worker's claims dies with it."""
    held_up(stage, 1.0)
    alarm = stage.alarm().raise_()
    alarm.begun(2)
    died = stage.town.power_cut("clock", "worker")
    left = alarm.holders().total()
    let_go(stage)
    for name in ("clock", "worker"):
        stage.town.launch(name)
    return Shown([alarm], died, ("cut_off",), outstanding=left)


def all_at_once(stage: Stage) -> Shown:
    held_up(stage, 0.3)
    alarm = _by_phone(stage)
    eventually(lambda: alarm.street.incidents(), "it is committed")
    time.sleep(stage.chance.uniform(0, 0.15))
    died = stage.town.power_cut("web", "worker", "clock", "redis")
    left = alarm.outstanding()
    let_go(stage)
    stage.town.start_redis()
    for name in ("worker", "clock", "web"):
        stage.town.launch(name)
    return Shown([alarm], died, outstanding=left)


# 2. Redis


def redis_killed_at_the_alarm(stage: Stage) -> Shown:
    stage.town.kill("redis")
    return Shown([stage.alarm().raise_()])


def redis_killed_in_the_middle(stage: Stage) -> Shown:
    alarm, left = _in_the_middle(stage)
    died = stage.town.power_cut("redis")
    time.sleep(0.5)
    stage.town.start_redis()
    return Shown([alarm], died, outstanding=left)


def redis_emptied_at_the_alarm(stage: Stage) -> Shown:
    """Once while the alarm comes in, and once just before."""
    stage.town.kill("redis")
    alarm = stage.alarm().raise_()
    stage.town.empty_redis()
    return Shown([alarm, stage.alarm().raise_()])


def redis_emptied_in_the_middle(stage: Stage) -> Shown:
    alarm, left = _in_the_middle(stage)
    died = time.time()
    stage.town.empty_redis()
    return Shown([alarm, stage.alarm().raise_()], died, outstanding=left)


def redis_unreachable_at_the_alarm(stage: Stage) -> Shown:
    """Nothing gets through for 60 s, first silently and then by refusal; all alarms come meanwhile."""
    stage.town.redis.hang()
    made = alarms_during(stage, 30, AT_ONCE // 2)
    stage.town.redis.refuse()
    made += alarms_during(stage, 30, AT_ONCE // 2)
    stage.town.redis.mend()
    return Shown(made)


def redis_unreachable_in_the_middle(stage: Stage) -> Shown:
    """The same, while the requests of several alarms are being made."""
    made = [stage.alarm() for _ in range(AT_ONCE)]
    held_up(stage, 1.0, cut=3 * AT_ONCE)
    for alarm in made:
        alarm.raise_()
    for alarm in made:
        eventually(alarm.street.incidents, "it came in")
    left = min(alarm.outstanding() for alarm in made)
    began = time.time()
    stage.town.redis.hang()
    time.sleep(1)
    let_go(stage)
    time.sleep(29)
    stage.town.redis.refuse()
    time.sleep(30)
    stage.town.redis.mend()
    return Shown(made, began, outstanding=left)


def _in_the_middle(stage: Stage) -> tuple[Alarm, int]:
    """An alarm whose requests are being made, and how many are outstanding."""
    held_up(stage, 0.3)
    alarm = stage.alarm().raise_()
    alarm.begun(1)
    return alarm, alarm.outstanding()


def redis_full(stage: Stage) -> Shown:
    with redis.Redis.from_url(stage.town.redis_url) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
        try:
            alarm = stage.alarm().raise_()
            alarm.begun(len(alarm.expected))
        finally:
            client.config_set("maxmemory", 0)
    return Shown([alarm])


# 3. PostgreSQL


def postgres_restarted(stage: Stage) -> Shown:
    stage.town.network.fault(hang_seconds=0.2, drop_before_accept=3)
    alarm = _by_phone(stage)
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


# 4. The carrier


def carrier_500(stage: Stage) -> Shown:
    stage.town.network.fault(status=500)
    made = alarms_during(stage, 30)
    stage.town.network.fault(status=None)
    return Shown(made, time.time(), ("carrier_away",), outstanding=sum(alarm.outstanding() for alarm in made))


def carrier_hangs(stage: Stage) -> Shown:
    """Nothing of it gets through for 6 s: longer than we wait for an answer."""
    made = [stage.alarm() for _ in range(SIDE_BY_SIDE)]
    stage.town.carrier.hang()
    for alarm in made:
        alarm.raise_()
    for alarm in made:
        eventually(alarm.street.incidents, "it came in")
    time.sleep(6)
    left = min(alarm.outstanding() for alarm in made)
    stage.town.carrier.mend()
    return Shown(made, time.time(), ("carrier_away",), outstanding=left)


def carrier_answers_late(stage: Stage) -> Shown:
    """It carries everything out and answers after we have given up."""
    made = [stage.alarm() for _ in range(SIDE_BY_SIDE)]
    stage.town.network.fault(hang_seconds=6, callbacks={"lose": True})
    for alarm in made:
        alarm.raise_()
    for alarm in made:
        alarm.begun(len(alarm.expected))
    left = min(alarm.outstanding() for alarm in made)
    stage.town.network.fault(hang_seconds=None)
    time.sleep(5)
    return Shown(made, 0.0, ("carrier_away",), outstanding=left)


def carrier_cuts(stage: Stage) -> Shown:
    """It carries out and cuts the connection, and no callback comes: only its list can tell."""
    stage.town.network.fault(drop_after_accept=8, callbacks={"lose": True})
    alarm = stage.alarm().raise_()
    time.sleep(2)
    return Shown([alarm], 0.0, ("carrier_away",))


def carrier_429(stage: Stage) -> Shown:
    made = [stage.alarm() for _ in range(SIDE_BY_SIDE)]
    stage.town.network.fault(status=429)
    for alarm in made:
        alarm.raise_()
    time.sleep(3)
    left = min(alarm.outstanding() for alarm in made)
    stage.town.network.fault(status=None)
    ended = time.time()
    time.sleep(5)  # what rings too often does so after its first call is over
    return Shown(made, ended, ("carrier_slow",), outstanding=left)


def callbacks_lost(stage: Stage) -> Shown:
    stage.town.network.fault(callbacks={"lose": True})
    return _left_alone(stage)


def callbacks_doubled_and_shuffled(stage: Stage) -> Shown:
    stage.town.network.fault(callbacks={"double": True, "shuffle_ms": 2000})
    return _left_alone(stage)


def callbacks_final_only(stage: Stage) -> Shown:
    stage.town.network.fault(callbacks={"lose": "all_but_final"})
    return _left_alone(stage)


def callbacks_an_hour_late(stage: Stage) -> Shown:
    """They are caught, everything on record is made an hour older, and then they come, last first."""
    stage.town.network.fault(callbacks={"lose": True})
    shown = _left_alone(stage)
    (alarm,) = shown.alarms
    before = _states(stage, alarm)
    _age(stage, alarm)
    for each in reversed(stage.town.network.webhooks(since=alarm.raised_at)):
        if each["response"] == "lost":
            stage.town.call_back(each["url"], each["params"])
    after = _states(stage, alarm)
    back = [key for key, state in before.items() if state in _ENDS and after[key] != state]
    shown.complaints += [f"{key} went back from {before[key]} to {after[key]}" for key in back]
    return shown


_ENDS = frozenset({"reached", "unreached", "cancelled"})


def _states(stage: Stage, alarm: Alarm) -> dict[int, str]:
    with stage.town.database.begin() as session:
        rows = session.execute(
            select(Delivery.id, Delivery.state).join(Incident).where(Incident.group_id == alarm.street.group_id)
        )
        return {row.id: str(row.state) for row in rows}


def _age(stage: Stage, alarm: Alarm) -> None:
    hour = timedelta(hours=1)
    with stage.town.database.begin() as session:
        for incident in session.scalars(select(Incident).where(Incident.group_id == alarm.street.group_id)):
            incident.opened_at -= hour
            for attempt in itertools.chain.from_iterable(delivery.attempts for delivery in incident.deliveries):
                attempt.requested_at -= hour


def _left_alone(stage: Stage) -> Shown:
    alarm = stage.alarm().raise_()
    alarm.begun(len(alarm.expected))
    time.sleep(2.5)
    return Shown([alarm])


# 5. Clocks, disks, deploys


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


def disk_full(stage: Stage) -> Shown:
    """SQLite's disk is full for 3 s; the spool's is another."""
    alarm = stage.alarm()
    stage.full.fill()
    alarm.raise_()
    time.sleep(3)
    stage.full.empty()
    return Shown([alarm], time.time(), ("late",))


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


def sanity(stage: Stage) -> Shown:
    """Nothing is broken."""
    with stage.town.database.begin() as session:
        session.execute(text("SELECT 1"))
    return Shown([stage.alarm().raise_()])


FAULTS = (
    Fault("nothing is broken", sanity, BOTH),
    Fault("worker killed at any moment", worker_at_any_moment, BOTH, starts=True),
    Fault("worker killed before the requests", worker_before, starts=True),
    Fault("worker killed during the requests", worker_during, BOTH, quick=True, starts=True),
    Fault("worker killed after the answers", worker_after, BOTH, starts=True),
    Fault("one of two workers killed", one_of_two_workers, starts=True),
    Fault("web killed between commit and enqueue", web_between_commit_and_enqueue, BOTH, quick=True, starts=True),
    Fault("clock and worker killed", clock_and_worker, starts=True),
    Fault("all killed at once", all_at_once, BOTH, starts=True),
    Fault("Redis killed at the alarm", redis_killed_at_the_alarm, BOTH),
    Fault("Redis killed in the middle", redis_killed_in_the_middle),
    Fault("Redis restarted empty at the alarm", redis_emptied_at_the_alarm, at_once=2),
    Fault("Redis restarted empty in the middle", redis_emptied_in_the_middle, at_once=2),
    Fault("Redis unreachable for 60 s at the alarm", redis_unreachable_at_the_alarm, at_once=AT_ONCE),
    Fault("Redis unreachable for 60 s in the middle", redis_unreachable_in_the_middle, at_once=AT_ONCE),
    Fault("Redis full", redis_full, quick=True),
    Fault("PostgreSQL restarted in the middle", postgres_restarted),
    Fault("PostgreSQL refuses for 20 s", postgres_refuses, at_once=AT_ONCE),
    Fault("PostgreSQL hangs for 20 s", postgres_hangs, at_once=AT_ONCE),
    Fault("carrier answers 500 for 30 s", carrier_500, at_once=AT_ONCE),
    Fault("carrier hangs", carrier_hangs, at_once=SIDE_BY_SIDE),
    Fault("carrier answers too late", carrier_answers_late, at_once=SIDE_BY_SIDE),
    Fault("carrier cuts after accepting", carrier_cuts, BOTH, quick=True),
    Fault("carrier answers 429", carrier_429, at_once=SIDE_BY_SIDE),
    Fault("callbacks lost", callbacks_lost, BOTH),
    Fault("callbacks doubled and shuffled", callbacks_doubled_and_shuffled),
    Fault("callbacks an hour late", callbacks_an_hour_late),
    Fault("the final callback only", callbacks_final_only),
    Fault("a machine's clock 5 minutes off", clock_five_minutes_off, starts=True),
    Fault("SQLite's disk full", disk_full, (SQLITE,)),
    Fault("two clocks at once", two_clocks, BOTH, starts=True),
    Fault("a deploy in the middle", deploy, at_once=2, starts=True),
)
