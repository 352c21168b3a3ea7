"""The clock: every second it asks the database what is due that no callback and no wake-up will bring about."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from config.database import AWAY, read_clock
from config.logging import say_alive, say_ready
from config.retention import Due, Kept, delete_due
from groups import directory
from joint_defense.alarms import closing, device_presses, greeting_answers, held_alarms, news_sent, words_passed_on
from joint_defense.alarms.escalation import redial_queries, redials, widening
from joint_defense.alarms.intake import IntakeResult
from joint_defense.alarms.news_on_line import Patience
from joint_defense.alarms.news_sent import InVain, Mark
from joint_defense.delivery import claims, proofs
from joint_defense.incidents.record import match_open_since
from joint_defense.processes import heartbeats, service_alerts
from joint_defense.processes.drain import drain
from joint_defense.processes.heartbeats import Role
from joint_defense.processes.questions import NOW, Ago, Question
from joint_defense.processes.queues import enlist_books_check
from joint_defense.processes.runtime import Runtime
from joint_defense.processes.sign_ins import tell_of_sign_ins
from joint_defense.processes.stand_in import StandIn
from joint_defense.rules.states import IncidentKind
from joint_defense.rules.upkeep.greetings import GreetingStep
from joint_defense.upkeep import device_tests, drills, head_texts, number_changes, rolling_tests, tasks
from joint_defense.upkeep.greetings import greeting_days
from joint_defense.upkeep.number_changes import NumberRules

EVERY = 1.0
BEAT_EVERY = 2.0
"""Seconds after which it says again that it lives: whoever stands in for a clock waits for five."""
UNHURRIED_SECONDS = 5.0
"""So long a clock that stops waits for what can wait; any of it may be broken off."""
BOOKS_FROM_HOUR = 2
TESTS_FROM_HOUR = 5
PURGE_HOURS = frozenset({3, 4})
Part = Callable[[Runtime], None]
Result = TypeVar("Result")
log = structlog.stdlib.get_logger(__name__)


def keep_time(runtime: Runtime, stopping: threading.Event) -> None:
    """Tick until told to stop. Two clocks at once are as good as one: whatever a tick does may be done twice."""
    name = heartbeats.name_of_process(runtime.owners_directory, Role.CLOCK)
    log.info("clock_started")
    stand_in = StandIn(runtime, Role.CLOCK)
    stand_in.start()
    unhurried = _Unhurried(runtime, stopping)
    unhurried.start()
    turns = _Turns(NOW_AND_THEN)
    beat_at = 0.0
    say_ready()
    while not stopping.is_set():
        say_alive()
        started = time.monotonic()
        parts = (*PARTS, *turns.take_due(started))
        # It says that it lives only where what can wait goes well, too.
        beats = unhurried.well and started >= beat_at
        if tick(runtime, name if beats else None, parts) and beats:
            beat_at = started + BEAT_EVERY - EVERY / 2
        stopping.wait(max(0.0, EVERY - (time.monotonic() - started)))
    unhurried.join(UNHURRIED_SECONDS)
    stand_in.close()
    _say_goodbye(runtime, name)


class _Turns:
    """Which parts have their turn, each after so many seconds."""

    def __init__(self, parts: tuple[tuple[float, Part], ...]) -> None:
        self._parts = parts
        self._next_at = dict.fromkeys((part for _, part in parts), 0.0)

    def take_due(self, now: float) -> tuple[Part, ...]:
        due = tuple((every, part) for every, part in self._parts if now >= self._next_at[part])
        for every, part in due:
            self._next_at[part] = now + every
        return tuple(part for _, part in due)


class _Unhurried(threading.Thread):
    """What can wait, beside the clock: a county's tests take seconds to plan, and no alarm is to wait for that.

    `well`: whether its last look went well.
    """

    def __init__(self, runtime: Runtime, stopping: threading.Event) -> None:
        super().__init__(name="unhurried", daemon=True)
        self._runtime, self._stopping = runtime, stopping
        self.well = True

    def run(self) -> None:
        turns = _Turns(UNHURRIED)
        while not self._stopping.is_set():
            if parts := turns.take_due(time.monotonic()):
                self.well = tick(self._runtime, None, parts)
            self._stopping.wait(EVERY)


class ClockStandIn:
    """In place of a clock that is gone, whose turns it keeps. Nobody is told that a clock lives."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime, self._turns = runtime, _Turns(NOW_AND_THEN)

    def look(self) -> bool:
        """One look; whether all was done."""
        return tick(self._runtime, None, (*PARTS, *self._turns.take_due(time.monotonic())))


