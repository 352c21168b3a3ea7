"""A village's grids, responders and cameras: three lists that its head keeps, imports and exports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Flask, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from config.database import clock
from groups import watch, watch_files, watch_lists
from groups.errors import GroupsError, NotPossible
from groups.models import Village
from groups.watch_files import ReadRow
from groups.watch_lists import Kind, Region, Row
from groups.watch_models import Responder
from groups.web import village_pages
from groups.web.access import requires
from groups.web.roster_admission import (
    KEEPERS,
    READERS,
    database,
    keeps_rosters,
    new_batch,
    own_village,
    settings,
    tell,
    words_of,
)
from groups.web.roster_words import TEAMS

pages = Blueprint("watch", __name__, template_folder="templates")

TITLES: Mapping[Kind, LazyString] = {
    Kind.RESPONDERS: _l("Responders and duty hours"),
    Kind.GRIDS: _l("Grids"),
    Kind.CAMERAS: _l("Cameras"),
}
FIELDS: Mapping[str, LazyString] = {
    "team": _l("Team"),
    "name": _l("Name"),
    "number": _l("Phone"),
    "hours": _l("Duty hours"),
    "reach": _l("Called or texted"),
    "language": _l("Language"),
    "virtual": _l("Real or virtual"),
    "groups": _l("Groups in it"),
    "landmark": _l("Landmark"),
    "grid": _l("Grid"),
}
_WORDS: Mapping[str, LazyString] = {
    "电话和短信": _l("Calls and texts"),
    "只打电话": _l("Calls only"),
    "只发短信": _l("Texts only"),
    "中文": _l("Chinese"),
    "英文": _l("English (language)"),
    "实体": _l("Real grid"),
    "虚拟": _l("Virtual grid"),
    **{watch.TEAM_WORDS[team][0]: words for team, words in TEAMS.items()},
}
"""What the lists keep in Chinese, in the reader's language."""
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A row with its texts, and whether it is on duty now (None: that is not asked of it)."""

    id: int
    texts: dict[str, str]
    on_duty: bool | None


def register(app: Flask) -> None:
    """Add the pages, and a large button to every village's home."""
    app.register_blueprint(pages)
    app.jinja_env.filters["list_word"] = lambda text: _WORDS.get(text, text)
    village_pages.add_button(app, "watch.show", _l("Responders, grids, cameras"), "people", READERS)


@pages.get("/villages/<code>/lists", defaults={"kind": "responders"})
@pages.get("/villages/<code>/lists/<kind>")
@requires(*READERS)
def show(code: str, kind: str) -> ResponseReturnValue:
    """A list, with a form to add to it and one to import."""
    return _page(code, _kind(kind))


@pages.post("/villages/<code>/lists/<kind>")
@requires(*KEEPERS)
def add(code: str, kind: str) -> ResponseReturnValue:
    """Add a row."""
    return _save(code, _kind(kind), None)


@pages.get("/villages/<code>/lists/<kind>/<int:row_id>")
@requires(*KEEPERS)
def edit(code: str, kind: str, row_id: int) -> ResponseReturnValue:
    """A row's form."""
    return _page(code, _kind(kind), row_id=row_id)


@pages.post("/villages/<code>/lists/<kind>/<int:row_id>")
@requires(*KEEPERS)
def save(code: str, kind: str, row_id: int) -> ResponseReturnValue:
    """Change a row."""
    return _save(code, _kind(kind), row_id)


@pages.post("/villages/<code>/lists/<kind>/<int:row_id>/archive")
@requires(*KEEPERS)
def archive(code: str, kind: str, row_id: int) -> ResponseReturnValue:
    """Take a row off the list; the next page can take that back."""
    which = _kind(kind)
    with database().begin() as session:
        village = own_village(session, code, hold=True)
        row = _row(session, which, village.id, row_id)
        batch = new_batch(session, f"edit_{which}")
        watch_lists.archive(batch, row)
    tell(gettext("%(name)s was taken off the list.", name=row.name), batch, code)
    return _back(code, which)


@pages.post("/villages/<code>/lists/<kind>/import")
@requires(*KEEPERS)
def import_list(code: str, kind: str) -> ResponseReturnValue:
    """Show what a file would change; with `confirm`, the table that was shown is taken in, whole or not at all."""
    which = _kind(kind)
    file, confirmed = request.files.get("file"), request.form.get("table", "")
    content = confirmed.encode("utf-8") if confirmed else (file.read() if file is not None else b"")
    name = "list.csv" if confirmed else (file.filename or "" if file is not None else "")
    try:
        with database().begin() as session:
            village = own_village(session, code, hold=True)
            rows = watch_files.read_rows(session, which, village.id, content, name, _here())
            if not confirmed:
                return _preview(village, which, rows)
            batch = new_batch(session, f"edit_{which}")
            watch_files.import_rows(batch, which, village.id, rows)
    except GroupsError as error:
        return _page(code, which, refused=words_of(error)), 422
    tell(gettext("The list was imported: %(count)s changes.", count=batch.size), batch, code)
    return _back(code, which)


