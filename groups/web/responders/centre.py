"""The responders of the town's centre: called last, for every village. An administrator keeps them."""

from __future__ import annotations

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from groups.models.accounts import AccountRole
from groups.responders.lists import Kind
from groups.web.responders import lists
from groups.web.responders.lists import Place
from groups.web.shell import slots
from groups.web.shell.access import TOWN_WIDE, require
from groups.web.shell.security import allow_size
from groups.web.uploads.flow import A_LIST

pages = Blueprint("centre", __name__, url_prefix="/centre")

_CENTRE = Place(None)


def register(app: Flask) -> None:
    """Add the pages, and a link from the list of villages."""
    app.register_blueprint(pages)
    slots.add_town_link(app, "centre.show", _l("Responders of the town's centre"), "people", TOWN_WIDE)


@pages.get("")
@require(*TOWN_WIDE)
def show() -> ResponseReturnValue:
    """The list, with a form to add to it and one to import."""
    return lists.list_page(_CENTRE, Kind.RESPONDERS)


@pages.post("")
@require(AccountRole.ADMIN)
def add() -> ResponseReturnValue:
    """Add somebody."""
    return lists.save_row(_CENTRE, Kind.RESPONDERS, None)


@pages.get("/<int:row_id>")
@require(AccountRole.ADMIN)
def edit(row_id: int) -> ResponseReturnValue:
    """Somebody's form."""
    return lists.list_page(_CENTRE, Kind.RESPONDERS, row_id=row_id)


@pages.post("/<int:row_id>")
@require(AccountRole.ADMIN)
def save(row_id: int) -> ResponseReturnValue:
    """Change somebody's entry."""
    return lists.save_row(_CENTRE, Kind.RESPONDERS, row_id)


@pages.post("/<int:row_id>/archive")
@require(AccountRole.ADMIN)
def archive(row_id: int) -> ResponseReturnValue:
    """Take somebody off the list."""
    return lists.archive_row(_CENTRE, Kind.RESPONDERS, row_id)


@pages.post("/import")
@require(AccountRole.ADMIN)
@allow_size(A_LIST)
def import_list() -> ResponseReturnValue:
    """Take a file in; nothing of it counts yet."""
    return lists.bring_list(_CENTRE, Kind.RESPONDERS)


@pages.get("/export/<form>")
@require(*TOWN_WIDE)
def export(form: str) -> ResponseReturnValue:
    """The list as a file."""
    return lists.export_rows(_CENTRE, Kind.RESPONDERS, form)
