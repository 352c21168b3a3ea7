"""The clock: every second it asks the database what is due that no callback and no wake-up will bring about."""

from __future__ import annotations

import os
import threading
import time

import structlog
from sqlalchemy.orm import Session

from config.database import clock
from joint_defense import dispatch, escalation, news, owners, reach_proofs, redials
from joint_defense.draining import drain
from joint_defense.runtime import Runtime

EVERY = 1.0
log = structlog.stdlib.get_logger(__name__)


def keep_time(runtime: Runtime, stopping: threading.Event) -> None:
    """Tick until told to stop. Two clocks at once are as good as one: whatever a tick does may be done twice."""
    name = f"clock-{owners.machine()}:{os.getpid()}:0"
    log.info("clock_started")
    proofs_at = time.monotonic()
    while not stopping.is_set():
        started = time.monotonic()
        try:
            with runtime.database.begin() as session:
                tick(runtime, session, name)
            # Web takes in what it spooled; where web is gone too, somebody else has to. The senders look by themselves.
            drain(runtime, lambda _incident_id: None)
            with runtime.database.begin() as session:
                planned = redials.follow_up_due(session, runtime.redial_pauses, clock(session))
            if planned:
                log.info("redials_planned", count=planned)
            if time.monotonic() >= proofs_at:
                proofs_at = time.monotonic() + reach_proofs.EVERY.total_seconds()
                with runtime.database.begin() as session:
                    reach_proofs.note_proofs(session, clock(session), runtime.settings.zone)
        except Exception:
            # The clock never stops: what failed is tried again in a second, and stands in the log.
            log.exception("tick_failed")
        stopping.wait(max(0.0, EVERY - (time.monotonic() - started)))


def tick(runtime: Runtime, session: Session, name: str) -> None:
    """One look at the database, as the clock that goes by this name."""
    now = clock(session)
    owners.beat(session, name, "clock", now)
    released = dispatch.release_dead(
        session, lambda owner: owners.alive(session, runtime.owners_directory, owner, now), now
    )
    if released:
        log.warning("claims_released", count=released)
    owners.forget_silent(session, now)
    if steps := escalation.widen_due(session, now, runtime.settings.zone):
        log.info("widened", steps=steps)
    # After the widening: a caller who has hung up is told of both in one text.
    if news.text_all(session, now, runtime.patience):
        log.info("news_planned")
