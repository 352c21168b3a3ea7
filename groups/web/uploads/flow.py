"""The pages of a list, step by step: brought, columns, what would change, decisions, confirm, what came of it, undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from config.database import clock
from config.services import Service, database, settings
from groups.errors import ChangedSince, GroupsError, RosterFileError, UploadClosed, told
from groups.files.reading import LARGEST_FILE
from groups.history.undo import undo
from groups.models.batch import Author
from groups.models.changes import Source
from groups.models.uploads import Upload, UploadKind, UploadState
from groups.uploads import jobs, uploads
from groups.uploads.uploads import AT_WORK
from groups.web.shell.access import READERS, current, requires
from groups.web.shell.languages import in_readers_language, words_of
from groups.web.shell.request_sizes import ANSWERS, Size, takes
from groups.web.shell.times import zone
from groups.web.uploads.kinds import ListPages, Said

pages = Blueprint("uploads", __name__, url_prefix="/imports")

LARGE = 50_000
"""A file of so many bytes is worth a job of its own; a smaller one is worked on while its sender waits."""
A_LIST = Size(LARGEST_FILE + 1_000_000, LARGEST_FILE, 100)
"""What a request that brings a list may bring: the file, or its cells, pasted."""
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


_PAGES = Service[dict[UploadKind, ListPages]]("list_pages")


def register(app: Flask) -> None:
    """Add the pages."""
    _PAGES.keep(app, {})
    jobs.KINDS.keep(app, {})
    app.register_blueprint(pages)


def add(app: Flask, own: ListPages) -> None:
    """Let lists of these kinds be brought."""
    _PAGES.of(app).update(dict.fromkeys(own.kinds, own))
    jobs.KINDS.of(app).update(dict.fromkeys(own.kinds, own.lists))


def bring(
    kind: UploadKind, *, village_id: int | None = None, options: Mapping[str, Any] | None = None
) -> ResponseReturnValue:
    """Take the form's file or cells in, and look them through, or have that done."""
    own = _pages_of(kind)
    name, content = _brought()
    by = _author(Source.IMPORT)
    try:
        with database().begin() as session:
            upload = uploads.take_in(
                session, kind, name, content, by, clock(session), village_id=village_id, options=options
            )
    except RosterFileError as error:
        return own.begin(Upload(kind=kind, village_id=village_id), words_of(error)), 422
    answer = _work(upload, len(content))
    with database().begin() as session:
        seen = session.get_one(Upload, upload.id)
        if seen.state is UploadState.REFUSED:
            session.delete(seen)
    # Nothing can be done with it: where it was brought, somebody may bring another.
    return (own.begin(seen, in_words(seen.reason)), 422) if seen.state is UploadState.REFUSED else answer


