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
from groups.enrolment.carrier_lists import exports, jobs, lists
from groups.enrolment.carrier_lists import index as carrier_lists_index
from groups.enrolment.carrier_lists.rules.judgement import SKIP, Verdict
from groups.enrolment.carrier_lists.rules.picture import unpacked
from groups.enrolment.carrier_lists.rules.rows import ListColumn
from groups.errors import CarrierListError, ChangedSince, GroupsError
from groups.files.reading import LARGEST_FILE
from groups.models.enrolment import CarrierList
from groups.web.enrolment.common import WRITERS, in_one_language, status_of, words_of, workbook
from groups.web.shell.access import current, database, requires, settings

pages = Blueprint("enrolment_lists", __name__)

AT_A_TIME = 20
"""Doubtful rows on a page; as many as a person decides in one sitting."""
AT_ONCE = 1000
"""A list of so many rows is worked on while its sender waits."""
UNTAKEN = timedelta(seconds=8)
"""So long a list waits for the bulk worker."""
DEAD_AFTER = timedelta(seconds=30)
"""Who has begun and says nothing for so long is gone."""
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
            brought = lists.bring(session, content, file.filename, current().name, clock(session))
            list_id, rows = brought.id, brought.length
    except GroupsError as error:
        return _index(words_of(error)), status_of(error)
    return _work(list_id, rows)


@pages.get("/enrolment/lists/<int:list_id>")
@requires(*WRITERS)
def show(list_id: int) -> ResponseReturnValue:
    """How far it has come; what writing it would do, with what is doubtful to be decided; or what came of it."""
    with database().begin() as session:
        brought = _own(session, list_id)
        at_work, stopped = _is_at_work(brought), _has_stopped(session, brought)
        if at_work:
            return render_template("enrolment/list_progress.html", brought=brought, stopped=stopped)
        if brought.written_at is not None:
            return render_template("enrolment/list_written.html", brought=brought, verdicts=list(Verdict))
        return _preview(session, brought)


@pages.post("/enrolment/lists/<int:list_id>/columns")
@requires(*WRITERS)
def columns(list_id: int) -> ResponseReturnValue:
    """Read it again with the columns as somebody says they are."""
    try:
        with database().begin() as session:
            brought = _own(session, list_id, hold=True)
            lists.choose_columns(brought, _columns_said(brought), clock(session))
            rows = brought.length
    except GroupsError as error:
        with database().begin() as session:
            return _preview(session, _own(session, list_id), words_of(error)), status_of(error)
    return _work(list_id, rows)


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
            brought = _own(session, list_id, hold=True)
            lists.decide(session, brought, said, clock(session))
            rows = brought.length
    except GroupsError as error:
        return _sent_back(list_id, error)
    return _work(list_id, rows)


@pages.post("/enrolment/lists/<int:list_id>/confirm")
@requires(*WRITERS)
def confirm(list_id: int) -> ResponseReturnValue:
    """Write all that is certain or decided; a long list by the bulk worker, where one can be called."""
    try:
        with database().begin() as session:
            brought = _own(session, list_id, hold=True)
            lists.ask_for(brought, current().name, clock(session))
            rows = brought.length
    except GroupsError as error:
        return _sent_back(list_id, error)
    return _work(list_id, rows)


@pages.post("/enrolment/lists/<int:list_id>/again")
@requires(*WRITERS)
def again(list_id: int) -> ResponseReturnValue:
    """Do it here and now: nobody has taken the list, or whoever took it is gone."""
    with database().begin() as session:
        brought = _own(session, list_id, hold=True)
        due = _is_at_work(brought) and _has_stopped(session, brought)
        if due:
            brought.told_at, brought.done = clock(session), 0
    return _work(list_id, 0) if due else redirect(url_for("enrolment_lists.show", list_id=list_id), 303)


@pages.get("/enrolment/lists/<int:list_id>/progress")
@requires(*WRITERS)
def progress(list_id: int) -> ResponseReturnValue:
    """The progress bar alone; the page itself once the work is done, or has stopped."""
    with database().begin() as session:
        brought = _own(session, list_id)
        finished = not _is_at_work(brought) or _has_stopped(session, brought)
    if finished:
        return "", 200, {"HX-Redirect": url_for("enrolment_lists.show", list_id=list_id)}
    return render_template("enrolment/list_bar.html", brought=brought)


