"""Drawing up groups (编组): households in no group become groups of neighbours, as a whole and in one batch.

What is proposed is a proposal: whoever keeps the roster changes it by hand, confirms it, and can take it back whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.errors import EditedMeanwhile, NotPossible, say
from groups.models.batch import Batch
from groups.models.roster import Group, Household
from groups.roster.groups import add_group, get_group, move_into
from groups.roster.reading import HouseLine, list_group_names, list_houses_where
from groups.roster.rules.neighbours import Door, draw_up, find_free_names, find_nearest_groups, suggest_leader


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group that is to be made. `leader_id` None: nobody; `households` in the order of their doors."""

    name: str
    leader_id: int | None
    households: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """New groups, and the households that go into a group that there is: its id by household."""

    groups: tuple[NewGroup, ...]
    into: Mapping[int, int]


def list_doors(session: Session, village_id: int, now: datetime, today: date) -> dict[int, tuple[Door, HouseLine]]:
    """The village's households as the proposal sees them, by id; those in no group have no `group_id`."""
    houses = list_houses_where(session, Household.village_id == village_id, now)
    return {each.id: (_make_door(each, today), each) for each in houses}


def suggest_groups(doors: Sequence[Door], taken: Sequence[str]) -> Proposal:
    """Groups of the households that are in none; `taken` are the names of the village's groups."""
    without = [each for each in doors if each.group_id is None]
    drawn = draw_up(without)
    names = find_free_names(taken, len(drawn))
    made = tuple(
        NewGroup(name, suggest_leader(those), tuple(each.household_id for each in those))
        for name, those in zip(names, drawn, strict=True)
    )
    into = {} if drawn else find_nearest_groups(without, [each for each in doors if each.group_id is not None])
    return Proposal(made, into)


def carry_out(batch: Batch, village_id: int, proposal: Proposal) -> int:
    """Make the groups and move the households; how many were moved. A group without households is not made.

    Raises EditedMeanwhile where one of them is not in the village or is in a group by now, NotPossible where a leader
    is not of the group or nothing is to be done, InvalidName, GroupNameTaken.
    """
    chosen = [each for group in proposal.groups for each in group.households] + list(proposal.into)
    if not chosen:
        raise NotPossible(say("choose_households_for_groups"))
    _check_in_no_group(batch.session, village_id, chosen)
    for group in proposal.groups:
        if not group.households:
            continue
        if group.leader_id is not None and group.leader_id not in group.households:
            raise NotPossible(say("leader_not_of_group", name=group.name))
        made = add_group(batch, village_id, group.name)
        move_into(batch, group.households, made.id)
        if group.leader_id is not None:
            batch.change(made, leader_id=group.leader_id)
    for group_id in dict.fromkeys(proposal.into.values()):
        there = get_group(batch.session, village_id, group_id)
        move_into(batch, [one for one, where in proposal.into.items() if where == group_id], there.id)
    return len(chosen)


def list_taken_names(session: Session, village_id: int) -> list[str]:
    """The names of the village's groups."""
    return [name for _, name in list_group_names(session, village_id)]


def _check_in_no_group(session: Session, village_id: int, chosen: Sequence[int]) -> None:
    in_a_group = select(Group.id).where(Group.id == Household.group_id, Group.archived_at.is_(None)).exists()
    free = select(Household.id).where(
        Household.village_id == village_id,
        Household.archived_at.is_(None),
        ~in_a_group,
        Household.id.in_(chosen),
    )
    if set(session.scalars(free)) != set(chosen) or len(set(chosen)) != len(chosen):
        raise EditedMeanwhile(say("ungrouped_just_changed"))


def _make_door(house: HouseLine, today: date) -> Door:
    return Door(
        household_id=house.id,
        landmark=house.landmark,
        door=house.door,
        phones=sum(phone.state.reachable for phone in house.phones),
        proven=house.is_proven(today),
        may_lead=house.first_help is None and not house.silent and not house.away,
        group_id=house.group_id,
    )