def _brought() -> tuple[str, bytes]:
    """The name and bytes of the form's file; without a name, its pasted cells."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return "", request.form.get("cells", "").encode("utf-8", "replace")
    with closing(file.stream) as stream:
        return file.filename, stream.read()


@pages.get("/<key>")
@requires(*READERS)
def show(key: str) -> ResponseReturnValue:
    """How far the list has come: its progress, its columns, its preview, or what came of it."""
    with database().begin() as session:
        upload, own = _own(session, key)
        _see_to(session, upload)
        if upload.state not in AT_WORK:
            return _page(session, upload, own)
        waits = uploads.waits_in_vain(upload, clock(session))
        heading = own.heading(session, upload)
    if waits:
        _work_now(upload)
        return redirect(url_for("uploads.show", key=key), 303)
    return render_template("uploads/progress.html", upload=upload, heading=heading, frame=own.frame)


@pages.get("/<key>/progress")
@requires(*READERS)
def progress(key: str) -> ResponseReturnValue:
    """The progress bar alone; the page itself once the work is done."""
    with database().begin() as session:
        upload, _ = _own(session, key)
        _see_to(session, upload)
        finished = upload.state not in AT_WORK or uploads.waits_in_vain(upload, clock(session))
    if finished:
        return "", 200, {"HX-Redirect": url_for("uploads.show", key=key)}
    return render_template("uploads/bar.html", upload=upload)


@pages.post("/<key>/again")
@requires(*READERS)
def again(key: str) -> ResponseReturnValue:
    """Do again what was broken off."""
    return _say(key, lambda session, upload, own: uploads.try_again(upload, clock(session)))


@pages.post("/<key>/columns")
@requires(*READERS)
@takes(ANSWERS)
def columns(key: str) -> ResponseReturnValue:
    """Look the list through again with the columns as somebody has said they are."""

    def say(session: Session, upload: Upload, own: ListPages) -> None:
        uploads.choose_columns(own.lists, upload, _chosen(upload, own), clock(session))
        if "complete" in upload.options:
            upload.options = upload.options | {"complete": "complete" in request.form}

    return _say(key, say)


@pages.post("/<key>/decide")
@requires(*READERS)
@takes(ANSWERS)
def decide(key: str) -> ResponseReturnValue:
    """Keep what a person has said of rows."""

    def say(session: Session, upload: Upload, own: ListPages) -> None:
        said = {
            name.removeprefix("row:"): own.decision(value)
            for name, value in request.form.items()
            if name.startswith("row:")
        }
        uploads.decide(upload, said, clock(session))

    return _say(key, say)


@pages.post("/<key>/confirm")
@requires(*READERS)
def confirm(key: str) -> ResponseReturnValue:
    """Write what the preview says."""

    def say(session: Session, upload: Upload, own: ListPages) -> None:
        by = _author(Source.IMPORT)
        uploads.confirm(upload, by, clock(session), once_more="once_more" in request.form)

    return _say(key, say)


@pages.post("/<key>/drop")
@requires(*READERS)
def drop(key: str) -> ResponseReturnValue:
    """Throw a list away that was not written."""
    with database().begin() as session:
        upload, own = _own(session, key, hold=True)
        address = own.begin_address(session, upload)
        if upload.state is not UploadState.WRITTEN:
            session.delete(upload)
            flash(gettext("The list was thrown away. Nothing was changed."), "success")
    return redirect(address, 303)


@pages.get("/<key>/errors.xlsx")
@requires(*READERS)
def errors(key: str) -> ResponseReturnValue:
    """The rows that are left out, each with its reason: mended, they are brought as they are."""
    with database().begin() as session:
        upload, own = _own(session, key)
        found = own.mend(session, upload)
    if found is None:
        abort(404)
    content, name = found
    named = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(content, mimetype=_XLSX, headers=named)


@pages.post("/<key>/undo")
@requires(*READERS)
def take_back(key: str) -> ResponseReturnValue:
    """Undo the whole import; where others have built on it, as much of it as nobody has touched since."""
    try:
        with database().begin() as session:
            upload, own = _own(session, key, hold=True)
            own.admit(session, upload, hold=True)
            what_can_be = "what_can_be" in request.form
            done = undo(session, upload.batch, _author(Source.UNDO), clock(session), zone(), what_can_be=what_can_be)
            upload.undone = True
    except ChangedSince as error:
        with database().begin() as session:
            upload, own = _own(session, key)
            return _page(session, upload, own, Said(in_the_way=len(error.obstacles))), 409
    except GroupsError as error:
        flash(words_of(error), "danger")
        return redirect(url_for("uploads.show", key=key), 303)
    if done.kept:
        flash(gettext("%(count)s changes stay: others were made on top of them.", count=len(done.kept)), "warning")
    flash(gettext("The import was undone."), "success")
    return redirect(url_for("uploads.show", key=key), 303)


def in_words(message: Any) -> str:
    """A message, or what was kept of one (`errors.kept`), in the reader's language; nothing where there is none."""
    return in_readers_language(told(message)) if message else ""