@pages.post("/enrolment/lists/<int:list_id>/drop")
@requires(*WRITERS)
def drop(list_id: int) -> ResponseReturnValue:
    """Throw a list away that was not written."""
    with database().begin() as session:
        brought = _own(session, list_id, hold=True)
        if brought.written_at is None:
            session.delete(brought)
            flash(gettext("The list was thrown away. Nothing was changed."), "success")
    return redirect(url_for("enrolment_lists.index"), 303)


@pages.get("/enrolment/lists/<int:list_id>/errors.xlsx")
@requires(*WRITERS)
def errors(list_id: int) -> ResponseReturnValue:
    """The rows that are left out, to be mended and brought in again."""
    with database().begin() as session:
        brought = _own(session, list_id)
        picture, name = unpacked(brought.picture), brought.file_name
    return workbook(exports.rows_to_mend(picture), f"待改正-{name.rpartition('.')[0] or name}.xlsx")


def _work(list_id: int, rows: int) -> ResponseReturnValue:
    """Hand a long list to the bulk worker, where one can be called; do the work of others now."""
    enlist: Callable[[int], bool] = current_app.extensions["enlist_carrier_list"]
    if rows <= AT_ONCE or not enlist(list_id):
        try:
            jobs.work_on(database(), settings(), list_id)
        except ChangedSince as error:
            flash(in_one_language(error.message), "warning")
    return redirect(url_for("enrolment_lists.show", list_id=list_id), 303)


def _sent_back(list_id: int, error: GroupsError) -> ResponseReturnValue:
    flash(words_of(error), "warning")
    return redirect(url_for("enrolment_lists.show", list_id=list_id), 303)


def _preview(session: Session, brought: CarrierList, wrong: str = "") -> str:
    picture, layouts = unpacked(brought.picture), lists.layouts_in(brought)
    doubtful = picture.of(Verdict.DOUBTFUL)
    return render_template(
        "enrolment/list.html",
        brought=brought,
        judgement=picture,
        layouts=layouts,
        lacking="" if brought.length else in_one_language(lists.lacking_words(layouts)),
        wrong=wrong,
        doubtful=doubtful[:AT_A_TIME],
        compare=carrier_lists_index.empty_index(session).compare,
        left=len(doubtful),
        decided=[row for row in picture.rows if row.entry.row.key in brought.decisions],
        noted=[row for row in picture.rows if row.findings][:_SHOWN],
        to_write=picture.to_write,
        verdicts=Verdict,
        skip=SKIP,
        columns=list_column_words(),
    )


def list_column_words() -> dict[str, str]:
    """What a column of the list may hold, in the reader's words; first: nothing of use."""
    return {
        "": gettext("not used"),
        ListColumn.NUMBER: gettext("Number"),
        ListColumn.NAME: gettext("Customer"),
        ListColumn.ADDRESS: gettext("Address"),
        ListColumn.PLAN: gettext("Plan"),
        ListColumn.START: gettext("Start"),
        ListColumn.END: gettext("End"),
    }


def _columns_said(brought: CarrierList) -> dict[tuple[int, int], str]:
    """What the form says of the columns that the page has shown."""
    said = {}
    for place, layout in enumerate(lists.layouts_in(brought)):
        for column in layout.columns:
            word = request.form.get(f"column-{place}-{column.index}")
            if word is not None and word not in {"", *ListColumn}:
                abort(400)
            if word is not None:
                said[place, column.index] = word
    return said


def _is_at_work(brought: CarrierList) -> bool:
    """Whether somebody is, or should be, looking it through or writing it."""
    return brought.written_at is None and (brought.asked_at is not None or brought.looked_at is None)


def _has_stopped(session: Session, brought: CarrierList) -> bool:
    """Whether nobody has taken the list, or whoever took it is gone."""
    if brought.told_at is None:
        return True
    return clock(session) - brought.told_at > (DEAD_AFTER if brought.done else UNTAKEN)


def _index(wrong: str = "") -> str:
    with database().begin() as session:
        found = session.scalars(select(CarrierList).order_by(CarrierList.id.desc()).limit(_MOST_LISTS)).all()
    return render_template("enrolment/lists.html", lists=found, wrong=wrong)


def _own(session: Session, list_id: int, *, hold: bool = False) -> CarrierList:
    found = session.get(CarrierList, list_id, with_for_update=hold or None)
    if found is None:
        abort(404)
    return found
