"""A village for the benchmark: one group per size, every household with one phone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert
from sqlalchemy.orm import Session

from config.database import Database, read_clock
from groups.models.roster import Group, Household, Phone, PhoneKind, Village
from joint_defense.incidents import policies
from joint_defense.rules.escalation import Policy


@dataclass(frozen=True, slots=True)
class Crowd:
    """A group: its caller's number, how many phones an alarm must reach, and whether they are texted too."""

    caller: str
    recipients: int
    texts: bool

    @property
    def requests(self) -> int:
        return self.recipients * (2 if self.texts else 1)


def settle(database: Database, sizes: tuple[int, ...]) -> list[Crowd]:
    """For each size a group that is called only, and one that is called and texted."""
    crowds = []
    with database.begin() as session:
        _call_nobody_besides(session)
        village = Village(code="BENCH", name="墙下陶村")
        session.add(village)
        session.flush()
        for position, (texts, size) in enumerate((texts, size) for texts in (False, True) for size in sizes):
            group = Group(village_id=village.id, name=f"{position + 1}组", position=position)
            session.add(group)
            session.flush()
            households = [
                {
                    "village_id": village.id,
                    "group_id": group.id,
                    "head": f"王{door}",
                    "door": str(door),
                    "position": door,
                }
                for door in range(size + 1)
            ]
            ids = session.scalars(insert(Household).returning(Household.id, sort_by_parameter_order=True), households)
            numbers = [f"+86138{position:02}{door:06}" for door in range(size + 1)]
            session.execute(
                insert(Phone),
                [
                    {"household_id": household_id, "number": number, "kind": PhoneKind.MOBILE, "may_text": texts}
                    for household_id, number in zip(ids, numbers, strict=True)
                ],
            )
            # In the middle of the row, so that the nearest doors are on both sides.
            crowds.append(Crowd(numbers[size // 2], size, texts))
    return crowds


def _call_nobody_besides(session: Session) -> None:
    """Nobody answers here: every alarm would be widened, a whole storm's after four minutes to its neighbours."""
    policies.change(session, None, Policy(), "bench", read_clock(session))


def settle_many(database: Database, groups: int, households: int) -> list[Crowd]:
    """So many groups of so many households with a mobile each; the last four digits of a number tell its door."""
    crowds = []
    with database.begin() as session:
        _call_nobody_besides(session)
        village = Village(code="SOAK", name="墙下陶村")
        session.add(village)
        session.flush()
        for position in range(groups + 1):
            group = Group(village_id=village.id, name=f"{position + 1}组", position=position)
            session.add(group)
            session.flush()
            _settle_group(session, village, group, position, households)
            crowds.append(Crowd(f"+86139{position:04}{households // 2:04}", households - 1, texts=True))
    return crowds


def _settle_group(session: Session, village: Village, group: Group, position: int, households: int) -> None:
    rows = [
        {"village_id": village.id, "group_id": group.id, "head": f"王{door}", "door": str(door), "position": door}
        for door in range(households)
    ]
    ids = session.scalars(insert(Household).returning(Household.id, sort_by_parameter_order=True), rows)
    session.execute(
        insert(Phone),
        [
            {
                "household_id": household_id,
                "number": f"+86139{position:04}{door:04}",
                "kind": PhoneKind.MOBILE,
                "may_text": True,
            }
            for door, household_id in enumerate(ids)
        ],
    )
