"""Households in no group: picked and put into a group, or drawn up into groups of neighbours (编组) as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Flask, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database
from groups.errors import GroupsError
from groups.models.changes import Action
from groups.models.roster import Village
from groups.roster.drawing_up import NewGroup, Proposal, carry_out, list_doors, list_taken_names, suggest_groups
from groups.roster.reading import HouseLine, list_group_names
from groups.roster.rules.neighbours import FEWEST, MOST, find_free_names, suggest_leader
from groups.rules.days import find_local_day
from groups.web.roster.common import make_batch, tell
from groups.web.roster.villages import draw_ungrouped
from groups.web.shell.access import KEEPERS, get_own_village, require
from groups.web.shell.forms import Form, IdField, IdsField, MarkField, NumberedRows, PrefixedFields, TextField
from groups.web.shell.languages import write_error
from groups.web.shell.times import get_zone

pages = Blueprint("drawing_up", __name__)

MOST_GROUPS = 400
"""A village of 4,000 households in no group is drawn up in one go; a form holds no more."""
_NEW, _THERE = "new-", "group-"


class NewGroupRow(Form):
    """A new group: its name, and the household that leads it."""

    name = TextField(most=65, stripped=False)
    leader = IdField()


class ProposalForm(Form):
    """The groups, and for each household the group that it goes to: `new-2`, `group-17`, or nothing for none."""

    groups = NumberedRows(NewGroupRow, by="name", most=MOST_GROUPS)
    households = PrefixedFields(prefix="of-")
    confirm = MarkField()


class PickedForm(Form):
    """Households that were picked, and the group that takes them."""

    household = IdsField()
    group = IdField()


@dataclass(frozen=True, slots=True)
class DrawnGroup:
    """A new group as the page shows it."""

    key: str
    name: str
    leader_id: int | None
    houses: Sequence[HouseLine]

    @property
    def reachable(self) -> int:
        return sum(each.reachable for each in self.houses)

    @property
    def is_small(self) -> bool:
        return 0 < len(self.houses) < FEWEST

    @property
    def is_large(self) -> bool:
        return len(self.houses) > MOST


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(pages)


@pages.post("/villages/<code>/ungrouped")
@require(*KEEPERS)
def move_picked(code: str) -> ResponseReturnValue:
    """Put the households that were picked into a group."""
    form = PickedForm.sent()
    picked, group_id = form.household.data, form.group.data
    try:
        with get_database().begin() as session:
            village = get_own_village(session, code, hold=True)
            batch = make_batch(session, Action.MOVE_HOUSEHOLD)
            into = dict.fromkeys(picked, group_id) if group_id is not None else {}
            count = carry_out(batch, village.id, Proposal((), into))
    except GroupsError as error:
        return draw_ungrouped(code, wrong=write_error(error), picked=picked, chosen=group_id), 422
    tell(ngettext("One household is in a group now.", "%(num)d households are in a group now.", count), batch, code)
    return redirect(url_for("group.show", code=code, group_id=group_id), 303)


@pages.get("/villages/<code>/ungrouped/groups")
@require(*KEEPERS)
def show(code: str) -> ResponseReturnValue:
    """Groups as they are proposed."""
    with get_database().begin() as session:
        village = get_own_village(session, code)
        now = read_clock(session)
        doors = list_doors(session, village.id, now, find_local_day(now, get_zone()))
        proposal = suggest_groups([door for door, _ in doors.values()], list_taken_names(session, village.id))
        chosen = {one: f"{_NEW}{at}" for at, group in enumerate(proposal.groups) for one in group.households}
        chosen |= {one: f"{_THERE}{group_id}" for one, group_id in proposal.into.items()}
        return _draw(session, village, chosen, [(each.name, each.leader_id) for each in proposal.groups])


@pages.post("/villages/<code>/ungrouped/groups")
@require(*KEEPERS)
def save(code: str) -> ResponseReturnValue:
    """Make the groups as they were chosen; without `confirm` they are shown as they would be."""
    form = ProposalForm.sent()
    chosen = {int(one): place for one, place in form.households.data.items() if one.isdecimal() and len(one) <= 18}
    named = [(row.name.data, row.leader.data) for row in form.groups.data]
    if not form.confirm.data:
        with get_database().begin() as session:
            return _draw(session, get_own_village(session, code), chosen, named)
    try:
        with get_database().begin() as session:
            village = get_own_village(session, code, hold=True)
            batch = make_batch(session, Action.DRAW_UP_GROUPS)
            count = carry_out(batch, village.id, _read_proposal(chosen, named))
    except GroupsError as error:
        with get_database().begin() as session:
            return _draw(session, get_own_village(session, code), chosen, named, wrong=write_error(error)), 422
    tell(ngettext("One household is in a group now.", "%(num)d households are in a group now.", count), batch, code)
    return redirect(url_for("villages.show", code=code), 303)


def _read_proposal(chosen: Mapping[int, str], named: Sequence[tuple[str, int | None]]) -> Proposal:
    """What was chosen. A leader who was moved elsewhere leads nobody."""
    made = []
    for at, (name, leader_id) in enumerate(named):
        those = tuple(one for one, place in chosen.items() if place == f"{_NEW}{at}")
        made.append(NewGroup(name, leader_id if leader_id in those else None, those))
    there = {one: place.removeprefix(_THERE) for one, place in chosen.items() if place.startswith(_THERE)}
    return Proposal(tuple(made), {one: int(of) for one, of in there.items() if of.isdecimal() and len(of) <= 18})


def _draw(
    session: Session,
    village: Village,
    chosen: Mapping[int, str],
    named: Sequence[tuple[str, int | None]],
    wrong: str = "",
) -> str:
    """The page with the groups so; behind them always an empty one, for whoever wants one more."""
    now = read_clock(session)
    doors = list_doors(session, village.id, now, find_local_day(now, get_zone()))
    free = {one: pair for one, pair in doors.items() if pair[0].group_id is None}
    order = [one for one in chosen if one in free] + [one for one in free if one not in chosen]
    there = list_group_names(session, village.id)
    named = [each for at, each in enumerate(named) if _has_any(chosen, f"{_NEW}{at}") or at < len(named) - 1]
    if len(named) < MOST_GROUPS:
        taken = [name for _, name in there] + [name for name, _ in named]
        named = [*named, (find_free_names(taken, 1)[0], None)]
    drawn = []
    for at, (name, leader_id) in enumerate(named):
        key = f"{_NEW}{at}"
        those = [one for one in order if chosen.get(one) == key]
        leads = leader_id if leader_id in those else suggest_leader([free[one][0] for one in those])
        drawn.append(DrawnGroup(key, name, leads, [free[one][1] for one in those]))
    keys = {each.key for each in drawn} | {f"{_THERE}{group_id}" for group_id, _ in there}
    return render_template(
        "roster/drawing_up.html",
        village=village,
        drawn=drawn,
        there=[(f"{_THERE}{group_id}", name) for group_id, name in there],
        into=[(free[one][1], chosen[one]) for one in order if chosen.get(one, "").startswith(_THERE)],
        rest=[free[one][1] for one in order if chosen.get(one) not in keys],
        count=len(free),
        fewest=FEWEST,
        most=MOST,
        wrong=wrong,
    )


def _has_any(chosen: Mapping[int, str], key: str) -> bool:
    return key in chosen.values()
