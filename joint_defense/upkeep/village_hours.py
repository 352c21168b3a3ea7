"""When a village's numbers are looked after by themselves: the hours it has set, and the holidays of all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from joint_defense.models.incidents import Incident
from joint_defense.models.upkeep import Holiday, UpkeepHours
from joint_defense.rules.hours import Spans, is_within, read_spans, write_spans
from joint_defense.rules.states import IncidentKind


@dataclass(frozen=True, slots=True)
class Upkeep:
    """A village's hours (None: nothing goes by itself), and who has set them when."""

    spans: Spans | None = None
    made_at: datetime | None = None
    made_by: str = ""

    @property
    def written(self) -> str:
        """The hours as they are set; empty for none."""
        return "" if self.spans is None else write_spans(self.spans)


def read_upkeep(session: Session, village_id: int) -> Upkeep:
    """What is in force in a village."""
    return read_all(session, [village_id]).get(village_id, Upkeep())


def read_all(session: Session, village_ids: Collection[int] | None = None) -> dict[int, Upkeep]:
    """What is in force in these villages, or in all, by the village's id; without those that never set anything."""
    newest = select(func.max(UpkeepHours.id)).group_by(UpkeepHours.village_id)
    if village_ids is not None:
        newest = newest.where(UpkeepHours.village_id.in_(village_ids))
    rows = session.scalars(select(UpkeepHours).where(UpkeepHours.id.in_(newest)))
    return {
        row.village_id: Upkeep(None if row.spans is None else read_spans(row.spans), row.made_at, row.made_by)
        for row in rows
    }


def set_upkeep(session: Session, village_id: int, spans: Spans | None, by: str, now: datetime) -> bool:
    """Set a village's hours; None: nothing goes by itself any more. Whether that is a change."""
    if read_upkeep(session, village_id).spans == spans:
        return False
    written = None if spans is None else write_spans(spans)
    session.add(UpkeepHours(village_id=village_id, spans=written, made_at=now, made_by=by[:80]))
    session.flush()
    return True


def list_holidays(session: Session, since: date) -> list[Holiday]:
    """The holidays from a day on, in their order."""
    return list(session.scalars(select(Holiday).where(Holiday.day >= since).order_by(Holiday.day)))


def find_villages_allowing(session: Session, now: datetime, zone: ZoneInfo, villages: Collection[int]) -> set[int]:
    """Those of these villages where something may ring or text by itself now.

    Their hours are set and it is one of them, it is no holiday, and nobody in the village calls for help.
    """
    local = now.astimezone(zone)
    if not villages or session.get(Holiday, local.date()) is not None:
        return set()
    spans = {village_id: each.spans for village_id, each in read_all(session, villages).items()}
    allowing = {village_id for village_id, own in spans.items() if own is not None and is_within(own, local.hour)}
    return allowing - set(session.scalars(select_villages_in_alarm()))


def select_villages_in_alarm() -> Select[int]:
    """The villages in which somebody calls for help at present, be it without a word: nothing rings beside that."""
    calls = (IncidentKind.ALARM, IncidentKind.WORDLESS)
    return select(Incident.village_id).where(Incident.closed_at.is_(None), Incident.kind.in_(calls))


def has_open_alarm(session: Session, village_id: int) -> bool:
    """Whether somebody in this village calls for help at present, be it without a word."""
    asked = select_villages_in_alarm().where(Incident.village_id == village_id)
    return session.scalar(asked.limit(1)) is not None
