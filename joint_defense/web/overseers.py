"""Which overseers are told at once: a village's choice, which its head makes, and the town's, an administrator's.

The page names who would be told now, and of which kind nobody takes texts.
"""

from __future__ import annotations

from flask import Blueprint, Flask, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from config.database import read_clock
from config.services import get_database
from groups import directory
from groups.web.shell import slots
from groups.web.shell.access import KEEPERS, READERS, TOWN_WIDE, AccountRole, get_signed_in, require
from groups.web.shell.forms import Form, MarkField, WordsField
from groups.web.shell.times import move_to_zone
from joint_defense.alarms import overseers
from joint_defense.rules.parties import OverseerKind, read_kinds
from joint_defense.rules.states import Role
from joint_defense.web import words
from joint_defense.web.owners import find_owner


class ChoiceForm(Form):
    """Which kinds are told; or to follow what the town has chosen, or what is built in."""

    kinds = WordsField()
    follow = MarkField()


pages = Blueprint("overseers", __name__)


def register(app: Flask) -> None:
    """Add the pages, with a link on every village's home and one beside the list of villages."""
    app.register_blueprint(pages)
    slots.add_link(app, "overseers.show", _l("Who is told at once"), "person", READERS)
    slots.add_town_link(app, "overseers.show_town", _l("Who is told at once"), "person", TOWN_WIDE)


@pages.get("/villages/<code>/overseers")
@require(*READERS)
def show(code: str) -> ResponseReturnValue:
    """Who is told at once in a village."""
    return _draw_page(code)


@pages.post("/villages/<code>/overseers")
@require(*KEEPERS)
def save(code: str) -> ResponseReturnValue:
    """Save the village's choice."""
    return _save(code)


@pages.get("/overseers")
@require(*TOWN_WIDE)
def show_town() -> ResponseReturnValue:
    """Who is told at once in every village that has not chosen."""
    return _draw_page(None)


@pages.post("/overseers")
@require(AccountRole.ADMIN)
def save_town() -> ResponseReturnValue:
    """Save the town's choice."""
    return _save(None)


def _save(code: str | None) -> ResponseReturnValue:
    form = ChoiceForm.sent()
    kinds = None if form.follow.data else read_kinds(form.kinds.data)
    with get_database().begin() as session:
        owner = find_owner(session, pages.name, code)
        changed = overseers.choose(session, owner.village_id, kinds, get_signed_in().name, read_clock(session))
    saved = gettext("Saved: for incidents from now on.") if changed else gettext("Nothing was changed.")
    flash(saved, "success")
    return redirect(owner.address, 303)


def _draw_page(code: str | None) -> str:
    with get_database().begin(reads=True) as session:
        owner = find_owner(session, pages.name, code)
        chosen = overseers.read_chosen(session, owner.village_id)
        choices = overseers.list_choices(session, owner.village_id)
        # Of the town no village: its operators only.
        people = directory.find_overseers(session, owner.village_id or 0, move_to_zone(read_clock(session)))
    by_kind = {
        OverseerKind.HEAD: [each for each in people if each.role.value == Role.HEAD],
        OverseerKind.OPERATORS: [each for each in people if each.role.value == Role.OPERATOR],
    }
    return render_template(
        "overseers/choice.html",
        owner=owner,
        chosen=chosen,
        choices=choices,
        by_kind=by_kind,
        kinds=list(OverseerKind),
        kind_words=words.OVERSEER_KINDS,
        may=owner.may_change,
    )
