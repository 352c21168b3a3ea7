"""A list becomes the roster, step by step: file or cells, columns, what would change, confirm, what came of it.

What a preview's codes are called: verdicts, fields, and a finding's words in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing

from flask import Blueprint, Flask, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from config.database import clock
from groups.errors import ChangedSince, ConfirmArchive, GroupsError, RosterFileError
from groups.files.reading import LARGEST_FILE
from groups.history.undo import undo
from groups.models.batch import Author
from groups.models.changes import Source
from groups.models.roster import Village
from groups.models.uploads import RosterUpload, UploadState
from groups.roster.imports import jobs
from groups.roster.imports.rules.headings import Field
from groups.roster.imports.uploads import (
    DEAD_AFTER,
    break_off,
    choose_columns,
    confirm,
    preview_rows,
    take_in,
    try_again,
    upload_of,
)
from groups.web.roster.common import words_of
from groups.web.shell import slots
from groups.web.shell.access import KEEPERS, current, database, own_village, requires, settings
from groups.web.shell.times import zone

pages = Blueprint("imports", __name__)

LARGE = 150_000
"""A file of so many bytes is worth a job of its own; a smaller one is looked through while its sender waits."""
UNTAKEN_SECONDS = 8
"""So long a list waits for the bulk worker; then the page that asks after it does the work."""
ROWS_A_PAGE = 100
_ROOM_FOR_THE_FORM = 1_000_000
_AT_WORK = (UploadState.READING, UploadState.WRITING)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def register(app: Flask) -> None:
    """Add the pages."""
    # Before any view is asked: a body is read by the check of the form's token.
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_FILE + _ROOM_FOR_THE_FORM
    app.config["MAX_FORM_MEMORY_SIZE"] = LARGEST_FILE + _ROOM_FOR_THE_FORM
    _register_words(app)
    app.register_blueprint(pages)
    slots.add_button(app, "imports.begin", _l("Import a roster"), "text", KEEPERS)


@pages.get("/villages/<code>/import")
@requires(*KEEPERS)
def begin(code: str) -> ResponseReturnValue:
    """Where a file is chosen or cells are pasted."""
    with database().begin() as session:
        return _begin(own_village(session, code))


@pages.post("/villages/<code>/import")
@requires(*KEEPERS)
def bring(code: str) -> ResponseReturnValue:
    """Take the file or the cells, and look them through."""
    file, pasted = request.files.get("file"), request.form.get("cells", "")
    name, content = ("", pasted.encode("utf-8", "replace"))
    if file is not None and file.filename:
        with closing(file.stream) as stream:
            name, content = file.filename, stream.read()
    with database().begin() as session:
        village = own_village(session, code)
        try:
            upload = take_in(
                session,
                current().account_id,
                village.id,
                name,
                content,
                clock(session),
                complete="complete" in request.form,
            )
        except RosterFileError as error:
            return _begin(village, wrong=words_of(error), pasted=pasted), 422
    return _work(upload, len(content))


@pages.get("/imports/<key>")
@requires(*KEEPERS)
def show(key: str) -> ResponseReturnValue:
    """How far the list has come: its progress, its columns, its preview, or what came of it."""
    with database().begin() as session:
        upload, village = _own(session, key)
        _see_to(session, upload)
        if upload.state not in _AT_WORK:
            return _page(session, upload, village)
        waits = _waits_in_vain(session, upload)
    if waits:
        jobs.work_on(database(), settings(), upload.id)
        return redirect(url_for("imports.show", key=key), 303)
    return render_template("roster/import_progress.html", upload=upload, village=village)


@pages.get("/imports/<key>/progress")
@requires(*KEEPERS)
def progress(key: str) -> ResponseReturnValue:
    """The progress bar alone; the page itself once the work is done."""
    with database().begin() as session:
        upload, village = _own(session, key)
        _see_to(session, upload)
        finished = upload.state not in _AT_WORK or _waits_in_vain(session, upload)
    if finished:
        return "", 200, {"HX-Redirect": url_for("imports.show", key=key)}
    return render_template("roster/import_bar.html", upload=upload, village=village)


@pages.post("/imports/<key>/again")
@requires(*KEEPERS)
def again(key: str) -> ResponseReturnValue:
    """Look a list through again whose work was broken off."""
    with database().begin() as session:
        upload, _ = _own(session, key, hold=True)
        try_again(upload, clock(session))
        size = _size(session, upload)
    return _work(upload, size)


@pages.post("/imports/<key>/columns")
@requires(*KEEPERS)
def columns(key: str) -> ResponseReturnValue:
    """Look the list through again with the columns as somebody has said they are."""
    with database().begin() as session:
        upload, _ = _own(session, key, hold=True)
        if upload.state in {UploadState.COLUMNS, UploadState.READY}:
            choose_columns(upload, _chosen(upload), clock(session), complete="complete" in request.form)
        size = _size(session, upload)
    return _work(upload, size)


@pages.post("/imports/<key>/confirm")
@requires(*KEEPERS)
def write(key: str) -> ResponseReturnValue:
    """Write what the preview says."""
    with database().begin() as session:
        upload, village = _own(session, key, hold=True)
        try:
            confirm(upload, clock(session), once_more="once_more" in request.form)
        except ConfirmArchive as error:
            return _page(session, upload, village, wrong=words_of(error)), 422
        size = _size(session, upload)
    return _work(upload, size)


@pages.get("/imports/<key>/errors.xlsx")
@requires(*KEEPERS)
def errors(key: str) -> ResponseReturnValue:
    """The rows in error as a workbook, each with its reason: mended, it is imported as it is."""
    with database().begin() as session:
        upload, village = _own(session, key)
        session.refresh(upload, ["mend"])
        content, code = upload.mend, village.code
    if not content:
        abort(404)
    named = {"Content-Disposition": f'attachment; filename="rows-to-mend-{code}.xlsx"'}
    return Response(content, mimetype=_XLSX, headers=named)


@pages.post("/imports/<key>/undo")
@requires(*KEEPERS)
def take_back(key: str) -> ResponseReturnValue:
    """Undo the whole import; where others have built on it, as much of it as nobody has touched since."""
    account = current()
    try:
        with database().begin() as session:
            upload, village = _own(session, key, hold=True)
            own_village(session, village.code, hold=True)
            by = Author(account.name, Source.UNDO, account.account_id)
            done = undo(session, upload.batch, by, clock(session), zone(), what_can_be="what_can_be" in request.form)
            upload.undone = True
    except ChangedSince as error:
        with database().begin() as session:
            upload, village = _own(session, key)
            return _page(session, upload, village, in_the_way=len(error.obstacles)), 409
    except GroupsError as error:
        flash(words_of(error), "danger")
        return redirect(url_for("imports.show", key=key), 303)
    if done.kept:
        flash(gettext("%(count)s changes stay: others were made on top of them.", count=len(done.kept)), "warning")
    flash(gettext("The import was undone."), "success")
    return redirect(url_for("imports.show", key=key), 303)


def _own(session: Session, key: str, *, hold: bool = False) -> tuple[RosterUpload, Village]:
    """The list at this address and its village; 404 for everybody but the account that brought it."""
    upload = upload_of(session, key, current().account_id, clock(session), hold=hold)
    if upload is None:
        abort(404)
    village = session.get_one(Village, upload.village_id)
    return upload, own_village(session, village.code)


def _work(upload: RosterUpload, size: int) -> ResponseReturnValue:
    """Hand a large list to the bulk worker, where one can be called; do the work of others now."""
    enlist: Callable[[int], bool] = current_app.extensions["enlist_upload"]
    if upload.state in _AT_WORK and not (size > LARGE and enlist(upload.id)):
        jobs.work_on(database(), settings(), upload.id)
    return redirect(url_for("imports.show", key=upload.key), 303)


def _see_to(session: Session, upload: RosterUpload) -> None:
    """Where whoever worked on the list is gone, say so."""
    if upload.state in _AT_WORK and upload.taken_at and clock(session) - upload.taken_at > DEAD_AFTER:
        break_off(session, upload.id)
        session.refresh(upload)


def _waits_in_vain(session: Session, upload: RosterUpload) -> bool:
    """Whether nobody has taken the list."""
    return upload.taken_at is None and (clock(session) - upload.asked_at).total_seconds() > UNTAKEN_SECONDS


def _size(session: Session, upload: RosterUpload) -> int:
    session.refresh(upload, ["content"])
    return len(upload.content)


def _chosen(upload: RosterUpload) -> list[tuple[int, int, Field]]:
    """What the form says of the columns: for all sheets that are alike, as the page had shown them."""
    chosen = []
    for number, layout in enumerate(upload.layouts):
        for column in layout["columns"]:
            said = request.form.get(f"column-{number}-{column['index']}", column["field"])
            if said not in {field.value for field in Field}:
                abort(400)
            chosen += [(sheet, column["index"], Field(said)) for sheet in layout["sheets"]]
    return chosen


def _begin(village: Village, *, wrong: str = "", pasted: str = "") -> str:
    return render_template("roster/import_begin.html", village=village, wrong=wrong, pasted=pasted[:100_000])


def _page(session: Session, upload: RosterUpload, village: Village, *, wrong: str = "", in_the_way: int = 0) -> str:
    rows = preview_rows(session, upload.id)
    wanted = request.args.get("show", "")
    if wanted not in VERDICTS:
        wanted = ""
    matching = rows.count(wanted) if wanted else len(rows)
    last = max(1, -(-matching // ROWS_A_PAGE))
    number = min(max(request.args.get("page", 1, type=int), 1), last)
    counts = {name: rows.count(name) for name in VERDICTS}
    return render_template(
        "roster/import_preview.html",
        upload=upload,
        village=village,
        wrong=wrong,
        in_the_way=in_the_way,
        rows=rows.page(wanted, ROWS_A_PAGE * (number - 1), ROWS_A_PAGE),
        total=len(rows),
        counts=counts,
        wanted=wanted,
        number=number,
        last=last,
        reason=words_of(GroupsError(upload.reason)) if upload.reason else "",
        title=upload.name or gettext("Pasted cells"),
    )


VERDICTS: Mapping[str, tuple[LazyString, str]] = {
    "error": (_l("error"), "cross"),
    "warning": (_l("warning"), "warning"),
    "new": (_l("to be added"), "people"),
    "changed": (_l("changed"), "again"),
    "archived": (_l("archived"), "out"),
    "same": (_l("same"), "check"),
}
"""What becomes of a row, and its drawing; what wants eyes comes first."""

FIELDS: Mapping[Field, LazyString] = {
    Field.GROUP: _l("Group"),
    Field.DOOR: _l("Door"),
    Field.HEAD: _l("Head of the household"),
    Field.LANDMARK: _l("Landmark"),
    Field.MOBILE: _l("Mobile"),
    Field.LANDLINE: _l("Landline"),
    Field.SECOND: _l("Second phone"),
    Field.FURTHER: _l("Further phone"),
    Field.NOTHING: _l("Not used"),
}
CHANGED: Mapping[str, LazyString] = {
    "group": FIELDS[Field.GROUP],
    "door": FIELDS[Field.DOOR],
    "head": FIELDS[Field.HEAD],
    "landmark": FIELDS[Field.LANDMARK],
    "phones": _l("Phones"),
    "order": _l("Order of the doors"),
}


def _register_words(app: Flask) -> None:
    """Let templates name them."""
    app.jinja_env.globals.update(
        import_verdicts=VERDICTS, import_fields=FIELDS, import_changed=CHANGED, finding_words=finding_words
    )


def finding_words(message: str) -> str:
    """A finding in the reader's language, as an error's message is."""
    return words_of(GroupsError(message))
