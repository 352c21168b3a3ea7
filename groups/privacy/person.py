"""What is kept about a household or a number on this side, on one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.files.writing import Look as SheetLook
from groups.files.writing import Table, as_workbook
from groups.models.access_log import Look
from groups.models.accounts import Account
from groups.models.changes import Change
from groups.models.enrolment import Device, Subscription
from groups.models.figures import Residence
from groups.models.responders import Responder
from groups.models.roster import Group, Household, Phone, Village
from groups.models.uploads import Upload, UploadRow
from groups.privacy.access_log import Looked, record_look
from groups.privacy.erasure import list_numbers, match_in_lists

_HEADING = ("类别 Kind", "时间 When", "内容 What")


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A thing that is kept: its kind in both languages, when it was, and what it says."""

    kind: str
    at: datetime | date | None
    text: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose data is asked for: a household with its numbers, or a number alone that no household has."""

    household_id: int | None
    numbers: tuple[str, ...]


def find_subject(session: Session, *, household_id: int | None = None, number: str = "") -> Subject | None:
    """The household of this id, or that has or last had this number; else the number alone. None: no such id."""
    if household_id is None:
        held = select(Phone.household_id).where(Phone.number == number)
        household_id = session.scalar(held.order_by(Phone.archived_at.is_not(None), Phone.id.desc()).limit(1))
        if household_id is None:
            return Subject(None, (number,))
    if session.get(Household, household_id) is None:
        return None
    return Subject(household_id, tuple(list_numbers(session, household_id)))


def read_sheet(session: Session, subject: Subject) -> list[SheetLine]:
    """All that is kept on the roster's side."""
    lines = [] if subject.household_id is None else _list_of_household(session, subject.household_id)
    return lines + _list_of_numbers(session, subject.numbers)


def note_look(session: Session, page: str, form: str, rows: int, subject: Subject, now: datetime) -> None:
    """Put on record that a command showed the subject's data."""
    record_look(session, Looked("command", page, form, rows, household_id=subject.household_id), now)


def write_sheet(lines: Sequence[SheetLine], zone_name: str) -> bytes:
    """The lines as a workbook of one sheet; times are those of the zone named in its title."""
    rows = [(each.kind, str(each.at or ""), each.text) for each in lines]
    look = SheetLook(bordered=True, wrapped=True, printed=True)
    title = f"个人信息（{zone_name}）"
    return as_workbook([Table("个人信息", _HEADING, rows, widths=(24, 26, 80), title=title, look=look)])


def _list_of_household(session: Session, household_id: int) -> list[SheetLine]:
    household = session.get_one(Household, household_id)
    village = session.get_one(Village, household.village_id)
    group = session.get(Group, household.group_id) if household.group_id is not None else None
    place = " · ".join(filter(None, (village.name, group.name if group else "", household.door, household.landmark)))
    particulars = {"note": household.note, "away_until": household.away_until, "first_help": household.first_help}
    said = "; ".join(f"{name}: {value}" for name, value in particulars.items() if value)
    lines = [SheetLine("户 Household", household.archived_at, f"{household.head} · {place} {said}".strip())]
    of = (Phone.household_id == household_id, Phone.id)
    for phone in session.scalars(select(Phone).where(of[0]).order_by(of[1])):
        lines.append(SheetLine("电话 Phone", phone.archived_at, f"{phone.number} {phone.holder} {phone.language}"))
    for home in session.scalars(select(Residence).where(Residence.household_id == household_id)):
        lines.append(SheetLine("居住 Home", home.starts_on, f"{home.starts_on} – {home.ends_on or ''}"))
    for row in session.scalars(select(Subscription).where(Subscription.household_id == household_id)):
        consent = f"consent {row.consent_by} {row.consent_on} v{row.consent_version or '?'}" if row.consent_on else ""
        text = f"{row.plan} {row.number} {row.starts_on} – {row.ends_on or ''} {consent}".strip()
        lines.append(SheetLine("签约 Sign-up", row.starts_on, text))
    for device in session.scalars(select(Device).where(Device.household_id == household_id)):
        returned = f"– {device.returned_on}" if device.returned_on else ""
        lines.append(SheetLine("赠机 Gift", device.given_on, f"{device.kind} {device.serial} {returned}"))
    for change in session.scalars(select(Change).where(Change.household_id == household_id).order_by(Change.id)):
        text = f"{change.changed_by}: {change.action} {change.table} {change.before or ''} → {change.after or ''}"
        lines.append(SheetLine("修改 Change", change.changed_at, text))
    for look in session.scalars(select(Look).where(Look.household_id == household_id).order_by(Look.id)):
        lines.append(SheetLine("查看 Look", look.at, f"{look.who}: {look.page} ({look.form})"))
    return lines


def _list_of_numbers(session: Session, numbers: Sequence[str]) -> list[SheetLine]:
    lines = []
    for one in session.scalars(select(Responder).where(Responder.number.in_(numbers))):
        lines.append(SheetLine("队员 Responder", one.archived_at, f"{one.name} {one.number} {one.hours}"))
    if numbers:
        brought = select(Upload, UploadRow).join(UploadRow).where(match_in_lists(numbers))
        for upload, row in session.execute(brought.order_by(UploadRow.upload_id, UploadRow.place)):
            lines.append(SheetLine("名单 List", upload.created_at, f"{upload.brought_by} {upload.name}: {row.data}"))
    for account in session.scalars(select(Account).where(Account.phone.in_(numbers))):
        lines.append(SheetLine("账号 Account", account.created_at, f"{account.name} {account.phone} {account.role}"))
    return lines
