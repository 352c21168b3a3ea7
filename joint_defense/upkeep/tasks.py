"""Open tasks for numbers that fail, ask for the new number, one person after the other, and close what is mended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.database import insert_rows
from groups import directory
from groups.directory import DeviceOnLine, PhoneOnRecord, Recipient
from joint_defense.delivery.plan import make_row
from joint_defense.models.incidents import Delivery, Incident
from joint_defense.models.upkeep import PhoneTask, TaskText
from joint_defense.rules.parties import DRILL, NOTICE
from joint_defense.rules.states import Channel, IncidentKind, Purpose
from joint_defense.rules.tasks import (
    ASKED_FOR,
    KEPT_FOR,
    NEXT,
    TaskOutcome,
    TaskReason,
    TaskStage,
)
from joint_defense.rules.wording import tasks as words
from joint_defense.rules.wording.tasks import FailingNumber
from joint_defense.upkeep import village_hours

AT_ONCE = 500
ENDING = 4


@dataclass(frozen=True, slots=True)
class OpenTask:
    """An open task with the phone it is about."""

    task: PhoneTask
    phone: PhoneOnRecord


@dataclass(frozen=True, slots=True)
class OpenCount:
    """How many numbers are to be mended, how many devices keep silent, and how many of all wait for the head."""

    numbers: int
    devices: int
    waiting: int


def open_task(session: Session, phone_id: int, reason: TaskReason, now: datetime) -> bool:
    """Open a task for a phone that is on the roster; False where it has an open one, or is not there any more.

    A number that does not get through at all is not called unanswered: `open_for_failing` finds it.
    """
    phone = directory.read_phones(session, [phone_id]).get(phone_id)
    if phone is None or not phone.active or (reason is TaskReason.UNANSWERED and phone.failing):
        return False
    return _insert(session, [(phone_id, phone.household_id, phone.village_id, reason)], now) > 0


def open_device_task(session: Session, device_id: int, phone_id: int, now: datetime) -> bool:
    """Open a task for a device at this line that was not pressed; False where it has one, the line is not there any
    more, or somebody said lately that the device is all right.
    """
    phone = directory.read_phones(session, [phone_id]).get(phone_id)
    said = select(PhoneTask.id).where(
        PhoneTask.device_id == device_id,
        PhoneTask.outcome == TaskOutcome.KEPT,
        PhoneTask.closed_at > now - KEPT_FOR,
    )
    if phone is None or not phone.active or session.scalar(said.limit(1)) is not None:
        return False
    found = (phone_id, phone.household_id, phone.village_id, TaskReason.SILENT_DEVICE)
    return _insert(session, [found], now, device_id) > 0


def open_for_failing(session: Session, now: datetime, limit: int = AT_ONCE) -> int:
    """Open a task for every phone that fails and has none, at most so many; how many that were.

    A number of which somebody said lately that it is right is left alone.
    """
    kept = (PhoneTask.outcome == TaskOutcome.KEPT) & (PhoneTask.closed_at > now - KEPT_FOR)
    besides = select(PhoneTask.phone_id).where(PhoneTask.device_id == 0, PhoneTask.closed_at.is_(None) | kept)
    found = [
        (each.phone_id, each.household_id, each.village_id, TaskReason.REFUSED if each.refused else TaskReason.FAILED)
        for each in directory.list_failing(session, besides, limit)
    ]
    return _insert(session, found, now)


def _insert(
    session: Session, found: Sequence[tuple[int, int, int, TaskReason]], now: datetime, device_id: int = 0
) -> int:
    rows = [
        {
            "phone_id": phone_id,
            "household_id": household_id,
            "village_id": village_id,
            "reason": reason,
            "stage": TaskStage.NEW,
            "opened_at": now,
            "next_at": now,
            "device_id": device_id,
        }
        for phone_id, household_id, village_id, reason in found
    ]
    before = _count_open(session)
    insert_rows(session, PhoneTask, rows, skip_known=True)
    return _count_open(session) - before


def _count_open(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(PhoneTask).where(PhoneTask.closed_at.is_(None))) or 0


def close_mended(session: Session, now: datetime, zone: ZoneInfo) -> int:
    """Close the tasks of phones that have left the roster, or where a person has given a sign since; how many.

    A call that was merely picked up may have met a voicemail, and ends no task.
    """
    closed = 0
    still_open = session.scalars(
        select(PhoneTask).where(PhoneTask.closed_at.is_(None)).order_by(PhoneTask.id).with_for_update(skip_locked=True)
    ).all()
    for start in range(0, len(still_open), AT_ONCE):
        some = still_open[start : start + AT_ONCE]
        phones = directory.read_phones(session, {each.phone_id for each in some})
        devices = directory.read_devices(session, {each.device_id for each in some} - {0})
        for task in some:
            phone, device = phones.get(task.phone_id), devices.get(task.device_id)
            if task.device_id:
                outcome = _find_outcome_of_device(session, task, phone, device)
            else:
                outcome = _find_outcome(task, phone, zone)
            if outcome is not None:
                _close(task, outcome, "", now)
                closed += 1
    return closed


def _find_outcome(task: PhoneTask, phone: PhoneOnRecord | None, zone: ZoneInfo) -> TaskOutcome | None:
    if phone is None or not phone.active or phone.household_id != task.household_id:
        return TaskOutcome.CHANGED
    later = phone.proven_on is not None and phone.proven_on > task.opened_at.astimezone(zone).date()
    noted = phone.proof_noted_at is not None and phone.proof_noted_at > task.opened_at
    return TaskOutcome.WORKS if (later or noted) and not phone.failing else None


def _find_outcome_of_device(
    session: Session, task: PhoneTask, phone: PhoneOnRecord | None, device: DeviceOnLine | None
) -> TaskOutcome | None:
    """A call from the line says nothing of the device: only a press ends its task, or that it has gone."""
    gone = phone is None or not phone.active or phone.household_id != task.household_id
    if gone or device is None or device.phone_id != task.phone_id:
        return TaskOutcome.CHANGED
    silent = directory.find_silent_devices(session, [device.device_id], task.opened_at)
    return None if silent else TaskOutcome.WORKS


def keep_number(session: Session, task_id: int, village_id: int, by: str, now: datetime) -> bool:
    """Somebody says that the number is right: it is left alone for a while. False where no such task is open."""
    task = session.scalars(
        select(PhoneTask)
        .where(PhoneTask.id == task_id, PhoneTask.village_id == village_id, PhoneTask.closed_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if task is None:
        return False
    _close(task, TaskOutcome.KEPT, by, now)
    return True


def _close(task: PhoneTask, outcome: TaskOutcome, by: str, now: datetime) -> None:
    task.closed_at, task.outcome, task.closed_by, task.next_at = now, outcome, by[:80], None


def find_villages_due(session: Session, now: datetime) -> list[int]:
    """The villages with a task for which somebody else is to be asked."""
    due = select(PhoneTask.village_id).where(PhoneTask.closed_at.is_(None), PhoneTask.next_at <= now)
    return sorted(set(session.scalars(due.distinct())))


def ask_on(session: Session, village_id: int, now: datetime, zone: ZoneInfo) -> list[int]:
    """Ask the next one for each due task of a village, with one text a person; the incidents that carry the texts.

    Outside the village's hours, and beside an alarm in it, nothing is done yet. A village that has set no hours gets
    its tasks on its page at once.
    """
    due = session.scalars(
        select(PhoneTask)
        .where(PhoneTask.village_id == village_id, PhoneTask.closed_at.is_(None), PhoneTask.next_at <= now)
        .order_by(PhoneTask.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    if village_hours.read_upkeep(session, village_id).spans is None:
        for task in due:
            task.stage, task.next_at = TaskStage.HEAD, None
        return []
    if village_id not in village_hours.find_villages_allowing(session, now, zone, [village_id]):
        return []
    phones = directory.read_phones(session, {each.phone_id for each in due})
    asked: dict[tuple[TaskStage, str, bool], tuple[Recipient, list[OpenTask]]] = {}
    for task in due:
        phone = phones.get(task.phone_id)
        if phone is not None and (not phone.active or phone.household_id != task.household_id):
            # It has left the roster, maybe with a household that has moved away: nobody is asked about it any more.
            _close(task, TaskOutcome.CHANGED, "", now)
            continue
        stage, person = (TaskStage.HEAD, None) if phone is None else _find_next(session, task, phone, now)
        task.stage, task.next_at = stage, None if stage is TaskStage.HEAD else now + ASKED_FOR
        if person is not None and phone is not None:
            key = (stage, person.number, task.device_id != 0)
            asked.setdefault(key, (person, []))[1].append(OpenTask(task, phone))
    return [_text(session, stage, person, found, now, zone) for (stage, _, _), (person, found) in asked.items()]


def _find_next(
    session: Session, task: PhoneTask, phone: PhoneOnRecord, now: datetime
) -> tuple[TaskStage, Recipient | None]:
    """Who is asked next; whoever takes no texts is passed over. The village's head is asked by the page."""
    stage = NEXT[task.stage]
    if stage is TaskStage.HOUSEHOLD:
        if task.device_id and not phone.text_refused and phone.is_mobile:
            for own in directory.list_other_phones(session, phone.household_id, 0):
                return stage, own
        for other in directory.list_other_phones(session, phone.household_id, phone.phone_id):
            return stage, other
        stage = TaskStage.LEADER
    if stage is TaskStage.LEADER and phone.group_id is not None:
        for officer in directory.list_officers(session, phone.group_id, now):
            if officer.may_text and not officer.text_refused and officer.household_id != phone.household_id:
                return stage, officer
    return TaskStage.HEAD, None


