"""A list becomes a village's roster: where it is brought, and what would change, row by row.

What a preview's codes are called: verdicts, fields, and a finding's words in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from config.services import get_database
from groups.models.roster import Village
from groups.models.uploads import Upload, UploadKind, UploadState
from groups.roster.imports import mend
from groups.roster.imports.jobs import RosterLists
from groups.roster.imports.rules.guesses import APART, NEW, NONE, OUT, About
from groups.roster.imports.rules.headings import Field
from groups.rules.typed_text import LONGEST_NAME
from groups.uploads.uploads import KeptRows
from groups.web.shell import slots
from groups.web.shell.access import KEEPERS, get_own_village, require
from groups.web.shell.access_log import show_numbers
from groups.web.shell.security import allow_size
from groups.web.uploads import flow
from groups.web.uploads.kinds import ListPages, Said

pages = Blueprint("imports", __name__)

ROWS_A_PAGE = 100


def register(app: Flask) -> None:
    """Add the pages."""
    app.jinja_env.globals.update(import_verdicts=VERDICTS, import_changed=CHANGED, finding_words=flow.tell)
    app.jinja_env.globals.update(guess_about=GUESSED, guess_choice=_write_choice)
    app.register_blueprint(pages)
    flow.add(app, _RosterPages())
    slots.add_button(app, "imports.begin", _l("Import a roster"), "text", KEEPERS)


@pages.get("/villages/<code>/import")
@require(*KEEPERS)
def begin(code: str) -> ResponseReturnValue:
    """Where a file is chosen or cells are pasted."""
    with get_database().begin() as session:
        return _begin(get_own_village(session, code))


@pages.post("/villages/<code>/import")
@require(*KEEPERS)
@allow_size(flow.A_LIST)
def bring(code: str) -> ResponseReturnValue:
    """Take the file or the cells, and look them through."""
    with get_database().begin() as session:
        village_id = get_own_village(session, code).id
    return flow.bring(
        UploadKind.ROSTER, village_id=village_id, options={"complete": flow.CompleteForm.sent().complete.data}
    )


def _begin(village: Village, *, wrong: str = "", pasted: str = "") -> str:
    return render_template("roster/import_begin.html", village=village, wrong=wrong, pasted=pasted[:100_000])


class _RosterPages(ListPages):
    """A roster's list is there for whoever brought it, and for nobody else."""

    kinds = frozenset({UploadKind.ROSTER})
    lists = RosterLists()
    roles = KEEPERS

    def admit(self, session: Session, upload: Upload, *, hold: bool = False) -> None:
        flow.admit_bringer(upload)
        get_own_village(session, _get_village(session, upload).code, hold=hold)

    def begin(self, upload: Upload, wrong: str = "") -> str:
        with get_database().begin() as session:
            return _begin(_get_village(session, upload), wrong=wrong, pasted=request.form.get("cells", ""))

    def begin_address(self, session: Session, upload: Upload) -> str:
        return url_for("imports.begin", code=_get_village(session, upload).code)

    def heading(self, session: Session, upload: Upload) -> str:
        return str(gettext("Import a list into %(village)s", village=_get_village(session, upload).name))

    def fields(self) -> Mapping[str, LazyString]:
        return {field.value: words for field, words in FIELDS.items()}

    def column_hint(self) -> str:
        return str(gettext("Say below which column holds the heads of the households and which their phones."))

    def decision(self, value: str) -> str | None:
        return value[:LONGEST_NAME] or None

    def mend(self, session: Session, upload: Upload) -> tuple[bytes, str] | None:
        in_error = KeptRows(upload.id).of("error", "warning").page(session)
        listed = [mend.RowToMend.model_validate(row.data["listed"]) for row in in_error if "listed" in row.data]
        if not listed:
            return None
        show_numbers(len(listed))
        shapes = {name: mend.Shape.model_validate(shape) for name, shape in upload.summary.get("shapes", {}).items()}
        return mend.as_xlsx(listed, shapes), f"{_get_village(session, upload).name}名册"

    def preview(self, session: Session, upload: Upload, said: Said) -> str:
        kept = KeptRows(upload.id)
        counts: Mapping[str, Any] = kept.counts(session)
        wanted = request.args.get("show", "")
        wanted = wanted if wanted in VERDICTS else ""
        # What stays as it is is folded, behind all that wants eyes.
        asked = kept.of(wanted) if wanted else kept.of(*_WANTS_EYES)
        number, last = flow.read_page_number(asked.count(session), ROWS_A_PAGE)
        shown = asked.page(session, ROWS_A_PAGE * (number - 1), ROWS_A_PAGE, first=() if wanted else _WANTS_EYES)
        same = [] if wanted or number < last else kept.of("same").page(session, 0, ROWS_A_PAGE)
        show_numbers(len(shown) + len(same))
        return render_template(
            "roster/import_preview.html",
            upload=upload,
            village=_get_village(session, upload),
            said=said,
            done=upload.state is UploadState.WRITTEN,
            summary=upload.summary,
            rows=[row.data for row in shown],
            same=[row.data for row in same],
            counts=counts,
            wanted=wanted,
            number=number,
            last=last,
            fields=self.fields(),
        )


def _write_choice(value: str, shown: str = "") -> str:
    """What a choice is called: a name or a door stands for itself."""
    return shown or str(CHOICES.get(value, value))


def _get_village(session: Session, upload: Upload) -> Village:
    return session.get_one(Village, upload.village_id)


VERDICTS: Mapping[str, tuple[LazyString, str]] = {
    "error": (_l("error"), "cross"),
    "warning": (_l("warning"), "warning"),
    "new": (_l("to be added"), "people"),
    "changed": (_l("changed"), "again"),
    "archived": (_l("archived"), "out"),
    "same": (_l("same"), "check"),
}
"""What becomes of a row, and its drawing; what wants eyes comes first."""

_WANTS_EYES = tuple(verdict for verdict in VERDICTS if verdict != "same")

FIELDS: Mapping[Field, LazyString] = {
    Field.GROUP: _l("Group"),
    Field.DOOR: _l("Door"),
    Field.HEAD: _l("Head of the household"),
    Field.LANDMARK: _l("Landmark"),
    Field.MOBILE: _l("Mobile"),
    Field.LANDLINE: _l("Landline"),
    Field.SECOND: _l("Second phone"),
    Field.FURTHER: _l("Further phone"),
    Field.RELATION: _l("Relation to the head"),
    Field.NOTHING: _l("Not used"),
}
GUESSED: Mapping[str, LazyString] = {
    About.GROUP: _l("Group, by the rows above"),
    About.SHEET: _l("Group, by the sheet or its title"),
    About.DOOR: _l("Door, which had become a day"),
    About.MEMBER: _l("Put into the house"),
    About.HOUSEHOLD: _l("Taken for"),
    About.NAMES: _l("One group"),
    About.LEADER: _l("A household, by the line above its group"),
    About.ROSTER_NAME: _l("One group"),
}
"""What is guessed of a row."""
CHOICES: Mapping[str, LazyString] = {
    NONE: _l("in no group"),
    APART: _l("each for itself"),
    NEW: _l("a new household"),
    OUT: _l("no household: leave it out"),
}
CHANGED: Mapping[str, LazyString] = {
    "group": FIELDS[Field.GROUP],
    "door": FIELDS[Field.DOOR],
    "head": FIELDS[Field.HEAD],
    "landmark": FIELDS[Field.LANDMARK],
    "phones": _l("Phones"),
    "order": _l("Order of the doors"),
}
