"""The door to the figures of enrolment, for what sets them beside the alarms': each village's on a day; and to files.

Apart from the alarm's own door, which every process loads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from groups.coverage.figures import Scope, count_subscribed, read_counts, read_villages
from groups.coverage.readiness import count_reached
from groups.coverage.rules.figures import find_in_force
from groups.errors import NothingToPrint
from groups.files.typeset import FAMILY, print_apart
from groups.files.writing import Cell, Look, Share, Table, as_workbook
from groups.rules.counting import CountKind

__all__ = [
    "FAMILY",
    "Cell",
    "Look",
    "NothingToPrint",
    "Share",
    "Table",
    "VillageFigures",
    "as_workbook",
    "print_apart",
    "read_village_figures",
]


@dataclass(frozen=True, slots=True)
class VillageFigures:
    """A village on a day: households signed up, those of its count of residents (None: nobody has counted), and how
    many of those signed up were proven within 30 days.
    """

    village_id: int
    code: str
    name: str
    signed_up: int
    households: int | None
    proven: int


def read_village_figures(session: Session, day: date, zone: ZoneInfo) -> list[VillageFigures]:
    """Every village that was on the roster at the end of the day, by its code: the figures of the coverage report."""
    scope = Scope(zone)
    signed_up = count_subscribed(session, day)
    counts = read_counts(session, CountKind.RESIDENT)
    proven = count_reached(session, day)
    return [
        VillageFigures(
            each.id,
            each.code,
            each.name,
            signed_up.get(each.id, 0),
            find_in_force(counts.get(each.id, {}), day),
            proven.get(each.id, 0),
        )
        for each in read_villages(session, scope, day)
    ]
