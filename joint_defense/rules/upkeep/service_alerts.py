"""When somebody is told that the service itself is not well: which troubles there are, how long one must last, and
whose turn it is to be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

SOON = timedelta(minutes=1)
NEXT_AFTER = timedelta(minutes=5)
"""Whoever was told has so long to take it on before the next one is told."""
ROUND_AFTER = timedelta(minutes=15)
"""Everybody was told: so long after the last one it begins again."""
ANSWERED_WITHIN = timedelta(hours=12)
"""So long a text "1" takes on what its sender was told of."""
UNHEEDED_AFTER = timedelta(minutes=5)
"""So long an alarm may be open with nobody coming."""
UNHEEDED_UNTIL = timedelta(hours=2)


class AlertKind(StrEnum):
    """What is not well."""

    WORKER = "worker"
    """No sender lives."""
    CLOCK = "clock"
    PROCESS = "process"
    """One of several has died."""
    ACCOUNT = "account"
    """The carrier takes nothing of ours."""
    NUMBER = "number"
    """The carrier says that a number is not its account's."""
    OVERDUE = "overdue"
    """Calls or texts wait for more than a minute: the pace is exhausted, or nobody sends."""
    SPOOL = "spool"
    """Events wait on a disk."""
    ASIDE = "aside"
    """Events were set aside: somebody is to be called back."""
    DISK = "disk"
    BACKUP = "backup"
    """There is no copy of today."""
    RESTORE_DRILL = "restore_drill"
    """The newest copy could not be restored."""
    NOBODY_COMES = "nobody_comes"
    """A call for help is open, and nobody has said to come."""
    BUDGET = "budget"
    """The month's budget is all but spent, or spent."""
    BALANCE = "balance"
    """What the account at the carrier has left is below LOW_BALANCE."""
    SUMMARY = "summary"
    """No trouble: how the week was."""


NEVER_QUIET = frozenset({AlertKind.NOBODY_COMES})
"""People in need know no maintenance."""
OF_A_MACHINE = frozenset({AlertKind.DISK, AlertKind.BACKUP})
ENDED_BY_HAND = frozenset({AlertKind.RESTORE_DRILL, AlertKind.SUMMARY})
"""What the clock does not see end."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is not well now. `subject` tells two of a kind apart; `detail` is for a person to read, masked."""

    kind: AlertKind
    subject: str = ""
    detail: str = ""


def find_first_telling(kind: AlertKind) -> timedelta:
    """How long a trouble must last until somebody is told. What has been waited for already is told at once."""
    waited = {AlertKind.NOBODY_COMES, AlertKind.RESTORE_DRILL, AlertKind.ASIDE, AlertKind.SUMMARY}
    return timedelta(0) if kind in waited else SOON


def list_on_duty(hours: Sequence[tuple[int, int]], hour: int) -> list[int]:
    """The places of those whose hours (from, to before; over midnight too) hold now; of all where nobody's do."""
    on_duty = [
        at for at, (start, end) in enumerate(hours) if (start <= hour < end if start < end else not end <= hour < start)
    ]
    return on_duty or list(range(len(hours)))


def find_turn(told: int, on_duty: Sequence[int]) -> tuple[int, timedelta]:
    """Whom to tell now, after `told` tellings, and how long until the next one is told."""
    at = told % len(on_duty)
    return on_duty[at], ROUND_AFTER if at == len(on_duty) - 1 else NEXT_AFTER


def is_taken_on(text: str) -> bool:
    """Whether a text to our number means that its sender sees to what they were told of."""
    return text.strip().rstrip("。.!！") in {"1", "１", "收到", "我来处理", "OK", "ok"}
