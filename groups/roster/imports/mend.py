"""TODO."""

from __future__ import annotations

import io
from collections.abc import Sequence

import xlsxwriter

from groups.files.writing import harmless
from groups.roster.exports import _AS_TEXT, DOOR, GROUP, HEAD, LANDMARK
from groups.roster.imports.rules.judgement import Judgement, Verdict
from groups.roster.imports.rules.rows import ListRow


def rows_to_mend(rows: Sequence[ListRow], judgement: Judgement, *, warnings: bool = False) -> bytes:
    """The rows in error as the file had them, with their number and what is wrong; with `warnings`, those too.

    Mended, it imports as it is: the columns for row and reason mean nothing to the roster.
    """
    wanted = {Verdict.ERROR, Verdict.WARNING} if warnings else {Verdict.ERROR}
    reasons = {
        (verdict.sheet, verdict.row): "；".join(finding.message for finding in verdict.findings)
        for verdict in judgement.verdicts
        if verdict.verdict in wanted
    }
    wrong = [row for row in rows if (row.sheet, row.number) in reasons]
    phones = list(dict.fromkeys(cell.column for row in wrong for cell in row.phones)) or ["手机"]
    heading = ["原文件行号", GROUP, DOOR, HEAD, *phones, LANDMARK, "原因"]
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, _AS_TEXT) as book:
        sheet = book.add_worksheet("待改正")
        sheet.write_row(0, 0, heading, book.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1}))
        for at, row in enumerate(wrong, start=1):
            cells = {cell.column: cell.text for cell in row.phones}
            where = f"{row.sheet} {row.number}".strip()
            texts = [where, row.group, row.door, row.head, *(cells.get(column, "") for column in phones)]
            for column, text in enumerate([*texts, row.landmark or "", reasons[row.sheet, row.number]]):
                sheet.write_string(at, column, harmless(text))
        sheet.set_column(0, len(heading) - 2, 15)
        sheet.set_column(len(heading) - 1, len(heading) - 1, 60)
        sheet.freeze_panes(1, 0)
    return content.getvalue()
