"""Status callbacks: what has become of a call or message of ours; many in one transaction when many come at once.

Many alarms at once bring six callbacks for every neighbour. One commit each would keep the next alarm waiting, and so
would as many threads that wait for a commit: those beyond a few are put down in memory, answered, and taken in a moment
later. What is in memory when the process is killed counts as never told: the carrier is asked.
"""

from __future__ import annotations

import atexit
import threading
import time
from dataclasses import dataclass
from datetime import datetime

import structlog
from flask import Blueprint, Response, abort, request
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolIsEmpty

from config.database import Database, DatabaseAway, read_clock
from config.services import Service
from joint_defense.carriers.port import BrokenForm, StatusReport, read_status
from joint_defense.delivery import claims, tracking
from joint_defense.delivery.lines import Line
from joint_defense.delivery.tracking import Report, Unfitting
from joint_defense.processes.runtime import get_runtime
from joint_defense.processes.stand_in import WAKER
from joint_defense.rules.errors import ForeignCallback, UnknownDelivery
from joint_defense.webhooks.common import check_signature

AT_ONCE = 100
MAY_WAIT = 3
"""So many requests of a process wait for theirs to be taken in; the other threads are the alarms'."""
MOST_PUT_DOWN = 10_000
LOOK_EVERY = 0.05
AWAY_PAUSE = 0.5
_IN_EACH_OTHERS_WAY = {"40001", "40P01"}
"""PostgreSQL's serialization_failure and deadlock_detected."""
log = structlog.stdlib.get_logger(__name__)


@dataclass(eq=False, slots=True)
class _Entry:
    report: Report
    outcome: bool | Exception | None = None
    awaited: bool = False
    """Whether a request waits for the outcome; of the others the log has what went wrong."""


