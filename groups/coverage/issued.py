"""Reports as they were issued: kept byte for byte with what was known then, and set beside what is known now."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.coverage import exports
from groups.coverage.compared import Compared
from groups.coverage.figures import Scope
from groups.coverage.report import report_on
from groups.coverage.rules.query import CoverageQuery, read_query
from groups.coverage.rules.report import CoverageReport
from groups.coverage.rules.statement import Statement
from groups.coverage.statement import make_statement
from groups.errors import InvalidChoice, InvalidDay, ReportDamaged, say
from groups.models.batch import Author
from groups.models.figures import IssuedFile, IssuedReport
from groups.models.seals import is_report_sound, seal_report
from groups.rules.days import find_local_day


@dataclass(frozen=True, slots=True)
class Beside:
    """An issued report beside the same question asked of what is known now, and every difference between them.

    `changed` is None where no figure is another.
    """

    issued: IssuedReport
    then: CoverageReport
    now: CoverageReport
    changed: Statement | None


def issue(session: Session, query: CoverageQuery, by: Author, now: datetime, zone: ZoneInfo) -> IssuedReport:
    """Keep the report that this question asks for, in all its forms, as it stands now (or stood at `known_at`).

    Raises what `report_on` raises.
    """
    asked = replace(query, known_at=query.known_at or now)
    if asked.known_at is not None and asked.known_at > now:
        raise InvalidDay(say("not_known_yet_to_issue"))
    contents = {form: exports.write(report_on(session, asked, zone, form=form), form) for form in exports.FORMS}
    issued = IssuedReport(
        as_of=asked.as_of,
        known_at=asked.known_at,
        issued_at=now,
        issued_by=by.name[:64],
        account_id=by.account_id,
        question=asked.words(),
        digest=_hash(contents["json"]),
    )
    issued.seal = seal_report(issued)
    session.add(issued)
    session.flush()
    session.add_all(
        IssuedFile(report_id=issued.id, form=form, content=content, digest=_hash(content))
        for form, content in contents.items()
    )
    session.flush()
    return issued


def list_issued(session: Session, most: int | None = None) -> Sequence[IssuedReport]:
    """The reports that were issued, the last first."""
    return session.scalars(select(IssuedReport).order_by(IssuedReport.id.desc()).limit(most)).all()


def get_issued(session: Session, number: int) -> IssuedReport:
    """The report of this number. Raises InvalidChoice where there is none."""
    found = session.get(IssuedReport, number)
    if found is None:
        raise InvalidChoice(say("no_report_of_this_number", number=number))
    return found


def reprint(session: Session, number: int, form: str) -> bytes:
    """An issued report in one of its forms, byte for byte as it was issued.

    Raises InvalidChoice, and ReportDamaged where the bytes are not those that were kept.
    """
    report = get_issued(session, number)
    kept = session.get(IssuedFile, (number, form))
    if kept is None:
        raise InvalidChoice(say("no_such_form", choices=tuple(exports.FORMS)))
    if (
        not is_report_sound(report)
        or _hash(kept.content) != kept.digest
        or (form == "json" and kept.digest != report.digest)
    ):
        raise ReportDamaged(say("report_damaged", number=number))
    return kept.content


def find_damaged(session: Session) -> list[int]:
    """The issued reports of which a form, or the row that says of when and by whom it is, is not what was kept."""
    rows = session.scalars(select(IssuedReport).order_by(IssuedReport.id))
    renamed = [each.id for each in rows if not is_report_sound(each)]
    asked = select(IssuedFile, IssuedReport.digest).join(IssuedReport, IssuedReport.id == IssuedFile.report_id)
    return sorted({*renamed, *(
        file.report_id
        for file, digest in session.execute(asked.execution_options(yield_per=20))
        if _hash(file.content) != file.digest or (file.form == "json" and file.digest != digest)
    )})  # fmt: skip


def compare_with_today(session: Session, number: int, now: datetime, zone: ZoneInfo) -> Beside:
    """The issued report as it was reported, and the same day as it is known now. Raises InvalidChoice."""
    issued = get_issued(session, number)
    asked = replace(read_query(issued.question, find_local_day(now, zone), zone), since=None, since_known_at=None)
    then = report_on(session, asked, zone, form="json")
    today = report_on(session, replace(asked, known_at=None), zone, form="json")
    scope = Scope(zone, asked.kind, asked.village)
    compared = Compared(asked.as_of, issued.known_at, asked.as_of, report=issued.id, level=asked.level)
    changed = make_statement(session, compared, scope, most=None)
    return Beside(issued, then, today, changed if changed.lines else None)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
