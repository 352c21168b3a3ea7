"""Digests over what must never change once it was handed out: settled months, issued reports.

`find_…` recounts them from the rows, so that whoever looks at the books hears of a row that somebody has altered.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.models.enrolment import SettledLine, SettledMonth
from groups.models.figures import IssuedReport

_LINE = ("month", "of_month", "village_id", "village", "plan", "households", "unpriced", "village_fen", "carrier_fen")


def make_digest(lines: Sequence[Mapping[str, Any]]) -> str:
    """Over the lines of a settled month, in their order, as values of `SettledLine`."""
    return _hash([{name: line[name] for name in _LINE} for line in lines])


def seal_month(month: SettledMonth) -> str:
    """Over what its lines do not say: which month it is, when and by whom it was settled."""
    return _hash([month.month, month.settled_at.astimezone(UTC), month.settled_by, month.digest])


def seal_report(report: IssuedReport) -> str:
    """Over what its forms do not say: of which day it was issued, when, by whom, and what was asked."""
    moments = [each.astimezone(UTC) for each in (report.known_at, report.issued_at)]
    return _hash([report.as_of, *moments, report.issued_by, report.account_id, report.question, report.digest])


def find_damaged_months(session: Session) -> list[date]:
    """The settled months that are not any more what was settled: a line, who settled it, or when."""
    lines: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for line in session.scalars(select(SettledLine).order_by(SettledLine.id)):
        lines[line.month].append({name: getattr(line, name) for name in _LINE})
    months = session.scalars(select(SettledMonth).order_by(SettledMonth.month)).all()
    return [
        each.month
        for each in months
        if each.digest != make_digest(lines[each.month]) or (each.seal and each.seal != seal_month(each))
    ] + sorted(lines.keys() - {each.month for each in months})


def is_report_sound(report: IssuedReport) -> bool:
    """Whether the row is what was issued; one that was issued before there were seals may be."""
    return not report.seal or report.seal == seal_report(report)


def _hash(told: object) -> str:
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, default=str, sort_keys=True).encode()).hexdigest()
