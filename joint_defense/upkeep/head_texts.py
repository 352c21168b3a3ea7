"""The weekly text to a village's head: numbers that wait to be mended, and a half-monthly check that is overdue."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import insert_or_skip, insert_rows
from groups import directory
from groups.directory import Recipient
from joint_defense.models.incidents import Incident
from joint_defense.models.upkeep import PhoneTask, TaskText, VillageCheckText
from joint_defense.rules.tasks import HEAD_TOLD_EVERY, TaskStage
from joint_defense.rules.village_checks import find_due_on
from joint_defense.rules.wording import tasks as words
from joint_defense.upkeep import tasks, village_checks, village_hours
from joint_defense.upkeep.tasks import OpenTask


def find_heads_due(session: Session, now: datetime, zone: ZoneInfo) -> list[int]:
    """The villages whose head is to be told by text now: something waits for the head, and a week has gone by."""
    allowing = village_hours.find_villages_allowing(session, now, zone, village_hours.read_all(session))
    if not allowing:
        return []
    waiting = select(PhoneTask.village_id).where(PhoneTask.closed_at.is_(None), PhoneTask.stage == TaskStage.HEAD)
    today = now.astimezone(zone).date()
    due = set(session.scalars(waiting.distinct())) | village_checks.find_overdue(session, today)
    return sorted((due & allowing) - _find_told(session, now, today))


def _find_told(session: Session, now: datetime, today: date) -> set[int]:
    of_tasks = (
        select(PhoneTask.village_id)
        .join(TaskText, TaskText.task_id == PhoneTask.id)
        .join(Incident, Incident.id == TaskText.incident_id)
        .where(TaskText.stage == TaskStage.HEAD, Incident.opened_at > now - HEAD_TOLD_EVERY)
    )
    of_checks = select(VillageCheckText.village_id).where(VillageCheckText.told_on > today - HEAD_TOLD_EVERY)
    return {*session.scalars(of_tasks.distinct()), *session.scalars(of_checks.distinct())}


def tell_heads(session: Session, village_id: int, now: datetime, zone: ZoneInfo) -> list[int]:
    """Text a village's heads what waits for them, all in one text; the incidents that carry it.

    Where nobody there can be told, that is noted, and tried again in a week.
    """
    if village_id not in village_hours.find_villages_allowing(session, now, zone, [village_id]):
        return []
    today = now.astimezone(zone).date()
    open_tasks = tasks.list_open(session, village_id)
    found = [each for each in open_tasks if each.task.stage is TaskStage.HEAD]
    overdue = find_due_on(today) if village_id in village_checks.find_overdue(session, today) else None
    if not found and overdue is None:
        return []
    heads = [
        each
        for each in directory.find_overseers(session, village_id, now.astimezone(zone))
        if each.role is directory.Role.HEAD and each.may_text
    ]
    incident_id = _plan_texts(session, village_id, heads, found, overdue, now) if heads else None
    if overdue is not None:
        told = {"village_id": village_id, "due_on": overdue, "told_on": today, "incident_id": incident_id}
        session.execute(insert_or_skip(session, VillageCheckText, told))
    if incident_id is None:
        return []
    rows = [
        {"task_id": each.task.id, "stage": TaskStage.HEAD, "texted_on": today, "incident_id": incident_id}
        for each in found
    ]
    insert_rows(session, TaskText, rows)
    return [incident_id]


def _plan_texts(
    session: Session,
    village_id: int,
    heads: list[Recipient],
    found: list[OpenTask],
    overdue: date | None,
    now: datetime,
) -> int:
    """One incident with a text for each head."""
    village = directory.read_village_on_record(session, village_id)
    incident_id = tasks.make_text_carrier(session, village_id, village.name, now).id
    reasons = [each.task.reason for each in found]
    for head in heads:
        chinese = head.language == words.CHINESE
        named = [each.phone.household_name if chinese else each.phone.household_name_en for each in found]
        households = list(dict.fromkeys(named))
        text = words.tell_head(village.name, households, reasons, head.language, overdue)
        tasks.plan_text(session, incident_id, head, text, now)
    return incident_id