def page_number(rows: int, size: int) -> tuple[int, int]:
    """The page that the address asks for, of so many rows, `size` to a page; and the last one's number."""
    last = max(1, -(-rows // size))
    return min(max(request.args.get("page", 1, type=int), 1), last), last


def _pages_of(kind: UploadKind) -> ListPages:
    return _PAGES.of()[kind]


def admit_bringer(upload: Upload) -> None:
    """404 for everybody but the account that brought the list."""
    if upload.account_id != current().account_id:
        abort(404)


def _author(source: Source) -> Author:
    account = current()
    return Author(account.name, source, account.account_id)


def _own(session: Session, key: str, *, hold: bool = False) -> tuple[Upload, ListPages]:
    """The list at this address and its kind's pages; 403 or 404 for whoever it is not there for."""
    upload = uploads.upload_of(session, key, clock(session), hold=hold)
    if upload is None:
        abort(404)
    own = _pages_of(upload.kind)
    if current().role not in own.roles:
        abort(403)
    own.admit(session, upload)
    return upload, own


def _say(key: str, say: Callable[[Session, Upload, ListPages], None]) -> ResponseReturnValue:
    """Do something with a list, and the work that it then waits for. What is wrong with it is said on its page."""
    try:
        with database().begin() as session:
            upload, own = _own(session, key, hold=True)
            say(session, upload, own)
            size = uploads.size_of(session, upload)
    except GroupsError as error:
        tapped_twice = isinstance(error, UploadClosed) and request.endpoint == "uploads.confirm"
        with database().begin() as session:
            upload, own = _own(session, key)
            if upload.state in AT_WORK or tapped_twice:
                flash(words_of(error), "warning")
                return redirect(url_for("uploads.show", key=key), 303)
            return _page(session, upload, own, Said(wrong=words_of(error))), 422
    answer = _work(upload, size)
    with database().begin() as session:
        seen, own = _own(session, key)
        if upload.state is UploadState.WRITING and seen.state is UploadState.WRITTEN:
            return redirect(own.after_writing(session, seen), 303)
    return answer


def _work(upload: Upload, size: int) -> ResponseReturnValue:
    """Hand a large list to the bulk worker, where one can be called; do the work of others now."""
    if upload.state in AT_WORK and not (size > LARGE and jobs.ENLIST.of()(upload.id)):
        _work_now(upload)
    return redirect(url_for("uploads.show", key=upload.key), 303)


def _work_now(upload: Upload) -> None:
    jobs.work_on(database(), settings(), jobs.KINDS.of(), upload.id)


def _see_to(session: Session, upload: Upload) -> None:
    """Where whoever worked on the list is gone, say so."""
    if uploads.has_died(upload, clock(session)):
        uploads.break_off(session, upload.id)
        session.refresh(upload)


def _chosen(upload: Upload, own: ListPages) -> dict[tuple[int, int], str]:
    """What the form says of the columns: for all sheets that are alike, as the page had shown them."""
    chosen: dict[tuple[int, int], str] = {}
    for number, layout in enumerate(upload.layouts):
        for column in layout["columns"]:
            said = request.form.get(f"column-{number}-{column['index']}", column["field"])
            if said not in own.fields():
                abort(400)
            chosen |= {(sheet, column["index"]): said for sheet in layout["sheets"]}
    return chosen


_NOTHING_SAID = Said()


def _page(session: Session, upload: Upload, own: ListPages, said: Said = _NOTHING_SAID) -> str:
    if upload.state in {UploadState.READY, UploadState.WRITTEN}:
        return own.preview(session, upload, said)
    return render_template(
        "uploads/unread.html",
        upload=upload,
        frame=own.frame,
        heading=own.heading(session, upload),
        said=said,
        reason=in_words(upload.reason),
        hint=own.column_hint(),
        fields=own.fields(),
        begin=own.begin_address(session, upload),
    )
