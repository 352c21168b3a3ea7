"""The roster out of a village: as a workbook for WPS, as CSV, as JSON. Each imports again to the same roster."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, abort
from flask.typing import ResponseReturnValue

from config.database import read_clock
from config.services import get_database, get_settings
from groups.roster import exports, villages
from groups.roster.proofs import read_proven
from groups.rules.days import find_local_day
from groups.web.shell.access import READERS, get_own_village, require
from groups.web.shell.access_log import show_numbers
from groups.web.shell.downloads import name_download

pages = Blueprint("roster_files", __name__)

_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(pages)


@pages.get("/villages/<code>/roster.<form>")
@require(*READERS)
def download(code: str, form: str) -> ResponseReturnValue:
    """The village's roster as a file."""
    if form not in _TYPES:
        abort(404)
    region = get_settings().default_region
    with get_database().begin() as session:
        village = get_own_village(session, code)
        households = villages.read_roster(session, village.id)
        name, today = village.name, find_local_day(read_clock(session), get_settings().zone)
        proven = read_proven(session, village.id, today)
    show_numbers(sum(len(household.phones) for household in households))
    if form == "json":
        content = exports.as_json(households).encode()
    elif form == "csv":
        # Without the mark in front, spreadsheets on a Chinese Windows read a CSV as GBK.
        content = exports.as_csv(households, region, proven).encode("utf-8-sig")
    else:
        content = exports.as_xlsx(households, region, name, today, proven)
    called = name_download(f"{name}十户联防名册{today}.{form}", f"{code}-roster-{today}.{form}")
    return Response(content, content_type=_TYPES[form], headers=called)