def _text(
    session: Session, stage: TaskStage, person: Recipient, found: Sequence[OpenTask], now: datetime, zone: ZoneInfo
) -> int:
    write = words.ask_household if stage is TaskStage.HOUSEHOLD else words.ask_leader
    if found[0].task.device_id:
        write = words.ask_household_for_press if stage is TaskStage.HOUSEHOLD else words.ask_leader_for_press
    numbers = [_make_number(each) for each in found]
    return _send(session, stage, person, found, write(numbers, person.language), now, zone)


def _make_number(found: OpenTask) -> FailingNumber:
    phone = found.phone
    return FailingNumber(
        phone.household_name, phone.household_name_en, phone.number[-ENDING:], phone.is_mobile, found.task.reason
    )


def _send(
    session: Session,
    stage: TaskStage,
    person: Recipient,
    found: Sequence[OpenTask],
    text: str,
    now: datetime,
    zone: ZoneInfo,
) -> int:
    """Plan a text about these tasks of one village, behind everything of any alarm or drill."""
    phone = found[0].phone
    incident = make_text_carrier(session, phone.village_id, phone.village_name, now, phone.group_id, phone.group_name)
    on = now.astimezone(zone).date()
    rows = [{"task_id": each.task.id, "stage": stage, "texted_on": on, "incident_id": incident.id} for each in found]
    insert_rows(session, TaskText, rows)
    plan_text(session, incident.id, person, text, now)
    return incident.id