def tick(runtime: Runtime, name: str | None, parts: tuple[Part, ...] | None = None) -> bool:
    """One look at the database, as the clock that goes by this name (None: as nobody). Returns whether all was done.

    Each part is a transaction of its own: what one of them stumbles over keeps none of the others. The clock says that
    it lives only where all went well, so that somebody looks into the log.
    """
    well = True
    try:
        for part in _leave_out_idle(runtime, PARTS if parts is None else parts):
            try:
                part(runtime)
            except AWAY:
                raise
            except Exception:
                log.exception("tick_failed", part=part.__name__.strip("_"))
                well = False
        if well and name is not None:
            try:
                _beat(runtime, name)
            except AWAY:
                raise
            except Exception:
                # The clock goes on: what it says of itself is the least of what it does.
                log.exception("tick_failed", part="beat")
                well = False
    except AWAY as error:
        # Nothing else can be done then either. It is tried again in a second.
        log.error("database_away", error=type(error).__name__)
        return False
    return well


def _leave_out_idle(runtime: Runtime, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """These parts without those that have nothing to do, which are asked for all in one. Raises as `ask` does."""
    if not any(part in _HAS_WORK for part in parts):
        return parts
    try:
        row, now = _WORK.ask(runtime.database)
    except AWAY:
        raise
    except Exception:
        log.exception("tick_failed", part="leave_out_idle")
        return parts
    runtime.witness.note(now)
    return tuple(part for part in parts if part not in _HAS_WORK or getattr(row, part.__name__.strip("_")))


def _write_question(ago: Ago) -> Select[Any]:
    none: Select[Any] = select()
    return none.add_columns(*(match(ago).label(part.__name__.strip("_")) for part, match in _HAS_WORK.items()))


def _release_dead(runtime: Runtime) -> None:
    def look(session: Session) -> int:
        now = read_clock(session)
        return claims.release_dead(session, runtime.witness.look(session, now), now)

    if released := _run(runtime, look):
        log.warning("claims_released", count=released)


# One transaction for each incident: whoever presses a key meanwhile waits for one of them, and not for hundreds.


def _release_held(runtime: Runtime) -> None:
    for incident_id in _run(runtime, lambda session: held_alarms.find_overdue(session, read_clock(session))):
        if _run(runtime, partial(_release_one, incident_id)):
            log.info("held_alarm_goes_to_all", incident_id=incident_id)


def _release_one(incident_id: int, session: Session) -> bool:
    return held_alarms.release_overdue(session, incident_id, read_clock(session))


def _raise_presses(runtime: Runtime) -> None:
    """A device was pressed, and nobody has said that it was the test that was asked for: it is a call for help."""
    for press_id in _run(runtime, lambda session: device_presses.find_overdue(session, read_clock(session))):
        raised = _run(runtime, partial(_raise_press, press_id, runtime))
        if raised is not None:
            log.info("press_raised_by_the_clock", incident_id=raised.incident_id, outcome=raised.outcome)


def _raise_press(press_id: int, runtime: Runtime, session: Session) -> IntakeResult | None:
    return device_presses.raise_overdue(session, press_id, read_clock(session), runtime.limits)


def _ask_for_presses(runtime: Runtime) -> None:
    """Ask for the monthly test press of devices, in the hours that each village has set. Not with the budget spent."""
    zone = runtime.settings.zone
    if runtime.budget.is_spent():
        return
    _run(runtime, lambda session: directory.end_gone_device_tests(session, read_clock(session)))
    asked = 0
    for village_id in _run(runtime, lambda session: device_tests.find_villages(session, read_clock(session), zone)):
        asked += len(_run(runtime, partial(_ask_for_presses_in, village_id, zone)))
    if asked:
        log.info("device_tests_asked_for", drills=asked)


def _ask_for_presses_in(village_id: int, zone: ZoneInfo, session: Session) -> list[int]:
    return device_tests.go_on(session, village_id, read_clock(session), zone)


def _widen(runtime: Runtime) -> None:
    for incident_id in _run(runtime, lambda session: widening.find_due(session, read_clock(session))):
        _run(runtime, partial(_widen_one, incident_id, runtime.settings.zone))


def _widen_one(incident_id: int, zone: ZoneInfo, session: Session) -> int:
    return widening.widen(session, incident_id, read_clock(session), zone)


def _send_news(runtime: Runtime) -> None:
    found = _run(runtime, partial(_find_news, runtime.patience, runtime.in_vain))
    planned = 0
    for incident_id, mark in found:
        now, told = _run(runtime, partial(_send_news_of, incident_id, runtime.patience))
        planned += bool(told)
        if told is False:
            runtime.in_vain.note(incident_id, mark, now)
    if planned:
        log.info("news_planned", count=planned)


def _find_news(patience: Patience, in_vain: InVain, session: Session) -> list[tuple[int, Mark]]:
    now = read_clock(session)
    return in_vain.leave_out(news_sent.find_with_news(session, now, patience.nobody_after), now)


def _send_news_of(incident_id: int, patience: Patience, session: Session) -> tuple[datetime, bool | None]:
    now = read_clock(session)
    return now, news_sent.send_of(session, incident_id, now, patience)


def _pass_on_words(runtime: Runtime) -> None:
    planned = 0
    for incident_id, mark in _run(runtime, partial(_find_words, runtime.words_in_vain)):
        now, count = _run(runtime, partial(_pass_on_words_of, incident_id))
        planned += count
        if not count:
            runtime.words_in_vain.note(incident_id, mark, now)
    if planned:
        log.info("words_passed_on", count=planned)


def _find_words(in_vain: InVain, session: Session) -> list[tuple[int, Mark]]:
    now = read_clock(session)
    return in_vain.leave_out(words_passed_on.find_with_words(session, now), now)


def _pass_on_words_of(incident_id: int, session: Session) -> tuple[datetime, int]:
    now = read_clock(session)
    return now, words_passed_on.pass_on(session, incident_id, now)


def _close_forgotten(runtime: Runtime) -> None:
    for incident_id in _run(runtime, lambda session: closing.find_forgotten(session, read_clock(session))):
        if _run(runtime, partial(_close_one, incident_id)):
            log.warning("incident_closed_by_the_clock", incident_id=incident_id)


def _close_one(incident_id: int, session: Session) -> bool:
    return closing.close_forgotten(session, incident_id, read_clock(session))


def _end_drills(runtime: Runtime) -> None:
    now = runtime.database.estimate_now()
    with runtime.database.begin(reads=True) as session:
        done = drills.find_done(session, now)
    for incident_id in done:
        _run(runtime, partial(_end_drill, incident_id))


def _end_drill(incident_id: int, session: Session) -> bool:
    return drills.stop_drill(session, incident_id, "", read_clock(session))


def _drain(runtime: Runtime) -> None:
    """Web takes in what it spooled; where web is gone too, somebody else has to. The senders look by themselves."""
    drain(runtime, lambda _incident_id: None)


def _redial(runtime: Runtime) -> None:
    pauses = runtime.redial_pauses
    if planned := _run(runtime, lambda session: redials.follow_up_due(session, pauses, read_clock(session))):
        log.info("redials_planned", count=planned)


def _judge_texts(runtime: Runtime) -> None:
    pauses = runtime.redial_pauses
    if planned := _run(runtime, lambda session: redials.judge_unanswered_texts(session, pauses, read_clock(session))):
        log.info("redials_planned", count=planned)


def _note_proofs(runtime: Runtime) -> None:
    _run(runtime, lambda session: proofs.note_proofs(session, read_clock(session), runtime.settings.zone))


def _ping(runtime: Runtime) -> None:
    """Tell whoever listens outside that the clock goes: silence is what they watch for. Nobody here waits for it."""
    if url := runtime.settings.ping_url:
        threading.Thread(target=service_alerts.send_ping, args=(url,), name="ping", daemon=True).start()


def _have_books_checked(runtime: Runtime) -> None:
    """From two in the morning on the bulk worker looks at the books; done today already, it leaves them alone."""
    if runtime.database.estimate_now().astimezone(runtime.settings.zone).hour >= BOOKS_FROM_HOUR:
        enlist_books_check(runtime.redis)


def _purge(runtime: Runtime) -> None:
    """In the small hours, a batch of each kind of what is over its time, each in a transaction of its own."""
    settings = runtime.settings
    if runtime.database.estimate_now().astimezone(settings.zone).hour not in PURGE_HOURS:
        return
    # Nothing else of a clock needs the whole roster.
    from groups.directory import people  # noqa: PLC0415
    from joint_defense.incidents import privacy  # noqa: PLC0415

    for due in (*people.make_dues(settings.zone), *privacy.make_dues()):
        if count := _run(runtime, partial(_delete_due, due, settings.keep_days)):
            log.info("purged", kind=due.kind.value, count=count)


def _delete_due(due: Due, periods: Mapping[Kept, int], session: Session) -> int:
    return delete_due(session, due, periods, read_clock(session))


def _run(runtime: Runtime, work: Callable[[Session], Result]) -> Result:
    with runtime.database.begin() as session:
        return work(session)


def _beat(runtime: Runtime, name: str) -> None:
    heartbeats.beat_alone(runtime.database, name, Role.CLOCK, runtime.spool.kept())


def _forget_silent(runtime: Runtime) -> None:
    _run(runtime, lambda session: heartbeats.forget_silent(session, read_clock(session)))


def _say_goodbye(runtime: Runtime, name: str) -> None:
    try:
        _run(runtime, lambda session: heartbeats.say_goodbye(session, name))
    except AWAY as error:
        log.warning("goodbye_without_database", error=type(error).__name__)


def _mend_numbers(runtime: Runtime) -> None:
    """Ask on for numbers that fail, village by village, in the hours that each has set. Not with the budget spent."""
    if runtime.budget.is_spent():
        return
    zone = runtime.settings.zone
    planned = 0
    for village_id in _run(runtime, lambda session: tasks.find_villages_due(session, read_clock(session))):
        planned += len(_run(runtime, partial(_ask_on, village_id, zone)))
    for village_id in _run(runtime, lambda session: head_texts.find_heads_due(session, read_clock(session), zone)):
        planned += len(_run(runtime, partial(_tell_heads, village_id, zone)))
    if planned:
        log.info("numbers_asked_for", count=planned)


def _ask_on(village_id: int, zone: ZoneInfo, session: Session) -> list[int]:
    return tasks.ask_on(session, village_id, read_clock(session), zone)


def _tell_heads(village_id: int, zone: ZoneInfo, session: Session) -> list[int]:
    return head_texts.tell_heads(session, village_id, read_clock(session), zone)


def _plan_tests(runtime: Runtime) -> None:
    """Once a day, before anybody may be rung: which numbers are tested. New numbers join in through the day."""
    zone = runtime.settings.zone
    if runtime.database.estimate_now().astimezone(zone).hour < TESTS_FROM_HOUR:
        return
    planned = _run(runtime, lambda session: rolling_tests.plan_day(session, read_clock(session), zone))
    if planned is not None:
        log.info("tests_planned", count=planned)
    if new := _run(runtime, lambda session: rolling_tests.plan_new(session, read_clock(session), zone)):
        log.info("tests_of_new_numbers_planned", count=new)


def _ring_tests(runtime: Runtime) -> None:
    if runtime.budget.is_spent():
        return
    zone = runtime.settings.zone
    for village_id, slot in _run(
        runtime, lambda session: rolling_tests.find_villages_due(session, read_clock(session), zone)
    ):
        _run(runtime, partial(_ring_due, village_id, slot, zone))


def _ring_due(village_id: int, slot: int, zone: ZoneInfo, session: Session) -> int | None:
    return rolling_tests.ring_due(session, village_id, slot, read_clock(session), zone)


def _change_numbers(runtime: Runtime) -> None:
    """Call the new numbers that people have written, in permitted hours, and say how that went."""
    for change_id in _run(runtime, lambda session: number_changes.find_due(session, read_clock(session))):
        _run(runtime, partial(_go_on, change_id, runtime.number_rules))


def _go_on(change_id: int, rules: NumberRules, session: Session) -> int | None:
    return number_changes.go_on(session, change_id, read_clock(session), rules)


def _ask_whether_well(runtime: Runtime) -> None:
    """Ask those who live alone whether they are well, at the time each has chosen, and go on where nobody answers."""
    zone, database = runtime.settings.zone, runtime.database
    now = database.estimate_now()
    with database.begin(reads=True) as session:
        due, open_days = greeting_days.find_due(session, now, zone), greeting_days.find_days_due(session, now)
    for day_id in open_days:
        step = _run(runtime, partial(_go_on_greeting, day_id, runtime))
        if step is not None:
            log.info("greeting_goes_on", step=step)
    asked = sum(_run(runtime, partial(_open_greeting, greeting_id, zone)) is not None for greeting_id in due)
    if asked:
        log.info("greetings_begun", count=asked)


def _open_greeting(greeting_id: int, zone: ZoneInfo, session: Session) -> int | None:
    return greeting_days.open_day(session, greeting_id, read_clock(session), zone)


def _go_on_greeting(day_id: int, runtime: Runtime, session: Session) -> GreetingStep | None:
    now = read_clock(session)
    step = greeting_days.go_on(session, day_id, now, runtime.settings.zone)
    if step is GreetingStep.ALARM:
        greeting_answers.raise_unanswered(session, day_id, now, runtime.limits)
    return step


def _look_at_numbers(runtime: Runtime) -> None:
    """A task for each number that fails; those that work again, or are gone, are nobody's any more."""
    closed = _run(runtime, lambda session: tasks.close_mended(session, read_clock(session), runtime.settings.zone))
    opened = _run(runtime, lambda session: tasks.open_for_failing(session, read_clock(session)))
    if opened or closed:
        log.info("numbers_looked_at", failing=opened, mended=closed)


# The news after the widening: a caller who has hung up is told of both in one text.
PARTS: tuple[Part, ...] = (
    *(_release_dead, _drain, _release_held, _raise_presses),
    *(_widen, _send_news, _pass_on_words, _redial),
)
_HAS_WORK: dict[Part, Callable[[Ago], ColumnElement[bool]]] = {
    _release_dead: lambda _ago: claims.match_in_hand(),
    _release_held: lambda ago: held_alarms.match_overdue(ago(NOW)),
    _raise_presses: lambda ago: device_presses.match_overdue(ago(NOW)),
    _widen: lambda ago: widening.match_due(ago(NOW)),
    _send_news: lambda ago: match_open_since(ago(news_sent.NEWS_UNTIL)),
    _pass_on_words: lambda ago: match_open_since(ago(words_passed_on.PASSED_ON_FOR)),
    # No household has as long as that to answer a text.
    _judge_texts: lambda ago: match_open_since(ago(closing.FORGOTTEN_AFTER[IncidentKind.ALARM])),
    _end_drills: lambda _ago: drills.match_open(),
    _redial: lambda ago: redial_queries.match_due(ago(NOW)),
}
"""Whether there may be anything to do for a part: at rest a tick is one statement."""
_WORK = Question(_write_question)
# What is not worth a look every second: after so many seconds each.
NOW_AND_THEN: tuple[tuple[float, Part], ...] = (
    (5.0, _judge_texts),
    (20.0, _close_forgotten),
    (5.0, _end_drills),
    (60.0, _ping),
    (60.0, _forget_silent),
    (service_alerts.EVERY, service_alerts.watch_service),
    (proofs.EVERY.total_seconds(), _note_proofs),
)
UNHURRIED: tuple[tuple[float, Part], ...] = (
    (1800.0, _have_books_checked),
    (60.0, _purge),
    (300.0, _look_at_numbers),
    (60.0, _mend_numbers),
    (30.0, _change_numbers),
    (300.0, _plan_tests),
    (60.0, _ring_tests),
    (60.0, _ask_for_presses),
    (3.0, _ask_whether_well),
    (3.0, tell_of_sign_ins),
)
"""What can wait for a clock: nobody stands in for it, and it keeps no tick waiting."""