class Reports:
    """The callbacks of a process. Whoever's turn it is takes in all that wait, and the others find theirs done."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: list[_Entry] = []
        self._inside = 0
        self._put_down = threading.Condition(self._lock)
        self._taker: threading.Thread | None = None

    def put_down(self, report: Report, *, away: bool = False) -> bool:
        """Keep it for a moment, so that it can be answered at once. False: few others wait, take it in yourself.

        `away`: the database is, so nobody can take it in. False then: there is no room for more.
        """
        with self._lock:
            if (self._inside < MAY_WAIT and not away) or len(self._waiting) >= MOST_PUT_DOWN:
                return False
            self._waiting.append(_Entry(report))
            if self._taker is None:
                self._taker = threading.Thread(target=self._record_the_rest, name="callbacks", daemon=True)
                self._taker.start()
                # A process that is told to end takes in what it has answered for.
                atexit.register(self.record_all)
            self._put_down.notify()
        return True

    def record_all(self) -> None:
        """Take in whatever waits, unless the database is away."""
        while self._waiting:
            with self._turn:
                if not self._work(self._take()):
                    return

    def _record_the_rest(self) -> None:
        while True:
            with self._put_down:
                self._put_down.wait_for(lambda: self._waiting)
            self.record_all()
            if self._waiting:
                time.sleep(AWAY_PAUSE)

    def record(self, report: Report) -> bool:
        """Whether it told us anything new; it is committed when this returns.

        Raises UnknownDelivery and ForeignCallback, as `tracking.record_status`, and what the database raises.
        """
        entry = _Entry(report, awaited=True)
        with self._lock:
            self._waiting.append(entry)
            self._inside += 1
        try:
            while entry.outcome is None:
                # Whoever has the turn may keep it while more come: what is done by then is answered all the same.
                if self._turn.acquire(timeout=LOOK_EVERY):
                    try:
                        if entry.outcome is None:
                            self._work(self._take())
                    finally:
                        self._turn.release()
        finally:
            with self._lock:
                self._inside -= 1
        if isinstance(entry.outcome, Exception):
            raise entry.outcome
        return entry.outcome

    def _take(self) -> list[_Entry]:
        with self._lock:
            taken, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
        return taken

    def _work(self, entries: list[_Entry]) -> bool:
        """Whether all of them are settled: while the database is away, those that nobody waits for are kept."""
        try:
            outcomes: list[bool | Exception] = list(self._record([entry.report for entry in entries]))
        except SQLAlchemyError as error:
            if len(entries) > 1 and not _is_away(error):
                # One of them may be in the way of the others.
                log.warning("callbacks_taken_in_one_by_one", count=len(entries), error=type(error).__name__)
                settled = [self._work([entry]) for entry in entries]
                return all(settled)
            outcomes = [error] * len(entries)
        except BaseException as error:
            # Also where the process is told to end: nobody may wait for an outcome that never comes.
            outcomes = [error if isinstance(error, Exception) else RuntimeError("ended")] * len(entries)
            if not isinstance(error, Exception):
                self._settle(entries, outcomes)
                raise
        return self._settle(entries, outcomes)

    def _settle(self, entries: list[_Entry], outcomes: list[bool | Exception]) -> bool:
        again = []
        for entry, outcome in zip(entries, outcomes, strict=True):
            if entry.awaited or not isinstance(outcome, Exception):
                entry.outcome = outcome
            elif _is_away(outcome):
                again.append(entry)
            else:
                report, error = entry.report, type(outcome).__name__
                log.warning("callback_not_taken_in", delivery_id=report.delivery_id, number=report.number, error=error)
        with self._lock:
            self._waiting += again
        return not again

    def _record(self, reports: list[Report]) -> list[bool | Unfitting]:
        with self._database.begin() as session:
            now: datetime = read_clock(session)
            return tracking.record_reports(session, reports, now)


REPORTS = Service[Reports]("reports")


def _is_away(error: Exception) -> bool:
    """Whether the database is not there, or does not answer: then it is no use to wait for it once more for each."""
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlstate", None) not in _IN_EACH_OTHERS_WAY
    return isinstance(error, DatabaseAway | InterfaceError | PoolIsEmpty)


status = Blueprint("status", __name__, url_prefix="/status")
status.before_request(check_signature)


@status.post("/<int:delivery_id>/<int:number>")
def take_report(delivery_id: int, number: int) -> Response:
    """A callback for attempt `number` of a delivery: 204; 404 if there is none, 409 if it is another call's.

    Where many come at once, or the database is away, it is 204 without delay, and looked at a moment later.
    """
    try:
        said = read_status(request.form, get_runtime().read_number)
        report = Report(delivery_id, number, said.sid, said.status, said.error_code, said.said_at)
        reports = REPORTS.of()
        if not said.too_fast and reports.put_down(report):
            return Response(status=204)
        new = reports.record(report)
    except BrokenForm as error:
        abort(400, str(error))
    except UnknownDelivery as error:
        log.warning("callback_unknown", delivery_id=delivery_id, number=number)
        abort(404, str(error))
    except ForeignCallback as error:
        log.warning("callback_foreign", delivery_id=delivery_id, number=number)
        abort(409, str(error))
    except SQLAlchemyError as error:
        if not _is_away(error) or not reports.put_down(report, away=True):
            raise
        log.warning("callback_waits", delivery_id=delivery_id, number=number, error=type(error).__name__)
        if said.too_fast:
            _slow_down(said)
        return Response(status=204)
    if new and said.too_fast:
        _slow_down(said)
    if new and said.ends_call and get_runtime().places:
        _fill_place()
    return Response(status=204)


def _fill_place() -> None:
    """A number that holds as many calls as it may has a place again: whoever waits for one is rung now."""
    try:
        with get_runtime().database.begin() as session:
            incident_id = claims.find_next_call(session, read_clock(session))
    except SQLAlchemyError as error:
        # The callback is on record all the same, and the senders look by themselves.
        log.warning("place_not_filled", error=type(error).__name__)
        return
    if incident_id is not None:
        WAKER.of().wake(incident_id)


def _slow_down(said: StatusReport) -> None:
    """The carrier took it, and then failed it for coming too fast: slower, for all workers."""
    lines = get_runtime().pace[said.channel]
    account = said.account if said.account in lines.bundles else next(iter(lines.bundles))
    factor = lines.slow_down(Line(account, said.sender))
    log.warning("pace_slowed", channel=said.channel, factor=factor)
