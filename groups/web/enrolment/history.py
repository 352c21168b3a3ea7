"""What was done to enrolments, counts and tariffs, the latest first; and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Flask, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import clock
from config.services import database
from groups.enrolment.records import household_of
from groups.errors import GroupsError
from groups.history import reading
from groups.history.rights import ENROLMENT_ACTS, FIGURES_ACTS, may_undo
from groups.history.undo import undo
from groups.models.batch import Author
from groups.models.changes import Change, Source
from groups.models.enrolment import Channel
from groups.web.enrolment.common import WRITERS, words_of
from groups.web.shell.access import current, own_path, requires
from groups.web.shell.times import zone

MOST_SHOWN = 50
MOST_OF_TOWN = 10

pages = Blueprint("enrolment_history", __name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What was done, the latest first, and what everything is called."""

    doings: tuple[reading.Doing, ...]
    names: reading.Names


def register(app: Flask) -> None:
    """Add the page that takes back."""
    app.register_blueprint(pages)


@pages.post("/enrolment/undo")
@requires(*WRITERS)
def take_back() -> ResponseReturnValue:
    """Take back what was done in one go, where nothing has been done on top."""
    key = request.form.get("batch", "")[:36]
    account = current()
    try:
        with database().begin() as session:
            noted = session.execute(select(Change.action, Change.household_id).where(Change.batch == key)).all()
            if not noted or not {action for action, _ in noted} <= ENROLMENT_ACTS | FIGURES_ACTS:
                abort(404)
            if not may_undo(session, key, account.role, account.village_id):
                abort(403)
            households = sorted({number for _, number in noted if number is not None})
            if len(households) <= MOST_SHOWN:
                for number in households:
                    household_of(session, number, hold=True, archived=True)
            by = Author(account.name, Source.UNDO, account.account_id)
            undo(session, key, by, clock(session), zone())
    except GroupsError as error:
        flash(words_of(error), "warning")
    else:
        flash(gettext("It was undone."), "success")
    return redirect(own_path(request.form.get("next")) or url_for("enrolment.index"), 303)


def history_of(session: Session, household_id: int) -> Told:
    """What was done to a household's enrolment, the latest first."""
    return _told(
        session, reading.history(session, household_id=household_id, about=[reading.of_enrolment()], most=MOST_SHOWN)
    )


def done_today(session: Session, today: date) -> Told:
    """Who was signed up at the pages today, and not taken back; the latest first."""
    about = [Change.changed_on == today, Change.action == "enrol", Change.undone_by == ""]
    return _told(session, reading.history(session, about=about, most=MOST_SHOWN))


def done_to(session: Session, *tables: str) -> Told:
    """What was done last to what belongs to the town: tariffs, counts, thresholds."""
    return _told(session, reading.history(session, about=[Change.table.in_(tables)], most=MOST_OF_TOWN))


def _told(session: Session, found: reading.History) -> Told:
    return Told(found.doings, reading.names_of(session, found.doings))


def channel_words(channel: Channel) -> str:
    """Where somebody signed up."""
    words: dict[Channel, str] = {
        Channel.OFFICE: gettext("village office"),
        Channel.SHOP: gettext("carrier's shop"),
        Channel.CARRIER: gettext("carrier's list"),
        Channel.ROSTER: gettext("moved along"),
    }
    return words[channel]
