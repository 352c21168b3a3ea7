"""The pages of a list, step by step: brought, columns, what would change, decisions, confirm, what came of it, undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from flask import Blueprint, Flask, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import Service, get_database, get_settings
from groups.errors import ChangedSince, GroupsError, RosterFileError, UploadClosed, restore_message
from groups.files.reading import LARGEST_FILE
from groups.history.undo import undo
from groups.models.batch import Author
from groups.models.changes import Source
from groups.models.uploads import Upload, UploadKind, UploadState
from groups.rules.days import find_local_day
from groups.uploads import jobs, uploads
from groups.uploads.uploads import AT_WORK
from groups.web.shell.access import READERS, get_signed_in, require
from groups.web.shell.downloads import name_download
from groups.web.shell.forms import Form, MarkField, PrefixedFields, TextField, UndoForm
from groups.web.shell.languages import tell_reader, write_error
from groups.web.shell.security import ANSWERS, Size, allow_size
from groups.web.shell.times import get_zone
from groups.web.uploads.kinds import ListPages, Said


class CompleteForm(Form):
    """Whether the list names all there is, so that what it lacks goes."""

    complete = MarkField()


class ConfirmForm(Form):
    """`once_more`: what is said to be unusual about the list was seen."""

    once_more = MarkField()


pages = Blueprint("uploads", __name__, url_prefix="/imports")

LARGE = 50_000
"""A file of so many bytes is worth a job of its own; a smaller one is worked on while its sender waits."""
A_LIST = Size(LARGEST_FILE + 1_000_000, LARGEST_FILE, 100)


class _PastedForm(Form):
    """Cells that were copied out of a sheet, where no file was chosen."""

    cells = TextField(most=LARGEST_FILE, stripped=False)


class _ColumnsForm(Form):
    """What each column of each sheet is: `column-0-3`."""

    columns = PrefixedFields(prefix="column-")


class _DecisionsForm(Form):
    """What is done with each row that is asked about: `row:…`."""

    rows = PrefixedFields(prefix="row:")


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
    own = _get_pages(kind)
    name, content = _read_brought()
    by = _make_author(Source.IMPORT)
    try:
        with get_database().begin() as session:
            upload = uploads.keep_upload(
                session, kind, name, content, by, read_clock(session), village_id=village_id, options=options
            )
    except RosterFileError as error:
        return own.begin(Upload(kind=kind, village_id=village_id), write_error(error)), 422
    answer = _work(upload, len(content))
    with get_database().begin() as session:
        seen = session.get_one(Upload, upload.id)
        if seen.state is UploadState.REFUSED:
            session.delete(seen)
    # Nothing can be done with it: where it was brought, somebody may bring another.
    return (own.begin(seen, tell(seen.reason)), 422) if seen.state is UploadState.REFUSED else answer


def _read_brought() -> tuple[str, bytes]:
    """The name and bytes of the form's file; without a name, its pasted cells."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return "", _PastedForm.sent().cells.data.encode("utf-8", "replace")
    with closing(file.stream) as stream:
        return file.filename, stream.read()


@pages.get("/<key>")
@require(*READERS)
def show(key: str) -> ResponseReturnValue:
    """How far the list has come: its progress, its columns, its preview, or what came of it."""
    with get_database().begin() as session:
        upload, own = _find_own(session, key)
        _see_to(session, upload)
        if upload.state not in AT_WORK:
            return _draw_page(session, upload, own)
        waits = uploads.waits_in_vain(session, upload, read_clock(session))
        heading = own.heading(session, upload)
    if waits:
        _work_now(upload)
        return redirect(url_for("uploads.show", key=key), 303)
    return render_template("uploads/progress.html", upload=upload, heading=heading, frame=own.frame)


@pages.get("/<key>/progress")
@require(*READERS)
def show_progress(key: str) -> ResponseReturnValue:
    """The progress bar alone; the page itself once the work is done."""
    with get_database().begin() as session:
        upload, _ = _find_own(session, key)
        _see_to(session, upload)
        finished = upload.state not in AT_WORK or uploads.waits_in_vain(session, upload, read_clock(session))
    if finished:
        return "", 200, {"HX-Redirect": url_for("uploads.show", key=key)}
    return render_template("uploads/bar.html", upload=upload)


