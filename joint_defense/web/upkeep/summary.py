"""The town's monthly summary: a page, a PDF, a workbook. It names no person and no number."""

from __future__ import annotations

from datetime import date
from math import inf

from flask import Blueprint, Flask, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from config.database import read_clock
from config.services import get_database, get_settings
from groups.web.shell import slots
from groups.web.shell.access import TOWN_WIDE, require
from groups.web.shell.downloads import TOWN, name_download
from joint_defense.upkeep import summary_files
from joint_defense.upkeep.monthly_summary import (
    EARLIEST,
    MonthlySummary,
    find_last_whole_month,
    find_month_after,
    read_month,
    read_summary,
)

pages = Blueprint("summary", __name__)
A_PAGE = 100
"""Villages on a page."""
_TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def register(app: Flask) -> None:
    """Add the pages, and a link for those who see the whole town."""
    app.register_blueprint(pages)
    app.jinja_env.filters.update(coming_seconds=write_seconds, whole_share=write_share)
    slots.add_town_link(app, "summary.show", _l("Monthly summary"), "chart", TOWN_WIDE)


@pages.get("/summary")
@require(*TOWN_WIDE)
def show() -> ResponseReturnValue:
    """The summary of a `month`, or of the last one that is over; a page of villages, the town's line first."""
    page = max(request.args.get("page", 1, type=int), 1)
    found = _read()
    if found is None:
        return _draw_wrong()
    last = max(-(-len(found.villages) // A_PAGE), 1)
    before = find_last_whole_month(found.month) if found.month > EARLIEST else None
    after = find_month_after(found.month)
    return render_template(
        "upkeep/summary.html",
        summary=found,
        lines=found.villages[A_PAGE * (page - 1) : A_PAGE * page],
        page=page,
        last=last,
        month=f"{found.month:%Y-%m}",
        before=f"{before:%Y-%m}" if before is not None else "",
        after="" if after > found.as_of and not found.whole else f"{after:%Y-%m}",
        wrong="",
    )


@pages.get("/summary.<form>")
@require(*TOWN_WIDE)
def download(form: str) -> ResponseReturnValue:
    """The same as a file."""
    if form not in _TYPES:
        abort(404)
    found = _read()
    if found is None:
        return _draw_wrong()
    content = summary_files.as_pdf(found) if form == "pdf" else summary_files.as_xlsx(found)
    plain = f"summary-{found.month:%Y-%m}-{found.as_of}.{form}"
    called = name_download(
        f"{TOWN}十户联防月度汇总{found.month:%Y-%m}(截至{found.as_of}).{form}", plain, inline=form == "pdf"
    )
    return Response(content, mimetype=_TYPES[form], headers=called)


def _read() -> MonthlySummary | None:
    """The summary that is asked for; None where the month is none, or has not begun."""
    zone = get_settings().zone
    with get_database().begin(reads=True) as session:
        now = read_clock(session)
        today = now.astimezone(zone).date()
        text = request.args.get("month", "")
        month: date | None = read_month(text, today) if text else find_last_whole_month(today)
        return None if month is None else read_summary(session, month, now, zone)


def _draw_wrong() -> ResponseReturnValue:
    wrong = gettext("Please write a month from %(first)s on that has begun, like 2026-11.", first=f"{EARLIEST:%Y-%m}")
    return render_template("upkeep/summary.html", summary=None, wrong=wrong, month=""), 422


def write_seconds(seconds: float | None) -> str:
    """A median in words."""
    if seconds is None:
        return summary_files.NOTHING
    if seconds == inf:
        nobody: str = gettext("in half or more nobody")
        return nobody
    words: str = gettext("%(seconds)s seconds", seconds=summary_files.round_seconds(seconds))
    return words


def write_share(part: int, of: int | None) -> str:
    """In per cent."""
    return summary_files.write_share(part, of)
