"""The roster's first use cases: a village is made, found, and read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.errors import InvalidName, UnknownVillage, VillageExists, say
from groups.models.batch import Batch
from groups.models.roster import Group, Household, Phone, Village, VillageKind
from groups.roster.rules.household import RosterHousehold
from groups.rules.typed_text import judge_name, tidy

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,15}")


def create_village(
    session: Session, code: str, name: str, kind: VillageKind, *, record: Batch | None = None
) -> Village:
    """Add a village. Raises VillageExists where the code is taken, InvalidName where code or name cannot be kept."""
    name = tidy(name)
    if not _CODE.fullmatch(code):
        raise InvalidName(say("villages_code_1_16_letters_digits"))
    if wrong := judge_name(name, say("villages_name_1_64_characters")):
        raise InvalidName(wrong)
    if session.scalar(select(Village.id).where(Village.code == code)) is not None:
        raise VillageExists(say("village_with_code_exists", code=code))
    village = Village(code=code, name=name, kind=kind)
    if record is not None:
        return record.add(village)
    session.add(village)
    session.flush()
    return village


def get_village(session: Session, code: str, *, hold: bool = False) -> Village:
    """The village with this code; `hold` keeps others from changing its roster until the transaction ends.

    Raises UnknownVillage.
    """
    question = select(Village).where(Village.code == code, Village.archived_at.is_(None))
    village = session.scalar(question.with_for_update(key_share=True) if hold else question)
    if village is None:
        raise UnknownVillage(say("no_village_code", code=f"{code[:16]!r}"))
    return village


def find_code(session: Session, village_id: int) -> str | None:
    """The code of an active village; None where it is archived."""
    return session.scalar(select(Village.code).where(Village.id == village_id, Village.archived_at.is_(None)))


def read_codes(session: Session, villages: Collection[int]) -> dict[int, str]:
    """The codes of these villages by id."""
    return dict(session.execute(select(Village.id, Village.code).where(Village.id.in_(villages))).all())


def read_roster(session: Session, village_id: int) -> list[RosterHousehold]:
    """The village's households in the order of the roster: group by group, door by door, those in no group last."""
    found = session.execute(
        select(Household.id, Group.name, Household.door, Household.head, Household.landmark, Household.position)
        .outerjoin(Group, (Household.group_id == Group.id) & Group.archived_at.is_(None))
        .where(Household.village_id == village_id, Household.archived_at.is_(None))
        .order_by(Group.id.is_(None), Group.position, Group.id, Household.position, Household.id)
    ).all()
    numbers: dict[int, list[str]] = defaultdict(list)
    for household_id, number in session.execute(
        select(Phone.household_id, Phone.number)
        .join(Household, Phone.household_id == Household.id)
        .where(Household.village_id == village_id, Household.archived_at.is_(None), Phone.archived_at.is_(None))
        .order_by(Phone.rank, Phone.id)
    ):
        numbers[household_id].append(number)
    return [
        RosterHousehold(household_id, group or "", door, head, landmark, position, tuple(numbers[household_id]))
        for household_id, group, door, head, landmark, position in found
    ]


def find_owners_elsewhere(session: Session, village_id: int, numbers: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Who has these numbers in other villages: by number, the village's name and the household's head."""
    wanted = sorted(set(numbers))
    owners: dict[str, tuple[str, str]] = {}
    for start in range(0, len(wanted), 500):  # below every database's limit of parameters
        for number, village, head in session.execute(
            select(Phone.number, Village.name, Household.head)
            .join(Household, Phone.household_id == Household.id)
            .join(Village, Household.village_id == Village.id)
            .where(
                Phone.number.in_(wanted[start : start + 500]),
                Phone.archived_at.is_(None),
                Household.village_id != village_id,
            )
        ):
            owners[number] = (village, head)
    return owners
