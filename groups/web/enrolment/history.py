"""What was done to enrolments, counts and tariffs, the latest first; and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Flask, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database
from groups.enrolment.records import get_household
from groups.errors import GroupsError
from groups.history import reading
from groups.history.rights import ENROLMENT_ACTS, FIGURES_ACTS, may_undo
from groups.history.undo import undo
from groups.models.batch import Author
from groups.models.changes import Action, Change, Source
from groups.models.enrolment import Channel
from groups.web.enrolment.common import WRITERS, write_error
from groups.web.shell.access import check_own_path, get_signed_in, require
from groups.web.shell.forms import UndoForm
from groups.web.shell.times import get_zone

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
@require(*WRITERS)
def take_back() -> ResponseReturnValue:
    """Take back what was done in one go, where nothing has been done on top."""
    key = UndoForm.sent().batch.data
    account = get_signed_in()
    try:
        # Between two statements of a whole list the page thinks for longer than an alarm's transaction may be silent.
        with get_database().patient().begin() as session:
            noted = session.execute(select(Change.action, Change.household_id).where(Change.batch == key)).all()
            if not noted or not {action for action, _ in noted} <= ENROLMENT_ACTS | FIGURES_ACTS:
                abort(404)
            if not may_undo(session, key, account.role, account.village_id):
                abort(403)
            households = sorted({number for _, number in noted if number is not None})
            if len(households) <= MOST_SHOWN:
                for number in households:
                    get_household(session, number, hold=True, archived=True)
            by = Author(account.name, Source.UNDO, account.account_id)
            undo(session, key, by, read_clock(session), get_zone())
    except GroupsError as error:
        flash(write_error(error), "warning")
    else:
        flash(gettext("It was undone."), "success")
    return redirect(check_own_path(request.form.get("next")) or url_for("enrolment.show_queue"), 303)


def read_history(session: Session, household_id: int) -> Told:
    """What was done to a household's enrolment, the latest first."""
    return _tell(
        session,
        reading.read_history(session, household_id=household_id, about=[reading.match_enrolment()], most=MOST_SHOWN),
    )


def read_done_today(session: Session, today: date) -> Told:
    """Who was signed up at the pages today, and not taken back; the latest first."""
    about = [Change.changed_on == today, Change.action == Action.ENROL, Change.undone_by == ""]
    return _tell(session, reading.read_history(session, about=about, most=MOST_SHOWN))


def read_done_to(session: Session, *tables: str) -> Told:
    """What was done last to what belongs to the town: tariffs, counts, thresholds."""
    return _tell(session, reading.read_history(session, about=[Change.table.in_(tables)], most=MOST_OF_TOWN))


def _tell(session: Session, found: reading.History) -> Told:
    return Told(found.doings, reading.read_names(session, found.doings))


def name_channel(channel: Channel) -> str:
    """Where somebody signed up."""
    words: dict[Channel, str] = {
        Channel.OFFICE: gettext("village office"),
        Channel.SHOP: gettext("carrier's shop"),
        Channel.CARRIER: gettext("carrier's list"),
        Channel.ROSTER: gettext("moved along"),
    }
    return words[channel]