@pages.post("/<key>/again")
@require(*READERS)
def try_again(key: str) -> ResponseReturnValue:
    """Do again what was broken off."""
    return _say(key, lambda session, upload, own: uploads.try_again(upload, read_clock(session)))


@pages.post("/<key>/columns")
@require(*READERS)
@allow_size(ANSWERS)
def save_columns(key: str) -> ResponseReturnValue:
    """Look the list through again with the columns as somebody has said they are."""

    def say(session: Session, upload: Upload, own: ListPages) -> None:
        uploads.choose_columns(own.lists, upload, _read_chosen(upload, own), read_clock(session))
        if "complete" in upload.options:
            upload.options = upload.options | {"complete": CompleteForm.sent().complete.data}

    return _say(key, say)


@pages.post("/<key>/decide")
@require(*READERS)
@allow_size(ANSWERS)
def decide(key: str) -> ResponseReturnValue:
    """Keep what a person has said of rows."""

    def say(session: Session, upload: Upload, own: ListPages) -> None:
        said = {row: own.decision(value) for row, value in _DecisionsForm.sent().rows.data.items()}
        uploads.decide(upload, said, read_clock(session))

    return _say(key, say)


@pages.post("/<key>/confirm")
@require(*READERS)
def confirm(key: str) -> ResponseReturnValue:
    """Write what the preview says."""

    def say(session: Session, upload: Upload, own: ListPages) -> None:
        by = _make_author(Source.IMPORT)
        uploads.confirm(upload, by, read_clock(session), once_more=ConfirmForm.sent().once_more.data)

    return _say(key, say)


@pages.post("/<key>/drop")
@require(*READERS)
def drop(key: str) -> ResponseReturnValue:
    """Throw a list away that was not written."""
    with get_database().begin() as session:
        upload, own = _find_own(session, key, hold=True)
        address = own.begin_address(session, upload)
        if upload.state is not UploadState.WRITTEN:
            session.delete(upload)
            flash(gettext("The list was thrown away. Nothing was changed."), "success")
    return redirect(address, 303)


@pages.get("/<key>/errors.xlsx")
@require(*READERS)
def export_errors(key: str) -> ResponseReturnValue:
    """The rows that are left out, each with its reason: mended, they are brought as they are."""
    with get_database().begin() as session:
        upload, own = _find_own(session, key)
        found = own.mend(session, upload)
    if found is None:
        abort(404)
    content, name = found
    day = find_local_day(upload.created_at, get_zone())
    headers = name_download(f"{name}待改正{day}.xlsx", f"rows-to-mend-{day}.xlsx")
    return Response(content, mimetype=_XLSX, headers=headers)


@pages.post("/<key>/undo")
@require(*READERS)
def take_back(key: str) -> ResponseReturnValue:
    """Undo the whole import; where others have built on it, as much of it as nobody has touched since."""
    try:
        # Between two statements of a whole list the page thinks for longer than an alarm's transaction may be silent.
        with get_database().patient().begin() as session:
            upload, own = _find_own(session, key, hold=True)
            own.admit(session, upload, hold=True)
            what_can_be = UndoForm.sent().what_can_be.data
            done = undo(
                session,
                upload.batch,
                _make_author(Source.UNDO),
                read_clock(session),
                get_zone(),
                what_can_be=what_can_be,
            )
            upload.undone = True
    except ChangedSince as error:
        with get_database().begin() as session:
            upload, own = _find_own(session, key)
            return _draw_page(session, upload, own, Said(in_the_way=len(error.obstacles))), 409
    except GroupsError as error:
        flash(write_error(error), "danger")
        return redirect(url_for("uploads.show", key=key), 303)
    if done.kept:
        flash(gettext("%(count)s changes stay: others were made on top of them.", count=len(done.kept)), "warning")
    flash(gettext("The import was undone."), "success")
    return redirect(url_for("uploads.show", key=key), 303)


def tell(message: Any) -> str:
    """A message, or what was kept of one (`errors.kept`), in the reader's language; nothing where there is none."""
    return tell_reader(restore_message(message)) if message else ""


