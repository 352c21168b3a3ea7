"""A widening plan as somebody fills it in: a few fields a step, and what is wrong with each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from joint_defense.rules.escalation import LAST_SECOND, MOST_HOUSEHOLDS, MOST_STEPS, Level, Policy, Step, Whom

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
class PlanForm:
    """All steps as filled in, whether drills take them all, and the version that the page showed."""

    rows: list[StepRow]
    drills: bool = False
    version: int = 0

    @property
    def wrong(self) -> bool:
        """Whether something is to be mended."""
        return any(row.errors for row in self.rows)

    def with_room(self) -> PlanForm:
        """The same with an empty step behind the others, while there may be more."""
        filled = [row for row in self.rows if not row.is_empty or row.errors]
        return PlanForm(filled + [StepRow()] * (len(filled) < MOST_STEPS), self.drills, self.version)


def shown(policy: Policy, version: int) -> PlanForm:
    """A policy as the form shows it."""
    rows = [StepRow(str(step.after), str(step.fewer_than), frozenset(step.whom), step.level) for step in policy.steps]
    return PlanForm(rows, policy.drills, version)


def typed(form: MultiDict[str, str]) -> PlanForm:
    """What was filled in; steps are numbered from 0 in the fields' names."""
    rows = [
        StepRow(
            form.get(f"after-{number}", "").strip(),
            form.get(f"fewer_than-{number}", "").strip(),
            frozenset(form.getlist(f"whom-{number}")) & frozenset(Whom),
            form.get(f"level-{number}", Level.PLAIN.value),
        )
        for number in range(MOST_STEPS)
        if f"after-{number}" in form
    ]
    return PlanForm(rows, "drills" in form, form.get("version", 0, type=int) or 0)


def judged(form: PlanForm) -> Policy | None:
    """The policy that was filled in, or None, with what is wrong at its field."""
    steps: list[Step] = []
    for row in form.rows:
        if row.is_empty:
            continue
        after = _whole(row, "after", LAST_SECOND)
        fewer_than = _whole(row, "fewer_than", MOST_HOUSEHOLDS)
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


def _whole(row: StepRow, name: str, most: int) -> int | None:
    values: Mapping[str, str] = {"after": row.after, "fewer_than": row.fewer_than}
    text = values[name]
    if text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= most:
        return int(text)
    row.errors[name] = gettext("A whole number from 1 to %(most)s.", most=most)
    return None
