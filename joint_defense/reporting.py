"""Taking in status callbacks, many in one transaction when many come at once.

A storm of alarms brings six callbacks for every neighbour, and one commit each would keep the next alarm waiting.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolIsEmpty

from config.database import Database, clock
from config.patience import DatabaseAway
from joint_defense import tracking
from joint_defense.tracking import Report, Unfitting

AT_ONCE = 100
_IN_EACH_OTHERS_WAY = {"40001", "40P01"}
"""PostgreSQL's serialization_failure and deadlock_detected."""
log = structlog.stdlib.get_logger(__name__)


@dataclass(eq=False, slots=True)
class _Entry:
    report: Report
    outcome: bool | Exception | None = None


class Reports:
    """The callbacks of a process. Whoever's turn it is takes in all that wait, and the others find theirs done."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: list[_Entry] = []

    def take_in(self, report: Report) -> bool:
        """Whether it told us anything new; it is committed when this returns.

        Raises UnknownDelivery and ForeignCallback, as `tracking.record_status`, and what the database raises.
        """
        entry = _Entry(report)
        with self._lock:
            self._waiting.append(entry)
        with self._turn:
            while entry.outcome is None:
                self._work(self._take())
        if isinstance(entry.outcome, Exception):
            raise entry.outcome
        return entry.outcome

    def _take(self) -> list[_Entry]:
        with self._lock:
            taken, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
        return taken

    def _work(self, entries: list[_Entry]) -> None:
        try:
            outcomes: list[bool | Exception] = list(self._record([entry.report for entry in entries]))
        except SQLAlchemyError as error:
            if len(entries) > 1 and not _is_away(error):
                # One of them may be in the way of the others.
                log.warning("callbacks_taken_in_one_by_one", count=len(entries), error=type(error).__name__)
                for entry in entries:
                    self._work([entry])
                return
            outcomes = [error] * len(entries)
        except BaseException as error:
            # Also where the process is told to end: nobody may wait for an outcome that never comes.
            outcomes = [error if isinstance(error, Exception) else RuntimeError("ended")] * len(entries)
            if not isinstance(error, Exception):
                self._settle(entries, outcomes)
                raise
        self._settle(entries, outcomes)

    @staticmethod
    def _settle(entries: list[_Entry], outcomes: list[bool | Exception]) -> None:
        for entry, outcome in zip(entries, outcomes, strict=True):
            entry.outcome = outcome

    def _record(self, reports: list[Report]) -> list[bool | Unfitting]:
        with self._database.begin() as session:
            now: datetime = clock(session)
            return tracking.record_reports(session, reports, now)


def _is_away(error: SQLAlchemyError) -> bool:
    """Whether the database is not there, or does not answer: then it is no use to wait for it once more for each."""
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlstate", None) not in _IN_EACH_OTHERS_WAY
    return isinstance(error, DatabaseAway | InterfaceError | PoolIsEmpty)
