"""The own village's numbers for when there is no network: a page that a head's browser keeps, and is on record as seen.

The browser keeps it for the account that it was sent to, takes it anew after an hour, and drops it at sign-out, for
another account, and after seven days (`offline_worker.js`, `offline.js`).
"""

from __future__ import annotations

from flask import Blueprint, Flask, abort, g, render_template
from flask.typing import ResponseReturnValue

from config.database import read_clock
from config.services import get_database, get_settings
from groups.models.roster import Village
from groups.roster.printed_directory import read_groups
from groups.rules.days import find_local_day
from groups.web.shell.access import AccountRole, get_signed_in, require
from groups.web.shell.access_log import show_numbers

pages = Blueprint("offline_roster", __name__)


def register(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(pages)


@pages.get("/offline-roster")
@require(AccountRole.VILLAGE_HEAD)
def show() -> ResponseReturnValue:
    """Every group of the own village with its numbers, and the moment they are of. Kept by no cache but the head's."""
    village_id = get_signed_in().village_id
    if village_id is None:
        abort(404)
    settings = get_settings()
    with get_database().begin() as session:
        now = read_clock(session)
        village = session.get_one(Village, village_id)
        today = find_local_day(now, settings.zone)
        groups = read_groups(session, settings.default_region, today, village_id=village_id)
    g.village_of_page = village_id
    show_numbers(sum(len(household.phones) for group in groups for household in group.households))
    return render_template("roster/offline.html", village=village, groups=groups, now=now)
