"""What was changed, by whom and from where; and taking it back."""

from __future__ import annotations

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database
from groups.errors import ChangedSince, GroupsError, NothingToUndo
from groups.history import reading
from groups.history.rights import may_undo
from groups.history.undo import undo
from groups.models.accounts import Account, AccountRole
from groups.models.batch import Author
from groups.models.changes import Change, Source
from groups.models.roster import Group, Household, Village
from groups.web.history import words
from groups.web.history.filters import MOST_OFFERED, Sought
from groups.web.roster.common import find_way_back, tell
from groups.web.shell.access import KEEPERS, READERS, get_own_village, get_signed_in, require
from groups.web.shell.forms import UndoForm
from groups.web.shell.languages import write_error
from groups.web.shell.times import get_zone

pages = Blueprint("history", __name__)

Place = tuple[int | None, int | None, int | None]
"""The ids of a village, a group and a household; None: all of them."""


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(pages)


@pages.get("/villages/<code>/history")
@require(*READERS)
def show(code: str) -> ResponseReturnValue:
    """A village's changes; with `group` or `household`, one's own."""
    return _draw_page(code)


@pages.get("/audit")
@require(AccountRole.ADMIN)
def show_audit() -> ResponseReturnValue:
    """All changes of the town, those of accounts too, by person, village and day."""
    with get_database().begin(reads=True) as session:
        sought = Sought.read(session)
        found, names = _find(session, sought, (sought.village.id if sought.village else None, None, None))
        villages = session.scalars(select(Village.name).order_by(Village.id).limit(MOST_OFFERED)).all()
    html = render_template(
        "history/history.html",
        village=None,
        history=found,
        names=names,
        title="",
        household=None,
        group=None,
        blocked=None,
        sought=sought,
        villages=villages,
        people=[],
    )
    return html, 422 if sought.wrong else 200


@pages.post("/villages/<code>/history/<key>/undo")
@require(*KEEPERS)
def undo_batch(code: str, key: str) -> ResponseReturnValue:
    """Take back what was done in one go; where others have built on it, say what, and offer the rest."""
    account = get_signed_in()
    try:
        # Between two statements of a whole list the page thinks for longer than an alarm's transaction may be silent.
        with get_database().patient().begin() as session:
            village = get_own_village(session, code, hold=True)
            _check_own(session, village, key)
            by = Author(account.name, Source.UNDO, account.account_id)
            done = undo(session, key, by, read_clock(session), get_zone(), what_can_be=UndoForm.sent().what_can_be.data)
    except ChangedSince as error:
        return _draw_page(code, blocked=(key, error.obstacles))
    except NothingToUndo as error:
        flash(write_error(error), "danger")
        return redirect(find_way_back(url_for("history.show", code=code)), 303)
    except GroupsError as error:
        flash(write_error(error), "danger")
        return redirect(url_for("history.show", code=code), 303)
    if done.kept:
        flash(gettext("%(count)s changes stay: others were made on top of them.", count=len(done.kept)), "warning")
    tell(gettext("Undone."), done.batch, code, undone=True)
    return redirect(find_way_back(url_for("history.show", code=code)), 303)


@pages.post("/audit/<key>/undo")
@require(AccountRole.ADMIN)
def undo_of_town(key: str) -> ResponseReturnValue:
    """Take back what was done to a list that belongs to the town and to no village."""
    account = get_signed_in()
    try:
        # Between two statements of a whole list the page thinks for longer than an alarm's transaction may be silent.
        with get_database().patient().begin() as session:
            if not reading.is_of_town(session, key, "responders"):
                abort(404)
            by = Author(account.name, Source.UNDO, account.account_id)
            done = undo(session, key, by, read_clock(session), get_zone())
    except ChangedSince as error:
        flash(" ".join(words.explain_obstacle(each) for each in error.obstacles[:3]), "danger")
    except GroupsError as error:
        flash(write_error(error), "danger")
    else:
        tell(gettext("Undone."), done.batch, None, undone=True)
    return redirect(find_way_back(url_for("history.show_audit")), 303)


def _check_own(session: Session, village: Village, key: str) -> None:
    """404 for a batch that did not touch this village, 403 for one that is another's to take back."""
    if village.id not in reading.find_batch_villages(session, key):
        abort(404)
    if not may_undo(session, key, get_signed_in().role, get_signed_in().village_id):
        abort(403)


def _find(session: Session, sought: Sought, place: Place) -> tuple[reading.History, reading.Names]:
    """What was done there that is searched for, and what everything is called."""
    if sought.wrong:
        return reading.History((), None), reading.Names()
    about = [reading.match_person(session, sought.who)] if sought.who else []
    about += [Change.changed_on == sought.day] if sought.day else []
    found = reading.read_history(
        session,
        older_than=request.args.get("before", type=int),
        about=about,
        village_id=place[0],
        group_id=place[1],
        household_id=place[2],
    )
    return found, reading.read_names(session, found.doings)


def _draw_page(code: str, blocked: object = None) -> tuple[str, int]:
    household_id, group_id = request.args.get("household", type=int), request.args.get("group", type=int)
    with get_database().begin() as session:
        village = get_own_village(session, code)
        sought = Sought.read(session)
        found, names = _find(session, sought, (village.id, group_id, household_id))
        title = _write_title(session, village, household_id, group_id)
        people = session.scalars(select(Account.name).where(Account.village_id == village.id).order_by(Account.name))
        html = render_template(
            "history/history.html",
            village=village,
            history=found,
            names=names,
            title=title,
            household=household_id,
            group=group_id,
            blocked=blocked,
            sought=sought,
            villages=[],
            people=people.all(),
        )
    return html, 409 if blocked else 422 if sought.wrong else 200


def _write_title(session: Session, village: Village, household_id: int | None, group_id: int | None) -> str:
    """Whose changes these are, where they are not all of the village's."""
    if household_id is not None:
        household = session.get(Household, household_id)
        return household.head if household is not None and household.village_id == village.id else ""
    group = session.get(Group, group_id) if group_id is not None else None
    return group.name if group is not None and group.village_id == village.id else ""
