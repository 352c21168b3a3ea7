"""What a preview's codes are called: verdicts, fields, and a finding's words in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from groups.errors import GroupsError
from groups.rules.roster_headings import Field
from groups.web.roster_admission import words_of

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


def register(app: Flask) -> None:
    """Let templates name them."""
    app.jinja_env.globals.update(
        import_verdicts=VERDICTS, import_fields=FIELDS, import_changed=CHANGED, finding_words=finding_words
    )


def finding_words(message: str) -> str:
    """A finding in the reader's language, as an error's message is."""
    return words_of(GroupsError(message))
