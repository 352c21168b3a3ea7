"""Redis: killed, restarted empty, unreachable, full."""

from __future__ import annotations

import time

import redis

from tests.support.handsets import eventually
from tools.faults.acts.common import AT_ONCE, alarms_during, held_up, in_the_middle, let_go
from tools.faults.stage import Shown, Stage


def killed_at_the_alarm(stage: Stage) -> Shown:
    stage.town.kill("redis")
    return Shown([stage.alarm().raise_()])


def killed_in_the_middle(stage: Stage) -> Shown:
    alarm, left = in_the_middle(stage)
    died = stage.town.power_cut("redis")
    time.sleep(0.5)
    stage.town.start_redis()
    return Shown([alarm], died, outstanding=left)


def emptied_at_the_alarm(stage: Stage) -> Shown:
    """Once while the alarm comes in, and once just before."""
    stage.town.kill("redis")
    alarm = stage.alarm().raise_()
    stage.town.empty_redis()
    return Shown([alarm, stage.alarm().raise_()])


def emptied_in_the_middle(stage: Stage) -> Shown:
    alarm, left = in_the_middle(stage)
    died = time.time()
    stage.town.empty_redis()
    return Shown([alarm, stage.alarm().raise_()], died, outstanding=left)


def unreachable_at_the_alarm(stage: Stage) -> Shown:
    """Nothing gets through for 60 s, first silently and then by refusal; all alarms come meanwhile."""
    stage.town.redis.hang()
    made = alarms_during(stage, 30, AT_ONCE // 2)
    stage.town.redis.refuse()
    made += alarms_during(stage, 30, AT_ONCE // 2)
    stage.town.redis.mend()
    return Shown(made)


def unreachable_in_the_middle(stage: Stage) -> Shown:
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


def full(stage: Stage) -> Shown:
    with redis.Redis.from_url(stage.town.redis_url) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
        try:
            alarm = stage.alarm().raise_()
            alarm.begun(len(alarm.expected))
        finally:
            client.config_set("maxmemory", 0)
    return Shown([alarm])