def make_text_carrier(
    session: Session, village_id: int, village_name: str, now: datetime, group_id: int | None = None, group: str = ""
) -> Incident:
    """What carries a text that belongs to no call for help: an incident of its own kind, over from the beginning."""
    incident = Incident(
        kind=IncidentKind.TASK,
        village_id=village_id,
        village_name=village_name,
        group_id=group_id,
        group_name=group,
        opened_at=now,
        closed_at=now,
    )
    session.add(incident)
    session.flush()
    return incident


def plan_text(session: Session, incident_id: int, person: Recipient, text: str, now: datetime) -> None:
    """Plan one text of such an incident."""
    row = make_row(
        *(person, incident_id, Channel.SMS, Purpose.TASK, now),
        urgency=DRILL + NOTICE,
        turn=0,
        text=text,
        account_id=person.account_id,
    )
    insert_rows(session, Delivery, [row])


def list_open(session: Session, village_id: int) -> list[OpenTask]:
    """The open tasks of a village with their phones: those that wait for the head first, the oldest first."""
    rows = session.scalars(
        select(PhoneTask)
        .where(PhoneTask.village_id == village_id, PhoneTask.closed_at.is_(None))
        .order_by(PhoneTask.opened_at, PhoneTask.id)
    ).all()
    phones: dict[int, PhoneOnRecord] = {}
    for start in range(0, len(rows), AT_ONCE):
        phones |= directory.read_phones(session, {each.phone_id for each in rows[start : start + AT_ONCE]})
    found = [OpenTask(each, phones[each.phone_id]) for each in rows if each.phone_id in phones]
    return sorted(found, key=lambda each: each.task.stage is not TaskStage.HEAD)


def count_open(session: Session, village_id: int) -> OpenCount:
    """How many tasks of a village are open."""
    is_device = PhoneTask.device_id != 0
    rows = session.execute(
        select(PhoneTask.stage, is_device, func.count())
        .where(PhoneTask.village_id == village_id, PhoneTask.closed_at.is_(None))
        .group_by(PhoneTask.stage, is_device)
    ).all()
    devices = sum(count for _, of_device, count in rows if of_device)
    waiting = sum(count for stage, _, count in rows if stage is TaskStage.HEAD)
    return OpenCount(sum(count for _, _, count in rows) - devices, devices, waiting)


def find_asked(session: Session, number: str, since: datetime) -> list[OpenTask]:
    """The open tasks that this number was asked about since then, the newest question first."""
    rows = session.scalars(
        select(PhoneTask)
        .join(TaskText, TaskText.task_id == PhoneTask.id)
        .join(Delivery, Delivery.incident_id == TaskText.incident_id)
        .join(Incident, Incident.id == TaskText.incident_id)
        .where(
            Delivery.number == number,
            Delivery.purpose == Purpose.TASK,
            Incident.opened_at > since,
            PhoneTask.closed_at.is_(None),
            # To a silent device another number is no answer.
            PhoneTask.device_id == 0,
        )
        .order_by(TaskText.id.desc())
    ).all()
    unique: Iterable[PhoneTask] = dict.fromkeys(rows)
    phones = directory.read_phones(session, {each.phone_id for each in rows})
    return [OpenTask(each, phones[each.phone_id]) for each in unique if each.phone_id in phones]
