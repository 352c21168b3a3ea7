"""What is left of a carrier's list for a person to mend: as a workbook that can be brought in again, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from groups.enrolment.carrier_lists.rules.judgement import Judged, Verdict
from groups.errors import say
from groups.errors.words import write_both
from groups.files.columns import LeftOutSheet
from groups.files.writing import Table, as_workbook

_HEADING = ("原文件行", "号码", "姓名", "地址", "套餐", "开通日期", "结束日期", "原因", "可能是")


def export_rows_to_mend(rows: Iterable[Judged]) -> bytes:
    """Rows that are left out, as the file had them, with what is wrong and whom they may mean."""
    table = [
        [
            f"{judged.entry.row.sheet} {judged.entry.row.number}".strip(),
            *judged.entry.row.texts,
            _explain(judged),
            "；".join(each.label for each in judged.candidates),
        ]
        for judged in rows
    ]
    return as_workbook([Table("待改正", _HEADING, table, widths=[*[16] * 7, 50])])


def as_json(rows: Sequence[Judged], left_out: Sequence[LeftOutSheet] = (), *, written: bool) -> dict[str, Any]:
    """How many rows came to what, every row that a person should look at, and the sheets that are not read."""
    counts = Counter(row.verdict for row in rows)
    return {
        "written": written,
        "rows": len(rows),
        **{verdict.value: counts[verdict] for verdict in Verdict},
        "left_out_sheets": [{"sheet": each.name, "reason": write_both(each.reason)} for each in left_out],
        "look_at": [_make_row(judged) for judged in rows if judged.findings or judged.candidates],
    }


def _make_row(judged: Judged) -> dict[str, Any]:
    return {
        "sheet": judged.entry.row.sheet,
        "row": judged.entry.row.number,
        "verdict": judged.verdict.value,
        "household": judged.household.label if judged.household else None,
        "findings": [{"reason": one.reason, "message": write_both(one.message)} for one in judged.findings],
        "candidates": _list_candidates(judged),
    }


def _list_candidates(judged: Judged) -> Sequence[dict[str, Any]]:
    return [{"id": each.id, "household": each.label} for each in judged.candidates]


def _explain(judged: Judged) -> str:
    reasons = [one.message for one in judged.findings]
    if judged.verdict is Verdict.DOUBTFUL:
        reasons.append(say("uncertain_whom_it_means"))
    return "；".join(map(write_both, reasons))
