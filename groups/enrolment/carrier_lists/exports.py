"""What is left of a carrier's list for a person to mend: as a workbook that can be brought in again, and as JSON."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from groups.enrolment.carrier_lists.rules.judgement import Judged, Judgement, Verdict
from groups.enrolment.carrier_lists.rules.picture import LEFT_OUT, Picture
from groups.files.writing import harmless

_HEADING = ("原文件行", "号码", "姓名", "地址", "套餐", "开通日期", "结束日期", "原因", "可能是")
_AS_TEXT = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def rows_to_mend(judgement: Judgement | Picture) -> bytes:
    """The rows in error and those still doubtful, as the file had them, with what is wrong and whom they may mean."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, _AS_TEXT) as book:
        sheet = book.add_worksheet("待改正")
        sheet.write_row(0, 0, _HEADING, book.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1}))
        for at, judged in enumerate(judgement.of(*LEFT_OUT), start=1):
            row = judged.entry.row
            perhaps = "；".join(each.label for each in judged.candidates)
            where = f"{row.sheet} {row.number}".strip()
            for column, text in enumerate((where, *row.texts, _why(judged), perhaps)):
                sheet.write_string(at, column, harmless(text))
        sheet.set_column(0, 6, 16)
        sheet.set_column(7, 8, 50)
        sheet.freeze_panes(1, 0)
    return content.getvalue()


def as_json(judgement: Judgement, *, written: bool) -> dict[str, Any]:
    """How many rows came to what, and every row that a person should look at."""
    return {
        "written": written,
        "rows": len(judgement.rows),
        **{verdict.value: judgement.how_many(verdict) for verdict in Verdict},
        "look_at": [_row(judged) for judged in judgement.rows if judged.findings or judged.candidates],
    }


def _row(judged: Judged) -> dict[str, Any]:
    return {
        "sheet": judged.entry.row.sheet,
        "row": judged.entry.row.number,
        "verdict": judged.verdict.value,
        "household": judged.household.label if judged.household else None,
        "findings": [{"reason": one.reason, "message": one.message} for one in judged.findings],
        "candidates": _candidates(judged),
    }


def _candidates(judged: Judged) -> Sequence[dict[str, Any]]:
    return [{"id": each.id, "household": each.label} for each in judged.candidates]


def _why(judged: Judged) -> str:
    reasons = [one.message for one in judged.findings]
    if judged.verdict is Verdict.DOUBTFUL:
        reasons.append("无法确定是哪一户 not certain whom it means")
    return "；".join(reasons)
