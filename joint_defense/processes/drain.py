"""Draining: what waits in the spool is taken in, in its order, as soon as that can be.

Late: what was spooled becomes what it would have been, as of when it came in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from config.database import is_away, read_clock
from config.services import Service
from groups import directory
from joint_defense.alarms import closing, greeting_answers, said_before
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.inbound_texts import Text, take_message
from joint_defense.alarms.intake import Limits, Trigger, raise_alarm
from joint_defense.alarms.wordless_calls import report_wordless
from joint_defense.incidents.record import is_known, keep_answer, note_update, receive
from joint_defense.models.inbound import InboundKind
from joint_defense.models.incidents import Delivery
from joint_defense.processes.runtime import Runtime
from joint_defense.processes.spool import SpooledEvent, SpooledKind
from joint_defense.rules import replies
from joint_defense.rules.states import GREETINGS, LEADERS, Channel, ClosingOutcome
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.understanding.meanings import Writer
from joint_defense.rules.understanding.understand import understand
from joint_defense.upkeep.greetings import greeting_asked

EVERY = 0.5
"""Seconds between two tries while something waits."""
log = structlog.stdlib.get_logger(__name__)


def drain(runtime: Runtime, wake: Callable[[int], None]) -> bool:
    """Take in what waits; `wake` is told of each incident that has something to send. Whether nothing waits now.

    What cannot be taken in keeps none of the others, and is tried again, ever more rarely.
    """
    if not runtime.spool.count():
        return True
    with runtime.spool.turn() as mine:
        if not mine:
            return False
        left = 0
        for event in runtime.spool.list_waiting():
            if not runtime.spool.is_due(event):
                left += 1
                continue
            try:
                incident_id = _replay(runtime, event)
            except Exception as error:
                if is_away(error):
                    return False
                times = runtime.spool.put_off(event)
                tell = log.exception if times == 1 else log.error
                tell("late_event_not_taken_in", kind=str(event.kind), carrier_key=event.carrier_key, times=times)
                left += 1
                continue
            runtime.spool.remove(event)
            if incident_id is not None:
                wake(incident_id)
    return not left


def _replay(runtime: Runtime, event: SpooledEvent) -> int | None:
    with runtime.database.begin() as session:
        now = read_clock(session)
        taken = replay(session, event, now, runtime.limits)
    seconds = round((now - event.received_at).total_seconds(), 1)
    log.warning("late_event_taken_in", kind=str(event.kind), incident_id=taken.incident_id, seconds=seconds)
    return taken.incident_id


class Drainer:
    """Drains in a thread, from the moment something was spooled until nothing waits any more."""

    def __init__(self, runtime: Runtime, wake: Callable[[int], None]) -> None:
        self._runtime = runtime
        self._wake = wake
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Something waits, or may: look after it. Returns at once."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="drainer", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End, and leave the rest to the next process."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        while not self._stopping.wait(EVERY):
            try:
                with self._lock:
                    # Under the lock, so that whoever spools just now finds us running or starts the next.
                    if not self._runtime.spool.count():
                        self._thread = None
                        return
                drain(self._runtime, self._wake)
            except (SQLAlchemyError, OSError) as error:
                log.error("draining_failed", error=type(error).__name__)


DRAINER = Service[Drainer]("drainer")


@dataclass(frozen=True, slots=True)
class TakenIn:
    """The incident that now has something to send, if any."""

    incident_id: int | None


def replay(session: Session, event: SpooledEvent, now: datetime, limits: Limits | None = None) -> TakenIn:
    """Do what the event asked for, at its own time; the timeline says how late. Twice is once."""
    known = is_known(session, event.carrier_key)
    match event.kind:
        case SpooledKind.ALARM:
            spoken = understand(event.text, Writer.AT_REST)
            trigger = Trigger(
                event.carrier_key,
                event.number,
                Channel.CALL,
                category=spoken.category,
                text=spoken.words,
                call_sid=event.sid,
            )
            raised = raise_alarm(session, trigger, event.received_at, limits)
            incident_id = raised.incident_id
            if not known:
                said_before.note_said_before(session, raised.alert_id, event.sid, event.received_at)
        case SpooledKind.WORDLESS:
            incident_id = report_wordless(
                session,
                event.carrier_key,
                event.number,
                event.received_at,
                limits,
                said=[*said_before.list_said_before(session, event.sid), *filter(None, [event.text])],
            ).incident_id
        case SpooledKind.SAID:
            incident_id = said_before.take_said_late(
                session, event.carrier_key, event.number, event.text, event.sid, event.received_at
            )
        case SpooledKind.TEXT:
            text = Text(event.sid, event.number, event.text)
            incident_id = take_message(session, text, event.received_at, limits).incident_id
        case SpooledKind.KEY:
            incident_id = _press(session, event, limits)
    if incident_id is not None and not known:
        caller = directory.find_caller(session, event.number)
        note_update(
            session,
            incident_id,
            UpdateKind.LATE,
            now,
            household=caller.household_name if caller is not None else "",
            seconds=int((now - event.received_at).total_seconds()),
        )
    return TakenIn(incident_id)


def _press(session: Session, event: SpooledEvent, limits: Limits | None) -> int | None:
    """A neighbour's answer by key; a leader's that all is over. What can be said of it was said on the call."""
    told = session.get(Delivery, event.delivery_id)
    if told is None:
        return None
    greets = told.purpose in GREETINGS
    if told.number not in (greeting_asked.list_numbers(session, event.number) if greets else [event.number]):
        return None
    kept = receive(session, event.carrier_key, InboundKind.ANSWER, event.number, event.text, event.received_at)
    if kept is None:
        return None
    kept.household_id, kept.responder_id, kept.incident_id = *told.party, told.incident_id
    keep_answer(kept, {"text": None, "incident_id": told.incident_id})
    if greets:
        when, whose = event.received_at, {"sid": event.sid, "number": event.number}
        return greeting_answers.take_key_late(session, told, event.text, when, limits or Limits(), **whose)
    if event.text in replies.KEYS:
        acknowledge(session, told, replies.KEYS[event.text], Channel.CALL, event.received_at)
    elif event.text == replies.CLOSE_KEY and told.role in LEADERS and told.incident.closed_at is None:
        closing.close(session, told.incident_id, ClosingOutcome.HELPED, "", told.household_name, event.received_at)
    return told.incident_id
