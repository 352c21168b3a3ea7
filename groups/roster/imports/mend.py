"""The rows of a roster's list that somebody has to mend: as the file had them, each with what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from groups.errors import Message, restore_message
from groups.files.writing import Table, as_workbook
from groups.roster.exports import DOOR, GROUP, HEAD, LANDMARK
from groups.roster.imports.rules.judgement import RowVerdict, Verdict
from groups.roster.imports.rules.rows import ListRow
from groups.words import write_both

ROW, REASON = "原文件行号", "原因"
"""The columns that mean nothing to the roster, so that a mended file is imported as it is."""


class RowToMend(BaseModel):
    """A row as its file had it. `phones` are the cells by their column; `where` is its sheet and number."""

    model_config = ConfigDict(frozen=True)

    where: str
    group: str
    door: str
    head: str
    phones: dict[str, str]
    landmark: str
    reason: tuple[Message, ...]

    @field_validator("reason", mode="before")
    @classmethod
    def _of_an_earlier_release(cls, reason: Any) -> Any:
        return (restore_message(reason),) if isinstance(reason, str) else reason


def make_row_to_mend(row: ListRow, verdict: RowVerdict) -> RowToMend | None:
    """The row, where it is in error or something is to be said of it."""
    if verdict.verdict not in {Verdict.ERROR, Verdict.WARNING}:
        return None
    phones: dict[str, list[str]] = {}
    for cell in row.phones:
        if cell.text.strip():
            phones.setdefault(cell.column, []).append(cell.text)
    return RowToMend(
        where=f"{row.sheet} {row.number}".strip(),
        group=row.group,
        door=row.door,
        head=row.head,
        phones={column: "、".join(texts) for column, texts in phones.items()},
        landmark=row.landmark or "",
        reason=tuple(finding.message for finding in verdict.findings),
    )


def list_rows_to_mend(rows: Sequence[ListRow], verdicts: Sequence[RowVerdict]) -> list[RowToMend]:
    """Those of a list's rows that are in error; the rows stand in the order of their verdicts."""
    wrong = ((row, verdict) for row, verdict in zip(rows, verdicts, strict=True) if verdict.verdict is Verdict.ERROR)
    found = (make_row_to_mend(row, verdict) for row, verdict in wrong)
    return [row for row in found if row is not None]


def as_xlsx(rows: Iterable[RowToMend]) -> bytes:
    """The rows as a workbook, which imports as it is once they are mended."""
    wrong = list(rows)
    phones = list(dict.fromkeys(column for row in wrong for column in row.phones)) or ["手机"]
    heading = [ROW, GROUP, DOOR, HEAD, *phones, LANDMARK, REASON]
    table = [
        [
            *(row.where, row.group, row.door, row.head),
            *(row.phones.get(column, "") for column in phones),
            *(row.landmark, "；".join(map(write_both, row.reason))),
        ]
        for row in wrong
    ]
    return as_workbook([Table("待改正", heading, table, widths=[*[15] * (len(heading) - 1), 60])])
