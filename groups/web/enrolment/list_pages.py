"""The carrier's list: brought in, looked through, doubtful rows decided side by side, and only then written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import clock
from groups import carrier_exports, carrier_lists, list_jobs
from groups.carrier_list_models import CarrierList
from groups.errors import CarrierListError, GroupsError
from groups.rules.carrier_judgement import SKIP, Judgement, Verdict
from groups.web.access import current, requires
from groups.web.enrolment.frame import (
    WRITERS,
    database,
    settings,
    status_of,
    today_of,
    words_of,
    workbook,
)
from groups.workbooks import LARGEST_FILE

pages = Blueprint("enrolment_lists", __name__, template_folder="../templates")

AT_A_TIME = 20
"""Doubtful rows on a page; as many as a person decides in one sitting."""
AT_ONCE = 1000
"""A list of so many rows is written while its sender waits."""
UNTAKEN = timedelta(seconds=8)
"""So long a list waits for the bulk worker; then the page that asks after it does the work."""
_MOST_LISTS = 20
_SHOWN = 200


@pages.get("/enrolment/lists")
@requires(*WRITERS)
def index() -> ResponseReturnValue:
    """The lists brought in so far, and a form for the next."""
    return _index()


@pages.post("/enrolment/lists")
@requires(*WRITERS)
def bring() -> ResponseReturnValue:
    """Read a file; nothing of it counts yet."""
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise CarrierListError("请选择文件 choose a file")
        content = file.read(LARGEST_FILE + 1)
        with database().begin() as session:
            brought = carrier_lists.bring(session, content, file.filename, current().name, clock(session))
            list_id = brought.id
    except GroupsError as error:
        return _index(words_of(error)), status_of(error)
    return redirect(url_for("enrolment_lists.show", list_id=list_id), 303)


@pages.get("/enrolment/lists/<int:list_id>")
@requires(*WRITERS)
def show(list_id: int) -> ResponseReturnValue:
    """What writing it would do; what is doubtful, to be decided."""
    with database().begin() as session:
        in_vain = _waits_in_vain(session, _own(session, list_id))
    if in_vain:
        list_jobs.write(database(), settings(), list_id)
    with database().begin() as session:
        brought = _own(session, list_id)
        if brought.asked_at is not None and brought.written_at is None:
            return render_template("enrolment_list_progress.html", brought=brought, of=len(brought.rows))
        if brought.written_at is not None:
            return render_template("enrolment_list_written.html", brought=brought, verdicts=list(Verdict))
        judgement = carrier_lists.look_through(session, brought, _reading(session))
        decisions = dict(brought.decisions)
        return render_template(
            "enrolment_list.html",
            brought=brought,
            judgement=judgement,
            decisions=decisions,
            doubtful=_to_decide(judgement)[:AT_A_TIME],
            left=len(_to_decide(judgement)),
            decided=[row for row in judgement.rows if row.entry.row.key in decisions],
            noted=[row for row in judgement.rows if row.findings][:_SHOWN],
            to_write=len(judgement.begins) + len(judgement.edits),
            verdicts=Verdict,
            skip=SKIP,
        )


@pages.post("/enrolment/lists/<int:list_id>/decide")
@requires(*WRITERS)
def decide(list_id: int) -> ResponseReturnValue:
    """Keep what a person has said of the doubtful rows."""
    said: dict[str, int | None] = {
        name.removeprefix("row:"): int(value) if value.isdecimal() else None
        for name, value in request.form.items()
        if name.startswith("row:")
    }
    try:
        with database().begin() as session:
            carrier_lists.decide(session, _own(session, list_id), said)
    except GroupsError as error:
        flash(words_of(error), "warning")
    return redirect(url_for("enrolment_lists.show", list_id=list_id), 303)


@pages.post("/enrolment/lists/<int:list_id>/confirm")
@requires(*WRITERS)
def confirm(list_id: int) -> ResponseReturnValue:
    """Write all that is certain or decided; a long list by the bulk worker, where one can be called."""
    try:
        with database().begin() as session:
            brought = _own(session, list_id)
            carrier_lists.ask_for(brought, current().name, clock(session))
            rows = len(brought.rows)
    except GroupsError as error:
        flash(words_of(error), "warning")
    else:
        enlist: Callable[[int], bool] = current_app.extensions["enlist_carrier_list"]
        if rows <= AT_ONCE or not enlist(list_id):
            list_jobs.write(database(), settings(), list_id)
    return redirect(url_for("enrolment_lists.show", list_id=list_id), 303)


@pages.get("/enrolment/lists/<int:list_id>/progress")
@requires(*WRITERS)
def progress(list_id: int) -> ResponseReturnValue:
    """The progress bar alone; the page itself once all is written."""
    with database().begin() as session:
        brought = _own(session, list_id)
        finished = brought.written_at is not None or _waits_in_vain(session, brought)
        of = len(brought.rows)
    if finished:
        return "", 200, {"HX-Redirect": url_for("enrolment_lists.show", list_id=list_id)}
    return render_template("enrolment_list_bar.html", brought=brought, of=of)


@pages.post("/enrolment/lists/<int:list_id>/drop")
@requires(*WRITERS)
def drop(list_id: int) -> ResponseReturnValue:
    """Throw a list away that was not written."""
    with database().begin() as session:
        brought = _own(session, list_id)
        if brought.asked_at is None:
            session.delete(brought)
            flash(gettext("The list was thrown away. Nothing was changed."), "success")
    return redirect(url_for("enrolment_lists.index"), 303)


@pages.get("/enrolment/lists/<int:list_id>/errors.xlsx")
@requires(*WRITERS)
def errors(list_id: int) -> ResponseReturnValue:
    """The rows that are left out, to be mended and brought in again."""
    with database().begin() as session:
        brought = _own(session, list_id)
        judgement = carrier_lists.look_through(session, brought, _reading(session))
        name = brought.file_name
    return workbook(carrier_exports.rows_to_mend(judgement), f"待改正-{name.rpartition('.')[0] or name}.xlsx")


def _to_decide(judgement: Judgement) -> list[object]:
    return list(judgement.of(Verdict.DOUBTFUL))


def _waits_in_vain(session: Session, brought: CarrierList) -> bool:
    """Whether nobody has taken the list that is to be written, or whoever took it is gone."""
    if brought.told_at is None or brought.written_at is not None:
        return False
    return clock(session) - brought.told_at > UNTAKEN


def _index(wrong: str = "") -> str:
    with database().begin() as session:
        found = session.scalars(select(CarrierList).order_by(CarrierList.id.desc()).limit(_MOST_LISTS)).all()
    return render_template("enrolment_lists.html", lists=found, wrong=wrong)


def _own(session: Session, list_id: int) -> CarrierList:
    found = session.get(CarrierList, list_id)
    if found is None:
        abort(404)
    return found


def _reading(session: Session) -> carrier_lists.Reading:
    kept = settings()
    return carrier_lists.Reading(kept.default_region, kept.default_area_code, today_of(session))
