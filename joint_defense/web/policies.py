"""The pages of escalation policies: a village's, which its head keeps, and the town's, which an administrator keeps.

Every change is a new version; an older one can be put in force again. Incidents that are open keep the policy they
have. A form has a few fields a step, and says at each field what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Blueprint, Flask, abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database
from groups.web.shell import slots
from groups.web.shell.access import KEEPERS, READERS, TOWN_WIDE, AccountRole, get_signed_in, require
from groups.web.shell.forms import Form, IdField, MarkField, NumberedRows, TextField, WordsField
from joint_defense.incidents import policies
from joint_defense.rules.escalation import LAST_SECOND, MOST_HOUSEHOLDS, MOST_STEPS, Level, Policy, Step, Whom
from joint_defense.web import words
from joint_defense.web.owners import Owner, find_owner


class RestoreForm(Form):
    """The number of the version that is put in force again; 0 for the town's, or what is built in."""

    version = IdField()


pages = Blueprint("policies", __name__)


def register(app: Flask) -> None:
    """Add the pages, with a link on every village's home and one beside the list of villages."""
    app.register_blueprint(pages)
    slots.add_link(app, "policies.show", _l("When too few come"), "wider", READERS)
    slots.add_town_link(app, "policies.show_town", _l("When too few come"), "wider", TOWN_WIDE)


@pages.get("/villages/<code>/widening")
@require(*READERS)
def show(code: str) -> ResponseReturnValue:
    """The policy in force in a village, and its versions."""
    return _draw_page(code)


@pages.post("/villages/<code>/widening")
@require(*KEEPERS)
def save(code: str) -> ResponseReturnValue:
    """Save the village's policy as a new version."""
    return _save(code)


@pages.post("/villages/<code>/widening/restore")
@require(*KEEPERS)
def restore(code: str) -> ResponseReturnValue:
    """Put an older version in force again, or follow the town."""
    return _restore(code)


@pages.get("/widening")
@require(*TOWN_WIDE)
def show_town() -> ResponseReturnValue:
    """The policy of every village that has none of its own."""
    return _draw_page(None)


@pages.post("/widening")
@require(AccountRole.ADMIN)
def save_town() -> ResponseReturnValue:
    """Save the town's policy as a new version."""
    return _save(None)


@pages.post("/widening/restore")
@require(AccountRole.ADMIN)
def restore_town() -> ResponseReturnValue:
    """Put an older version of the town's in force again, or what is built in."""
    return _restore(None)


def _find_newest(session: Session, owner: Owner) -> int:
    versions = policies.list_versions(session, owner.village_id)
    return versions[0].number if versions else 0


def _save(code: str | None) -> ResponseReturnValue:
    form = read_form()
    policy = judge_form(form)
    if policy is None:
        return _draw_page(code, form), 422
    with get_database().begin() as session:
        owner = find_owner(session, pages.name, code)
        if form.version != _find_newest(session, owner):
            # Theirs stands below, in the list of versions; saving once more means having seen it.
            form.version = _find_newest(session, owner)
            edited = True
        else:
            edited = False
            _change(session, owner, policy)
    if edited:
        return _draw_page(code, form, edited=True), 409
    return redirect(owner.address, 303)


def _restore(code: str | None) -> ResponseReturnValue:
    number = RestoreForm.sent().version.data
    if number is None:
        abort(404)
    with get_database().begin() as session:
        owner = find_owner(session, pages.name, code)
        found = [each for each in policies.list_versions(session, owner.village_id) if each.number == number]
        if number and not found:
            abort(404)
        _change(session, owner, found[0].policy if found else None)
    return redirect(owner.address, 303)


def _change(session: Session, owner: Owner, policy: Policy | None) -> None:
    version = policies.change(session, owner.village_id, policy, get_signed_in().name, read_clock(session))
    if version is None:
        flash(gettext("Nothing was changed."), "success")
    else:
        flash(gettext("Saved as version %(version)s: for incidents from now on.", version=version), "success")