def read_page_number(rows: int, size: int) -> tuple[int, int]:
    """The page that the address asks for, of so many rows, `size` to a page; and the last one's number."""
    last = max(1, -(-rows // size))
    return min(max(request.args.get("page", 1, type=int), 1), last), last


def _get_pages(kind: UploadKind) -> ListPages:
    return _PAGES.of()[kind]


def admit_bringer(upload: Upload) -> None:
    """404 for everybody but the account that brought the list."""
    if upload.account_id != get_signed_in().account_id:
        abort(404)


def _make_author(source: Source) -> Author:
    account = get_signed_in()
    return Author(account.name, source, account.account_id)


def _find_own(session: Session, key: str, *, hold: bool = False) -> tuple[Upload, ListPages]:
    """The list at this address and its kind's pages; 403 or 404 for whoever it is not there for."""
    upload = uploads.find_upload(session, key, read_clock(session), hold=hold)
    if upload is None:
        abort(404)
    own = _get_pages(upload.kind)
    if get_signed_in().role not in own.roles:
        abort(403)
    own.admit(session, upload)
    return upload, own


def _say(key: str, say: Callable[[Session, Upload, ListPages], None]) -> ResponseReturnValue:
    """Do something with a list, and the work that it then waits for. What is wrong with it is said on its page."""
    try:
        with get_database().begin() as session:
            upload, own = _find_own(session, key, hold=True)
            say(session, upload, own)
            size = uploads.measure_size(session, upload)
    except GroupsError as error:
        tapped_twice = isinstance(error, UploadClosed) and request.endpoint == "uploads.confirm"
        with get_database().begin() as session:
            upload, own = _find_own(session, key)
            if upload.state in AT_WORK or tapped_twice:
                flash(write_error(error), "warning")
                return redirect(url_for("uploads.show", key=key), 303)
            return _draw_page(session, upload, own, Said(wrong=write_error(error))), 422
    answer = _work(upload, size)
    with get_database().begin() as session:
        seen, own = _find_own(session, key)
        if upload.state is UploadState.WRITING and seen.state is UploadState.WRITTEN:
            return redirect(own.after_writing(session, seen), 303)
    return answer


def _work(upload: Upload, size: int) -> ResponseReturnValue:
    """Hand a large list to the bulk worker, where one can be called; do the work of others now."""
    if upload.state in AT_WORK and not (size > LARGE and jobs.ENLIST.of()(upload.id)):
        _work_now(upload)
    return redirect(url_for("uploads.show", key=upload.key), 303)


def _work_now(upload: Upload) -> None:
    jobs.work_on(get_database(), get_settings(), jobs.KINDS.of(), upload.id)


def _see_to(session: Session, upload: Upload) -> None:
    """Where whoever worked on the list is gone, say so."""
    if uploads.has_died(upload, read_clock(session)):
        uploads.break_off(session, upload.id)
        session.refresh(upload)


def _read_chosen(upload: Upload, own: ListPages) -> dict[tuple[int, int], str]:
    """What the form says of the columns: for all sheets that are alike, as the page had shown them."""
    chosen: dict[tuple[int, int], str] = {}
    sent = _ColumnsForm.sent().columns.data
    for number, layout in enumerate(upload.layouts):
        for column in layout["columns"]:
            said = sent.get(f"{number}-{column['index']}", column["field"])
            if said not in own.fields():
                abort(400)
            chosen |= {(sheet, column["index"]): said for sheet in layout["sheets"]}
    return chosen


_NOTHING_SAID = Said()


def _draw_page(session: Session, upload: Upload, own: ListPages, said: Said = _NOTHING_SAID) -> str:
    if upload.state in {UploadState.READY, UploadState.WRITTEN}:
        return own.preview(session, upload, said)
    return render_template(
        "uploads/unread.html",
        upload=upload,
        frame=own.frame,
        heading=own.heading(session, upload),
        said=said,
        reason=tell(upload.reason),
        hint=own.column_hint(),
        fields=own.fields(),
        begin=own.begin_address(session, upload),
    )
