"""When whom is called besides: a village's plan, which its head keeps, and the town's, which an administrator keeps.

Every change is a new version; an older one can be put in force again. Incidents that are open keep the plan they have.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from config.database import clock
from groups.web import village_pages
from groups.web.access import AccountRole, current, requires
from groups.web.roster_admission import KEEPERS, READERS, TOWN_WIDE, own_village
from joint_defense import policies
from joint_defense.rules.escalation import Level, Policy, Whom
from joint_defense.web import plan_form, words
from joint_defense.web.admission import database
from joint_defense.web.plan_form import PlanForm

pages = Blueprint("plans", __name__, template_folder="templates")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose plan: a village's, or (no id, no code) the town's."""

    village_id: int | None = None
    code: str = ""
    name: str = ""

    @property
    def address(self) -> str:
        """Where the plan is seen and saved."""
        return url_for("plans.show", code=self.code) if self.code else url_for("plans.town")

    @property
    def restoring(self) -> str:
        """Where an older version is put in force again."""
        return url_for("plans.restore", code=self.code) if self.code else url_for("plans.restore_town")


def register(app: Flask) -> None:
    """Add the pages, with a link on every village's home and one beside the list of villages."""
    app.register_blueprint(pages)
    village_pages.add_link(app, "plans.show", _l("When too few come"), "wider", READERS)
    village_pages.add_town_link(app, "plans.town", _l("When too few come"), "wider", TOWN_WIDE)


@pages.get("/villages/<code>/widening")
@requires(*READERS)
def show(code: str) -> ResponseReturnValue:
    """The plan in force in a village, and its versions."""
    return _page(code)


@pages.post("/villages/<code>/widening")
@requires(*KEEPERS)
def save(code: str) -> ResponseReturnValue:
    """Save the village's plan as a new version."""
    return _save(code)


@pages.post("/villages/<code>/widening/restore")
@requires(*KEEPERS)
def restore(code: str) -> ResponseReturnValue:
    """Put an older version in force again, or follow the town."""
    return _restore(code)


@pages.get("/widening")
@requires(*TOWN_WIDE)
def town() -> ResponseReturnValue:
    """The plan of every village that has none of its own."""
    return _page(None)


@pages.post("/widening")
@requires(AccountRole.ADMIN)
def save_town() -> ResponseReturnValue:
    """Save the town's plan as a new version."""
    return _save(None)


@pages.post("/widening/restore")
@requires(AccountRole.ADMIN)
def restore_town() -> ResponseReturnValue:
    """Put an older version of the town's in force again, or what is built in."""
    return _restore(None)


def _owner(session: Session, code: str | None) -> Owner:
    if code is None:
        return Owner()
    village = own_village(session, code)
    return Owner(village.id, village.code, village.name)


def _newest(session: Session, owner: Owner) -> int:
    versions = policies.versions(session, owner.village_id)
    return versions[0].number if versions else 0


def _save(code: str | None) -> ResponseReturnValue:
    form = plan_form.typed(request.form)
    policy = plan_form.judged(form)
    if policy is None:
        return _page(code, form), 422
    with database().begin() as session:
        owner = _owner(session, code)
        if form.version != _newest(session, owner):
            # Theirs stands below, in the list of versions; saving once more means having seen it.
            form.version = _newest(session, owner)
            edited = True
        else:
            edited = False
            _change(session, owner, policy)
    if edited:
        return _page(code, form, edited=True), 409
    return redirect(owner.address, 303)


def _restore(code: str | None) -> ResponseReturnValue:
    number = request.form.get("version", 0, type=int)
    with database().begin() as session:
        owner = _owner(session, code)
        found = [each for each in policies.versions(session, owner.village_id) if each.number == number]
        if number and not found:
            abort(404)
        _change(session, owner, found[0].policy if found else None)
    return redirect(owner.address, 303)


def _change(session: Session, owner: Owner, policy: Policy | None) -> None:
    version = policies.change(session, owner.village_id, policy, current().name, clock(session))
    if version is None:
        flash(gettext("Nothing was changed."), "success")
    else:
        flash(gettext("Saved as version %(version)s: for incidents from now on.", version=version), "success")


def _page(code: str | None, form: PlanForm | None = None, *, edited: bool = False) -> str:
    with database().begin() as session:
        owner = _owner(session, code)
        found = policies.in_force(session, owner.village_id)
        versions = policies.versions(session, owner.village_id)
    role = current().role
    shown = form or plan_form.shown(found.policy, versions[0].number if versions else 0)
    return render_template(
        "plan.html",
        owner=owner,
        found=found,
        versions=versions,
        form=shown.with_room(),
        wrong=shown.wrong,
        edited=edited,
        may=role is AccountRole.ADMIN or (code is not None and role in KEEPERS),
        whom=list(Whom),
        levels=list(Level),
        whom_words=words.WHOM,
        level_words=words.LEVELS_ALONE,
    )