@pages.get("/villages/<code>/lists/<kind>/export/<form>")
@requires(*READERS)
def export(code: str, kind: str, form: str) -> ResponseReturnValue:
    """The list as a file that imports again to the same list."""
    which = _kind(kind)
    if form not in TYPES:
        abort(404)
    with database().begin() as session:
        village = own_village(session, code)
        table = watch_files.as_texts(session, which, village.id, settings().default_region)
    content = watch_files.as_csv(table) if form == "csv" else watch_files.as_xlsx(table, f"{village.name}{which}")
    disposition = f'attachment; filename="{village.code}-{which}.{form}"'
    return Response(content, content_type=TYPES[form], headers={"Content-Disposition": disposition})


def _save(code: str, kind: Kind, row_id: int | None) -> ResponseReturnValue:
    texts = {name: request.form.get(name, "") for name in watch_lists.HEADINGS[kind]}
    if kind is Kind.GRIDS:
        texts["groups"] = "、".join(request.form.getlist("groups"))
    wrong: dict[str, str] = {}
    try:
        with database().begin() as session:
            village = own_village(session, code, hold=True)
            row = None if row_id is None else _row(session, kind, village.id, row_id)
            checked = watch_lists.check(session, kind, village.id, texts, _here())
            wrong = {name: words_of(NotPossible(words)) for name, words in checked.wrong.items()}
            if not wrong:
                batch = new_batch(session, f"edit_{kind}")
                kept = watch_lists.keep(batch, kind, village.id, row, checked)
    except GroupsError as error:
        wrong = {"name": words_of(error)}
    if wrong:
        return _page(code, kind, row_id=row_id, texts=texts, wrong=wrong), 422
    tell(gettext("%(name)s was saved.", name=kept.name), batch, code)
    return _back(code, kind)


def _page(
    code: str,
    kind: Kind,
    *,
    row_id: int | None = None,
    texts: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
    refused: str = "",
) -> str:
    with database().begin() as session:
        village = own_village(session, code)
        local = clock(session).astimezone(settings().zone)
        on_duty = {each.id for each in watch.on_duty(session, village.id, local)}
        rows = [
            Shown(
                row.id,
                watch_lists.texts_of(session, row, settings().default_region),
                row.id in on_duty if isinstance(row, Responder) else None,
            )
            for row in watch_lists.rows_of(session, kind, village.id)
        ]
        if row_id is not None and row_id not in {row.id for row in rows}:
            abort(404)
        choices = _choices(session, kind, village.id)
    edited = next((row.texts for row in rows if row.id == row_id), {})
    return render_template(
        "watch_list.html" if row_id is None else "watch_row.html",
        village=village,
        kind=kind,
        titles=TITLES,
        fields=FIELDS,
        headings=watch_lists.HEADINGS[kind],
        rows=rows,
        row_id=row_id,
        texts=texts if texts is not None else edited,
        choices=choices,
        wrong=wrong or {},
        refused=refused,
        keeps=keeps_rosters(),
    )


def _choices(session: Session, kind: Kind, village_id: int) -> dict[str, list[str]]:
    """What may be chosen, by field."""
    if kind is Kind.RESPONDERS:
        teams = [chinese for chinese, _ in watch.TEAM_WORDS.values()]
        return {"team": teams, "reach": list(watch_lists.REACH), "language": list(watch_lists.LANGUAGES)}
    if kind is Kind.CAMERAS:
        return {"grid": ["", *(row.name for row in watch_lists.rows_of(session, Kind.GRIDS, village_id))]}
    groups = [group.name for group in watch_lists.groups_in(session, village_id)]
    return {"virtual": [watch_lists.REAL, watch_lists.VIRTUAL], "groups": groups}


def _preview(village: Village, kind: Kind, rows: list[ReadRow]) -> ResponseReturnValue:
    headings = watch_lists.HEADINGS[kind]
    given = [name for name in headings if any(name in row.texts for row in rows)]
    table: list[list[str]] = [[headings[name] for name in given]]
    table += [[row.texts.get(name, "") for name in given] for row in rows]
    wrong = {
        row.number: [words_of(NotPossible(words)) for words in row.checked.wrong.values()]
        for row in rows
        if row.checked.wrong
    }
    return render_template(
        "watch_import.html",
        village=village,
        kind=kind,
        titles=TITLES,
        rows=rows,
        wrong=wrong,
        table=watch_files.as_csv(table).decode("utf-8-sig"),
    )


def _row(session: Session, kind: Kind, village_id: int, row_id: int) -> Row:
    try:
        return watch_lists.hold_row(session, kind, village_id, row_id)
    except NotPossible:
        abort(404)


def _kind(word: str) -> Kind:
    if word not in set(Kind):
        abort(404)
    return Kind(word)


def _here() -> Region:
    return Region(settings().default_region, settings().default_area_code)


def _back(code: str, kind: Kind) -> ResponseReturnValue:
    return redirect(url_for("watch.show", code=code, kind=kind.value), 303)