def _draw_page(code: str | None, form: PolicyForm | None = None, *, edited: bool = False) -> str:
    with get_database().begin() as session:
        owner = find_owner(session, pages.name, code)
        found = policies.read_in_force(session, owner.village_id)
        versions = policies.list_versions(session, owner.village_id)
    shown = form or fill_form(found.policy, versions[0].number if versions else 0)
    return render_template(
        "policies/policy.html",
        owner=owner,
        found=found,
        versions=versions,
        form=shown.with_room(),
        wrong=shown.wrong,
        edited=edited,
        may=owner.may_change,
        whom=list(Whom),
        levels=list(Level),
        whom_words=words.WHOM,
        level_words=words.LEVELS_ALONE,
    )


_LEVELS = tuple(Level)


@dataclass
class StepRow:
    """A step as it stands in the form; `errors` by field. Without seconds it is no step."""

    after: str = ""
    fewer_than: str = ""
    whom: frozenset[str] = frozenset()
    level: str = Level.PLAIN.value
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nobody has filled it in."""
        return not self.after and not self.whom


@dataclass
class PolicyForm:
    """All steps as filled in, whether drills take them all, and the version that the page showed."""

    rows: list[StepRow]
    drills: bool = False
    version: int = 0

    @property
    def wrong(self) -> bool:
        """Whether something is to be mended."""
        return any(row.errors for row in self.rows)

    def with_room(self) -> PolicyForm:
        """The same with an empty step behind the others, while there may be more."""
        filled = [row for row in self.rows if not row.is_empty or row.errors]
        return PolicyForm(filled + [StepRow()] * (len(filled) < MOST_STEPS), self.drills, self.version)


def fill_form(policy: Policy, version: int) -> PolicyForm:
    """A policy as the form shows it."""
    rows = [StepRow(str(step.after), str(step.fewer_than), frozenset(step.whom), step.level) for step in policy.steps]
    return PolicyForm(rows, policy.drills, version)


class _SentStep(Form):
    """A step as a browser sends it."""

    after = TextField(most=8)
    fewer_than = TextField(most=8)
    whom = WordsField()
    level = TextField(most=16)


class _SentPolicy(Form):
    """A policy as a browser sends it; the version is the one that the page showed."""

    steps = NumberedRows(_SentStep, by="after", most=MOST_STEPS)
    drills = MarkField()
    version = IdField()


def read_form() -> PolicyForm:
    """What was filled in."""
    sent = _SentPolicy.sent()
    rows = [
        StepRow(
            step.after.data,
            step.fewer_than.data,
            frozenset(step.whom.data) & frozenset(Whom),
            step.level.data or Level.PLAIN.value,
        )
        for step in sent.steps.data
    ]
    return PolicyForm(rows, sent.drills.data, sent.version.data or 0)


def judge_form(form: PolicyForm) -> Policy | None:
    """The policy that was filled in, or None, with what is wrong at its field."""
    steps: list[Step] = []
    for row in form.rows:
        if row.is_empty:
            continue
        after = _read_whole(row, "after", LAST_SECOND)
        fewer_than = _read_whole(row, "fewer_than", MOST_HOUSEHOLDS)
        level = Level(row.level) if row.level in set(Level) else Level.PLAIN
        if not row.whom:
            row.errors["whom"] = gettext("Choose whom to call.")
        if after and steps and after <= steps[-1].after:
            row.errors["after"] = gettext("More seconds than the step before it (%(count)s).", count=steps[-1].after)
        if steps and _LEVELS.index(level) < _LEVELS.index(steps[-1].level):
            row.errors["level"] = gettext("Not calmer than the step before it.")
        if after is not None and fewer_than is not None:
            steps.append(Step(after, fewer_than, tuple(whom for whom in Whom if whom in row.whom), level))
    return None if form.wrong else Policy(tuple(steps), form.drills)


def _read_whole(row: StepRow, name: str, most: int) -> int | None:
    values: Mapping[str, str] = {"after": row.after, "fewer_than": row.fewer_than}
    text = values[name]
    if text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= most:
        return int(text)
    row.errors[name] = gettext("A whole number from 1 to %(most)s.", most=most)
    return None
