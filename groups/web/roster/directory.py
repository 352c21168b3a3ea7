"""The printed directory (十户联防通讯录): what to print, its PDF, and a page that a browser prints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask import Blueprint, Flask, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from config.database import read_clock
from config.services import get_database, get_settings
from groups.errors import GroupsError, InvalidDay, NothingToPrint, say
from groups.files.typeset import find_missing
from groups.models.roster import Village
from groups.roster.printed_directory import Imprint, Paper, PrintedGroup, as_pdf, read_groups
from groups.rules.days import add_half_a_year, find_local_day, read_day
from groups.rules.phone import as_written_here
from groups.web.shell import navigation, slots
from groups.web.shell.access import READERS, TOWN_WIDE, get_own_village, require
from groups.web.shell.access_log import show_numbers
from groups.web.shell.downloads import name_download
from groups.web.shell.languages import write_error

pages = Blueprint("printing", __name__)
town_pages = Blueprint("town_directory", __name__)

MOST_GROUPS = 600
"""So many pages are set in about 20 seconds, part by part; a larger town prints by the command or by village."""


def register(app: Flask) -> None:
    """Add the pages, a link for those who see the whole town, and a large button to every village's home."""
    app.register_blueprint(pages)
    app.register_blueprint(town_pages)
    navigation.add(app, "town_directory.show_town", _l("Directory"), "print", TOWN_WIDE)
    slots.add_button(app, "printing.show_options", _l("Print the directory"), "print", READERS)


@pages.get("/villages/<code>/directory")
@require(*READERS)
def show_options(code: str) -> ResponseReturnValue:
    """What to print, on which paper, until when; and what a group still lacks."""
    village, groups, today = _read(code)
    lacking = [(group, _list_lacking(group)) for group in groups]
    return render_template(
        "roster/directory.html",
        village=village,
        groups=lacking,
        until=add_half_a_year(today),
        today=today,
        papers=list(Paper),
    )


@pages.get("/villages/<code>/directory.pdf")
@require(*READERS)
def export_pdf(code: str) -> ResponseReturnValue:
    """The directory of the village, or of one `group` of it."""
    village, groups, today = _read(code)
    try:
        return _send_pdf(_choose(groups), today, village.name, village.code)
    except (InvalidDay, NothingToPrint) as error:
        return _ask_again(url_for("printing.show_options", code=code), error)


@pages.get("/villages/<code>/directory/print")
@require(*READERS)
def export_sheets(code: str) -> ResponseReturnValue:
    """The same as a page, one group a sheet of paper, for a printer that the browser knows."""
    village, groups, today = _read(code)
    try:
        until = _find_until(today)
    except InvalidDay as error:
        return _ask_again(url_for("printing.show_options", code=code), error)
    return render_template(
        "roster/directory_sheets.html",
        village=village,
        groups=_choose(groups),
        today=today,
        until=until,
        service_number=_find_service_number(),
    )


@town_pages.get("/directory")
@require(*TOWN_WIDE)
def show_town() -> ResponseReturnValue:
    """The directory of all villages."""
    with get_database().begin() as session:
        today = find_local_day(read_clock(session), get_settings().zone)
    return render_template("roster/directory_town.html", until=add_half_a_year(today), today=today, papers=list(Paper))


@town_pages.get("/directory.pdf")
@require(*TOWN_WIDE)
def export_town_pdf() -> ResponseReturnValue:
    """All villages in one file."""
    with get_database().begin() as session:
        today = find_local_day(read_clock(session), get_settings().zone)
        groups = read_groups(session, get_settings().default_region, today)
    try:
        if len(groups) > MOST_GROUPS:
            raise NothingToPrint(say("too_many_groups_to_print", most=MOST_GROUPS))
        show_numbers(_count_numbers(groups))
        return _send_pdf(groups, today, gettext("Town"), "town")
    except (InvalidDay, NothingToPrint) as error:
        return _ask_again(url_for("town_directory.show_town"), error)


def _read(code: str) -> tuple[Village, list[PrintedGroup], date]:
    with get_database().begin() as session:
        village = get_own_village(session, code)
        today = find_local_day(read_clock(session), get_settings().zone)
        groups = read_groups(session, get_settings().default_region, today, village_id=village.id)
        return village, groups, today


def _choose(groups: Sequence[PrintedGroup]) -> list[PrintedGroup]:
    """The one group that is asked for, or all; 404 where there is none."""
    only = request.args.get("group", type=int)
    chosen = [group for group in groups if only is None or group.id == only]
    if not chosen:
        abort(404)
    show_numbers(_count_numbers(chosen), group_id=only)
    return chosen


def _count_numbers(groups: Sequence[PrintedGroup]) -> int:
    return sum(len(household.phones) for group in groups for household in group.households)


def _send_pdf(groups: Sequence[PrintedGroup], today: date, name: str, code: str) -> ResponseReturnValue:
    if not groups:
        abort(404)
    paper = request.args.get("paper", Paper.A4.value)
    if paper not in {known.value for known in Paper}:
        abort(400)
    content = as_pdf(groups, Imprint(_find_service_number(), today, _find_until(today), Paper(paper)))
    one = groups[0].name if len(groups) == 1 else ""
    return Response(
        content,
        mimetype="application/pdf",
        headers=name_download(f"{name}{one}十户联防通讯录{today}.pdf", f"{code}-directory-{today}.pdf", inline=True),
    )


def _find_until(today: date) -> date:
    """The day to replace it after, as asked for. Raises InvalidDay for one that is none, or is past."""
    said = request.args.get("until", "")
    until = read_day(said) if said else add_half_a_year(today)
    if until <= today:
        raise InvalidDay(say("directory_day_not_after_today"))
    return until


def _ask_again(address: str, error: GroupsError) -> ResponseReturnValue:
    flash(write_error(error), "danger")
    return redirect(address, 303)


def _find_service_number() -> str:
    return as_written_here(get_settings().twilio_from_number[0], get_settings().default_region)


def _list_lacking(group: PrintedGroup) -> list[str]:
    lacks = [] if group.leader else [gettext("No leader is set")]
    if group.without_phone:
        lacks.append(gettext("No phone: %(names)s", names="、".join(group.without_phone)))
    if signs := find_missing(group.texts):
        lacks.append(gettext("Cannot be printed, write it another way: %(signs)s", signs=signs))
    return lacks
