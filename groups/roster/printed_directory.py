"""What stands on the directory's pages: one group each, its leader first, then door by door.

As a PDF it is set by Typst with the vendored font and nothing of the machine's own.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from groups.files.typeset import FAMILY, set_pages, set_parts_apart
from groups.models.roster import Group, Household, Phone, Village
from groups.roster.proofs import select_last_proof
from groups.roster.rules.telephone_tree import Links, draw_tree
from groups.rules.phone import as_written_here
from groups.rules.proofs import is_proven

AT_ONCE = 500
SET_AT_ONCE = 40
"""So many pages are set in about a second, with some 250 MB: a village's. More are set part by part."""
Asked = TypeVar("Asked", bound=Select[*tuple[Any, ...]])


class Part(StrEnum):
    """What a household is to its group."""

    LEADER = "leader"
    DEPUTY = "deputy"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class PrintedPhone:
    """A number as people here write it, whose it is where that is noted, and whether it is proven (近30天打通)."""

    number: str
    holder: str
    proven: bool = False


@dataclass(frozen=True, slots=True)
class PrintedHousehold:
    """A household as neighbours look it up. Who lives alone or needs help is nobody's to read off a wall."""

    part: Part
    head: str
    door: str
    landmark: str
    phones: tuple[PrintedPhone, ...]


@dataclass(frozen=True, slots=True)
class PrintedGroup:
    """A page of the directory. `backup` is the group that is rung as well when too few come; it may be empty."""

    id: int
    village: str
    name: str
    backup: str
    households: tuple[PrintedHousehold, ...]

    @property
    def leader(self) -> PrintedHousehold | None:
        """The group's leader, who may live outside it."""
        return next((household for household in self.households if household.part is Part.LEADER), None)

    @property
    def version(self) -> str:
        """Six signs that change when anything on the page does: whether the copy on the wall is still right.

        The marks of proof are of the day of printing, and make no copy wrong.
        """
        told = asdict(self)
        for phone in (each for household in told["households"] for each in household["phones"]):
            del phone["proven"]
        said = json.dumps(told, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:6].upper()

    @property
    def tree(self) -> list[tuple[PrintedHousehold, Links]]:
        """The households, each with its part of the telephone tree; places count from 0 on the page."""
        return list(zip(self.households, draw_tree([bool(each.phones) for each in self.households]), strict=True))

    @property
    def without_phone(self) -> tuple[str, ...]:
        """The heads whose line has no number."""
        return tuple(household.head for household in self.households if not household.phones)

    @property
    def texts(self) -> tuple[str, ...]:
        """All that the roster puts on the page."""
        own = [text for one in self.households for text in (one.head, one.door, one.landmark)]
        holders = [phone.holder for one in self.households for phone in one.phones]
        return (self.village, self.name, self.backup, *own, *holders)


def read_groups(
    session: Session, region: str, today: date, *, village_id: int | None = None, group_id: int | None = None
) -> list[PrintedGroup]:
    """The groups of a village, of the town (neither is named), or one; in the order of the roster, none of them empty.

    Numbers are written as in `region`, and marked where they are proven on `today`.
    """
    backup = aliased(Group)
    question = (
        select(Group.id, Village.name, Group.name, backup.name, Group.leader_id, Group.deputy_id)
        .join(Village, Group.village_id == Village.id)
        .outerjoin(backup, (Group.backup_group_id == backup.id) & backup.archived_at.is_(None))
        .where(Group.archived_at.is_(None), Village.archived_at.is_(None))
        .order_by(Village.code, Group.position, Group.id)
    )
    found = session.execute(_restrict(question, village_id, group_id)).all()
    members: dict[int, list[int]] = defaultdict(list)
    doors = _restrict(
        select(Household.group_id, Household.id)
        .join(Group, Household.group_id == Group.id)
        .where(Household.archived_at.is_(None))
        .order_by(Household.position, Household.id),
        village_id,
        group_id,
    )
    for own_group, household_id in session.execute(doors):
        if own_group is not None:
            members[own_group].append(household_id)
    led = {household for *_, leader, deputy in found for household in (leader, deputy) if household is not None}
    known = _read_households(session, sorted(led.union(*members.values())), region, today)
    groups = []
    for group, village, name, spare, leader, deputy in found:
        households = _sort(members[group], leader, deputy, known)
        if households:
            groups.append(PrintedGroup(group, village, name, spare or "", households))
    return groups


