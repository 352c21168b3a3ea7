"""What several faults have in common: alarms during an outage, and one that is caught in the middle."""

from __future__ import annotations

import time

from tools.faults.stage import Alarm, Stage

AT_ONCE = 10
"""Alarms during one long outage."""
SIDE_BY_SIDE = 4
"""Alarms during one of some seconds."""


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


def by_phone(stage: Stage) -> Alarm:
    alarm = stage.alarm()
    if alarm.way == "text":  # which would wait for web's answer
        alarm.way = "direct"
    return alarm.raise_()


def in_the_middle(stage: Stage) -> tuple[Alarm, int]:
    """An alarm whose requests are being made, and how many are outstanding."""
    held_up(stage, 0.3)
    alarm = stage.alarm().raise_()
    alarm.begun(1)
    return alarm, alarm.outstanding()
