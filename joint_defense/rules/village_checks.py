"""The half-monthly check of a village (半月检查): when it is due, what it goes through, how it stands."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

DUE_DAYS = (1, 16)
"""The days of each month on which a check is due."""


class Section(StrEnum):
    """What a check goes through, in the order of the page."""

    FAILING = "failing"
    """Numbers that fail."""
    WITHOUT_NUMBER = "without_number"
    """Households that have no number that may be rung or texted."""
    UNPROVEN = "unproven"
    """Numbers without a sign of a person for 30 days."""
    SMALL_GROUPS = "small_groups"
    """Groups below eight households."""
    UNGROUPED = "ungrouped"
    """Households that are signed up, and in no group: their alarm rings nobody."""
    SILENT_DEVICES = "silent_devices"
    """Devices that were given out and not pressed for a test in 30 days."""
    TASKS = "tasks"
    """Open tasks."""


class CheckState(StrEnum):
    """How the check of the present half-month stands."""

    SIGNED = "signed"
    DUE = "due"
    """Today is its day."""
    OVERDUE = "overdue"
    """Its day has gone by."""
    NOT_YET = "not_yet"
    """The village had no household when the last one was due, or the town was not asked for checks yet."""


def find_due_on(day: date) -> date:
    """On which day the check that holds on `day` was due: the last 1st or 16th, `day` itself being one."""
    return day.replace(day=max(due for due in DUE_DAYS if due <= day.day))


def find_next_due(due_on: date) -> date:
    """When the next check is due after this one."""
    if due_on.day < DUE_DAYS[1]:
        return due_on.replace(day=DUE_DAYS[1])
    return (due_on.replace(day=DUE_DAYS[0]) + timedelta(days=31)).replace(day=DUE_DAYS[0])


def find_due_before(due_on: date) -> date:
    """When the check before this one was due."""
    return find_due_on(due_on - timedelta(days=1))


def find_state(today: date, *, signed: bool, expected: bool) -> CheckState:
    """How the present check stands. `expected`: one was due of the village."""
    if signed:
        return CheckState.SIGNED
    if not expected:
        return CheckState.NOT_YET
    return CheckState.DUE if find_due_on(today) == today else CheckState.OVERDUE
