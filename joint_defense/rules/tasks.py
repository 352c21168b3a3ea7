"""A number that fails is asked about, of one person after the other: why it fails, who is asked, how it ends."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum


class TaskReason(StrEnum):
    """Why a number is to be mended."""

    REFUSED = "refused"
    """The carrier has refused it for good."""
    FAILED = "failed"
    """Two calls in a row could not be put through."""
    NOT_THEIRS = "not_theirs"
    """Whoever answered a test says that it is not this household's."""
    UNANSWERED = "unanswered"
    """Nobody answered two drills or tests in a row."""
    SILENT_DEVICE = "silent_device"
    """A device at this line was not pressed, though its household was asked twice."""


class TaskStage(StrEnum):
    """Who is asked for the number.

    ::

        NEW ──► HOUSEHOLD ──► LEADER ──► HEAD      (who has no phone that takes texts is passed over)
    """

    NEW = "new"
    HOUSEHOLD = "household"
    """The household's other phone."""
    LEADER = "leader"
    """The group's leader, or its deputy."""
    HEAD = "head"
    """The village's head: by the page, and a text a week."""


class TaskOutcome(StrEnum):
    """How a task ended."""

    CHANGED = "changed"
    """The number is not on the roster any more: another stands in its place, or none."""
    WORKS = "works"
    """A person has answered, written or called there since."""
    KEPT = "kept"
    """Somebody has said that the number is right."""


class ChangeState(StrEnum):
    """Where a change of a number by text stands."""

    WAITING = "waiting"
    """For a permitted hour."""
    CALLING = "calling"
    """The new number is being asked."""
    DONE = "done"
    DENIED = "denied"
    """Whoever answers there says that it is not theirs."""
    UNREACHED = "unreached"
    """Nobody answered there by key."""
    GONE = "gone"
    """The roster has changed meanwhile."""
    REPLACED = "replaced"
    """Somebody has said another number for the same phone since."""


NEXT: dict[TaskStage, TaskStage] = {
    TaskStage.NEW: TaskStage.HOUSEHOLD,
    TaskStage.HOUSEHOLD: TaskStage.LEADER,
    TaskStage.LEADER: TaskStage.HEAD,
    TaskStage.HEAD: TaskStage.HEAD,
}
ASKED_FOR = timedelta(days=3)
"""So long the household, and then the leader, is given to answer."""
HEAD_TOLD_EVERY = timedelta(days=7)
KEPT_FOR = timedelta(days=30)
"""A number of which somebody says that it is right is left alone for so long."""