def _restrict(question: Asked, village_id: int | None, group_id: int | None) -> Asked:
    if village_id is not None:
        question = question.where(Group.village_id == village_id)
    return question if group_id is None else question.where(Group.id == group_id)


def _read_households(
    session: Session, ids: Sequence[int], region: str, today: date
) -> dict[int, tuple[str, str, str, tuple[PrintedPhone, ...]]]:
    phones: dict[int, list[PrintedPhone]] = defaultdict(list)
    known = {}
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        for household_id, number, holder, last in session.execute(
            select(Phone.household_id, Phone.number, Phone.holder, select_last_proof())
            .where(Phone.household_id.in_(some), Phone.archived_at.is_(None))
            .order_by(Phone.rank, Phone.id)
        ):
            phones[household_id].append(PrintedPhone(as_written_here(number, region), holder, is_proven(last, today)))
        for household_id, head, door, landmark in session.execute(
            select(Household.id, Household.head, Household.door, Household.landmark).where(
                Household.id.in_(some), Household.archived_at.is_(None)
            )
        ):
            known[household_id] = (head, door, landmark, tuple(phones[household_id]))
    return known


def _sort(
    members: Sequence[int],
    leader: int | None,
    deputy: int | None,
    known: dict[int, tuple[str, str, str, tuple[PrintedPhone, ...]]],
) -> tuple[PrintedHousehold, ...]:
    """The leader, the deputy, then the row of doors. A leader from outside the group leads its page all the same."""
    if not members:
        return ()
    parts = {deputy: Part.DEPUTY} | {leader: Part.LEADER}
    first = [household for household in (leader, deputy) if household is not None]
    order = dict.fromkeys([*first, *members])
    return tuple(
        PrintedHousehold(parts.get(household, Part.MEMBER), *known[household])
        for household in order
        if household in known
    )


_TEMPLATE = Path(__file__).parent / "directory.typ"


class Paper(StrEnum):
    """The sizes that a village office's printer has."""

    A4 = "a4"
    A5 = "a5"


@dataclass(frozen=True, slots=True)
class Imprint:
    """What is printed beside the groups: the number that is the service, the day, and until when it may hang.

    `service_number` is as people write it; empty where the keys alone are known.
    """

    service_number: str
    printed_on: date
    replace_after: date
    paper: Paper = Paper.A4


def as_pdf(groups: Sequence[PrintedGroup], imprint: Imprint) -> bytes:
    """One group a page, as large as the page allows. The same groups and imprint give the same bytes.

    Raises NothingToPrint where there are so many that this machine cannot set them.
    """
    told = {
        "family": FAMILY,
        "paper": imprint.paper.value,
        "service_number": imprint.service_number,
        "printed_on": _write_day(imprint.printed_on),
        "replace_after": _write_day(imprint.replace_after),
    }
    pages = [_describe_page(group) for group in groups]
    parts = [told | {"groups": pages[start : start + SET_AT_ONCE]} for start in range(0, len(pages), SET_AT_ONCE)]
    if len(parts) == 1:
        return set_pages(_TEMPLATE, parts[0], imprint.printed_on)
    return set_parts_apart(_TEMPLATE, parts, imprint.printed_on)


def _describe_page(group: PrintedGroup) -> dict[str, object]:
    return {
        "village": group.village,
        "name": group.name,
        "backup": group.backup,
        "version": group.version,
        "households": [
            {
                "part": household.part.value,
                "head": household.head,
                "door": household.door,
                "landmark": household.landmark,
                "phones": [asdict(phone) for phone in household.phones],
                "links": asdict(links),
            }
            for household, links in group.tree
        ],
    }


def _write_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
