"""The account that carries goes out, and a second one stands by: everything leaves by that, and nothing twice."""

from __future__ import annotations

import time
from collections.abc import Callable

from joint_defense.delivery.lines import SILENT
from tools.faults.acts.common import SIDE_BY_SIDE
from tools.faults.stage import Shown, Stage

TAKES_OVER = 2.0
"""Seconds within which the second account has to carry."""


def refused(stage: Stage) -> Shown:
    """401 from one moment to the next."""
    return _with_two(stage, lambda: stage.town.network.fault(status=401), 0.0)


def wrong_number(stage: Stage) -> Shown:
    """The account does not know the number that we send from."""
    return _with_two(stage, lambda: None, 0.0, sender="+8657419999999")


def answers_500(stage: Stage) -> Shown:
    return _with_two(stage, lambda: stage.town.network.fault(status=500), SILENT)


def hangs(stage: Stage) -> Shown:
    """It takes every connection, and nothing gets through: time-outs only."""
    return _with_two(stage, stage.town.carrier.hang, SILENT)


def answers_nothing_and_has_taken(stage: Stage) -> Shown:
    """It carries the first requests out, and cuts every answer; callbacks and its list tell of them."""
    return _with_two(stage, lambda: stage.town.network.fault(drop_after_accept=6), 0.0)


def _with_two(stage: Stage, strike: Callable[[], object], bearable: float, sender: str = "") -> Shown:
    """Alarms at the moment the first account is struck; the gap counts from when it has been borne long enough."""
    with stage.town.second_account(sender):
        made = [stage.alarm() for _ in range(SIDE_BY_SIDE)]
        strike()
        for alarm in made:
            alarm.raise_()
        struck = time.time()
        for alarm in made:
            alarm.begun(len(alarm.expected))
        # What would be doubled leaves within the next looks.
        time.sleep(3)
        late = max(at for alarm in made for at, *_ in alarm.placed()) - struck - bearable
        complaints = [f"the last request {late:.1f} s after it should have gone over"] if late > TAKES_OVER else []
        # What hung is cut off, and does not arrive later on.
        stage.town.carrier.refuse()
        stage.town.carrier.mend()
        stage.town.network.mend()
        return Shown(made, struck + bearable if bearable else 0.0, (), complaints)
