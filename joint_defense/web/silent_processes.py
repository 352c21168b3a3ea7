"""A warning on every page: while something is wrong with the processes, it says what, and whom to tell.

That is: clock or sender stand still, one of several has died, or a call for help waits on a disk to be taken in.

The look at the heartbeats is kept for a few seconds, so that pages do not cost a question each.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from flask import Flask
from flask_babel import gettext, ngettext
from sqlalchemy.exc import SQLAlchemyError

from config.database import read_clock
from config.services import Service
from groups.web.shell import page_warnings
from joint_defense.processes.heartbeats import WELL, Role, Vitals, read_vitals
from joint_defense.processes.runtime import RUNTIME, Runtime

LOOK_EVERY = 5.0


class SilenceWatch:
    """How the processes are, as this one saw it last."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._looked_at = -LOOK_EVERY
        self._vitals: Vitals | None = None

    def vitals(self) -> Vitals | None:
        """Theirs. While the database does not answer, what was seen before: a page has other words for that."""
        with self._lock:
            due = time.monotonic() - self._looked_at >= LOOK_EVERY
            if due:
                self._looked_at = time.monotonic()
        if due:
            with suppress(SQLAlchemyError):
                self._vitals = self._look()
        return self._vitals

    def _look(self) -> Vitals:
        with self._runtime.database.begin(reads=True) as session:
            return read_vitals(session, self._runtime.settings.accounts, read_clock(session))


_WATCH = Service[SilenceWatch]("dead_man")


def _list_sentences() -> list[str]:
    line = _WATCH.of()
    vitals = line.vitals()
    if vitals is None:
        return []
    words = {
        Role.WORKER: gettext("The sender stands still: the web process sends in its place. Tell the operator at once."),
        Role.CLOCK: gettext("The clock stands still: the web process does its work. Tell the operator at once."),
    }
    said = [sentence for role, sentence in words.items() if vitals.word(role) == "silent"]
    others = (role for role in vitals.missing if role not in words or vitals.word(role) != "silent")
    if gone := sum(vitals.missing[role] for role in others):
        said.append(ngettext("One process has died.", "%(num)d processes have died.", gone))
    wait, aside = vitals.spooled
    if wait:
        said.append(
            ngettext(
                "One call or text waits on disk to be taken in. Tell the operator.",
                "%(num)d calls or texts wait on disk to be taken in. Tell the operator.",
                wait,
            )
        )
    if aside:
        said.append(
            ngettext(
                "One call or text was set aside on disk and nobody has been told of it. Tell the operator.",
                "%(num)d calls or texts were set aside on disk and nobody has been told of them. Tell the operator.",
                aside,
            )
        )
    return [*said, *_list_account_sentences(vitals)]


def _list_account_sentences(vitals: Vitals) -> list[str]:
    """Which accounts are out, and who carries instead. Of a single one the incident says what is wrong."""
    numbers = [
        gettext(
            "The carrier's account %(name)s says that %(number)s is not its number (%(word)s): nothing leaves from"
            " there. Tell the operator.",
            name=name,
            number=number,
            word=word,
        )
        for (name, number), word in vitals.numbers.items()
    ]
    if len(vitals.accounts) == 1:
        return numbers
    carrying = {name for names in vitals.carries.values() for name in names}
    out = {name: word for name, word in vitals.accounts.items() if word not in {WELL, "unknown"}}
    return [*(_write_account_sentence(name, word, carrying - {name}) for name, word in out.items()), *numbers]


def _write_account_sentence(name: str, word: str, others: set[str]) -> str:
    if not others:
        text = gettext("The carrier's account %(name)s is out (%(word)s), and no other carries.", name=name, word=word)
    else:
        text = gettext(
            "The carrier's account %(name)s is out (%(word)s): %(others)s carries.",
            name=name,
            word=word,
            others=gettext(", ").join(sorted(others)),
        )
    return str(text)


def register(app: Flask) -> None:
    """Put the line on every page."""
    _WATCH.keep(app, SilenceWatch(RUNTIME.of(app)))
    page_warnings.add(app, _list_sentences)
