"""A new alarm on every page of whoever may watch it, within five seconds: a banner, the title, a sound.

Each process looks at the open alarms once a second at most, whoever asks; a page asks every three and a half seconds,
from a worker of the browser's own, which goes on while the page stands in the background. Without scripts a page shows
the open alarms as they were when it was loaded.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Flask, Response, jsonify, make_response, render_template, request
from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased

from config.database import DatabaseAway
from config.services import Service
from groups.web.shell import page_warnings
from groups.web.shell.access import find_signed_in, get_signed_in, require
from joint_defense.models.incidents import Alert, Incident
from joint_defense.processes.runtime import RUNTIME, Runtime
from joint_defense.rules.states import IncidentKind
from joint_defense.web.access import WATCHERS, find_own_village
from joint_defense.web.board.facts import make_digest
from joint_defense.web.words import is_in_chinese

pages = Blueprint("alarm_notice", __name__)

LOOK_EVERY = 1.0
"""Seconds between two looks at the database of one process."""
ASK_EVERY = 3.5
"""Seconds between two questions of a page: with the look and the way there it knows within five."""
MOST_SHOWN = 5
_SHOWN_THERE = frozenset({"board.show_incidents", "villages.show"})
"""Pages that show the open alarms themselves: a banner of those that stood there at first would say it twice."""


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    """An open alarm, by its first voice."""

    incident_id: int
    village_id: int
    household: str
    household_en: str
    place: str
    place_en: str
    opened_at: datetime

    @property
    def who(self) -> str:
        """Who calls, as the reader's language has it."""
        name = self.household if is_in_chinese() else self.household_en
        return name[:1].upper() + name[1:]

    @property
    def where(self) -> str:
        """Where, as the reader's language has it."""
        return self.place if is_in_chinese() else self.place_en


class OpenAlarms:
    """The open alarms of all villages, as this process saw them last: the newest first."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._looked_at = -LOOK_EVERY
        self._found: tuple[OpenAlarm, ...] = ()

    def read(self, village_id: int | None) -> tuple[OpenAlarm, ...]:
        """Those of a village, or (None) of all. While the database does not answer, what was seen before."""
        with self._lock:
            # Whoever comes meanwhile waits for this look instead of making one of their own.
            if time.monotonic() - self._looked_at >= LOOK_EVERY:
                with suppress(DBAPIError, DatabaseAway):
                    self._found = self._look()
                self._looked_at = time.monotonic()
        return tuple(each for each in self._found if village_id in {None, each.village_id})

    def _look(self) -> tuple[OpenAlarm, ...]:
        oldest = select(func.min(Alert.id)).where(Alert.incident_id == Incident.id).scalar_subquery()
        first = aliased(Alert)
        named = (first.household_name, first.household_name_en, first.place, first.place_en)
        query = (
            select(Incident.id, Incident.village_id, *named, Incident.opened_at)
            .join(first, first.id == oldest)
            .where(Incident.closed_at.is_(None), Incident.kind == IncidentKind.ALARM)
            .order_by(Incident.id.desc())
        )
        with self._runtime.database.begin(reads=True) as session:
            return tuple(OpenAlarm(*row) for row in session.execute(query))


_OPEN = Service[OpenAlarms]("open_alarms")


def register(app: Flask) -> None:
    """Put the notice on every page, and answer the pages' questions."""
    _OPEN.keep(app, OpenAlarms(RUNTIME.of(app)))
    app.register_blueprint(pages)
    page_warnings.add_notice(app, _draw_notice)


@pages.get("/alarms/live")
@require(*WATCHERS)
def show_live() -> Response:
    """The open alarms that this account may watch, as JSON with a banner each; 204 where the page has them already."""
    found = _OPEN.of().read(find_own_village())
    version = _make_version(found)
    if request.args.get("version") == version:
        return make_response("", 204)
    alarms = [
        {
            "id": each.incident_id,
            "title": gettext("%(who)s calls for help", who=each.who),
            "html": render_template("notice/alarm.html", alarm=each),
        }
        for each in found[:MOST_SHOWN]
    ]
    return jsonify(version=version, alarms=alarms)


def _draw_notice() -> str:
    account = find_signed_in()
    if account is None or account.role not in WATCHERS:
        return ""
    found = _OPEN.of().read(account.village_id)
    known = {_find_incident_here(), *_read_seen()}
    shown = [] if request.endpoint in _SHOWN_THERE else [each for each in found if each.incident_id not in known]
    return render_template(
        "notice/notice.html",
        alarms=shown[:MOST_SHOWN],
        here=_find_incident_here(),
        listed=request.endpoint in _SHOWN_THERE,
        ask_every=int(ASK_EVERY * 1000),
        account_id=get_signed_in().account_id,
    )


def _read_seen() -> set[int]:
    """The incidents that were seen in this browser, by its cookie: a notice that comes and goes moves the page."""
    words = request.cookies.get("alarms_seen", "")[:400].split(".")
    return {int(word) for word in words if word.isascii() and word.isdigit() and len(word) <= 18}


def _find_incident_here() -> int | None:
    """The incident whose page this is."""
    found = (request.view_args or {}).get("incident_id")
    return found if isinstance(found, int) else None


def _make_version(alarms: tuple[OpenAlarm, ...]) -> str:
    return make_digest([each.incident_id for each in alarms[:MOST_SHOWN]] + [str(is_in_chinese())])
