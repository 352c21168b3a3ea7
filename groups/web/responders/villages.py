"""A village's grids, responders and cameras: three lists that its head keeps, imports and exports."""

from __future__ import annotations

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from groups.web.responders import lists
from groups.web.responders.lists import Place, read_kind
from groups.web.shell import slots
from groups.web.shell.access import KEEPERS, READERS, require
from groups.web.shell.security import allow_size
from groups.web.uploads import flow
from groups.web.uploads.flow import A_LIST

pages = Blueprint("watch", __name__)


def register(app: Flask) -> None:
    """Add the pages, and a large button to every village's home."""
    app.register_blueprint(pages)
    flow.add(app, lists.WatchPages())
    app.jinja_env.filters["list_word"] = lists.list_word
    slots.add_button(app, "watch.show", _l("Responders, grids, cameras"), "people", READERS)


@pages.get("/villages/<code>/lists", defaults={"kind": "responders"})
@pages.get("/villages/<code>/lists/<kind>")
@require(*READERS)
def show(code: str, kind: str) -> ResponseReturnValue:
    """A list, with a form to add to it and one to import."""
    return lists.list_page(Place(code), read_kind(kind))


@pages.post("/villages/<code>/lists/<kind>")
@require(*KEEPERS)
def add(code: str, kind: str) -> ResponseReturnValue:
    """Add a row."""
    return lists.save_row(Place(code), read_kind(kind), None)


@pages.get("/villages/<code>/lists/<kind>/<int:row_id>")
@require(*KEEPERS)
def edit(code: str, kind: str, row_id: int) -> ResponseReturnValue:
    """A row's form."""
    return lists.list_page(Place(code), read_kind(kind), row_id=row_id)


@pages.post("/villages/<code>/lists/<kind>/<int:row_id>")
@require(*KEEPERS)
def save(code: str, kind: str, row_id: int) -> ResponseReturnValue:
    """Change a row."""
    return lists.save_row(Place(code), read_kind(kind), row_id)


@pages.post("/villages/<code>/lists/<kind>/<int:row_id>/archive")
@require(*KEEPERS)
def archive(code: str, kind: str, row_id: int) -> ResponseReturnValue:
    """Take a row off the list."""
    return lists.archive_row(Place(code), read_kind(kind), row_id)


@pages.post("/villages/<code>/lists/<kind>/import")
@require(*KEEPERS)
@allow_size(A_LIST)
def import_list(code: str, kind: str) -> ResponseReturnValue:
    """Take a file in; nothing of it counts yet."""
    return lists.bring_list(Place(code), read_kind(kind))


@pages.get("/villages/<code>/lists/<kind>/export/<form>")
@require(*READERS)
def export(code: str, kind: str, form: str) -> ResponseReturnValue:
    """The list as a file."""
    return lists.export_rows(Place(code), read_kind(kind), form)
