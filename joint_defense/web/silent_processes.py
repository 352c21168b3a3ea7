"""The dead man's line: while clock or sender stand still, every page says so.

The look at the heartbeats is kept for a few seconds, so that pages do not cost a question each.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from flask import Flask, current_app
from flask_babel import gettext
from sqlalchemy.exc import SQLAlchemyError

from config.database import clock
from groups.web.shell import page_warnings
from joint_defense.processes.heartbeats import ROLES, WELL, read_vitals
from joint_defense.processes.runtime import Runtime

LOOK_EVERY = 5.0


class DeadManLine:
    """Which of worker and clock stand still, as this process saw it last."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._looked_at = -LOOK_EVERY
        self._silent: frozenset[str] = frozenset()

    def silent(self) -> frozenset[str]:
        """Their roles. While the database does not answer, what was seen before: a page has other words for that."""
        with self._lock:
            due = time.monotonic() - self._looked_at >= LOOK_EVERY
            if due:
                self._looked_at = time.monotonic()
        if due:
            with suppress(SQLAlchemyError):
                self._silent = self._look()
        return self._silent

    def _look(self) -> frozenset[str]:
        with self._runtime.database.begin(reads=True) as session:
            vitals = read_vitals(session, self._runtime.settings.twilio_account_sid, clock(session))
        return frozenset(role for role in ROLES if vitals.word(role) != WELL)


def _sentences() -> list[str]:
    line: DeadManLine = current_app.extensions["dead_man"]
    silent = line.silent()
    words = {
        "worker": gettext("The sender stands still: no alarm is being passed on. Tell the operator at once."),
        "clock": gettext("The clock stands still: nobody is rung again, and lost requests wait. Tell the operator."),
    }
    return [sentence for role, sentence in words.items() if role in silent]


def register(app: Flask) -> None:
    """Put the line on every page."""
    app.extensions["dead_man"] = DeadManLine(app.extensions["runtime"])
    page_warnings.add(app, _sentences)
