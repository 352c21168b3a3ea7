"""What a preview says of a list, as JSON: row by row and in sum."""

from __future__ import annotations

from collections import Counter
from typing import Any

from groups.rules.roster_judgement import Judgement, RowVerdict, Verdict


def as_json(judgement: Judgement, *, written: bool) -> dict[str, Any]:
    """`rows`: number, verdict, reason (the first finding's code, or None), household, and the findings behind it.

    `summary` counts the rows by verdict, and the households by what becomes of them, warnings or not.
    """
    counted = Counter(row.verdict for row in judgement.verdicts)
    changes = (Verdict.NEW, Verdict.CHANGED, Verdict.SAME)
    verdicts = {verdict.value: counted[verdict] for verdict in (*changes, Verdict.WARNING, Verdict.ERROR)}
    taken = {change.value: judgement.how_many(change) for change in changes}
    return {
        "rows": [_row(row) for row in judgement.verdicts],
        "summary": {
            "rows": len(judgement.verdicts),
            **verdicts,
            "households": taken,
            "not_in_file": len(judgement.missing),
            "archived": len(judgement.archived),
            "asks_once_more": judgement.asks_once_more,
            "written": written,
        },
    }


def _row(row: RowVerdict) -> dict[str, Any]:
    first = row.findings[0] if row.findings else None
    return {
        "row": row.row,
        "sheet": row.sheet,
        "verdict": row.verdict.value,
        "reason": first.reason if first else None,
        "value": first.value if first else None,
        "household": row.household,
        "change": row.change.value if row.change else None,
        "changed": list(row.changed),
        "findings": [
            {"reason": finding.reason, "value": finding.value, "message": finding.message} for finding in row.findings
        ],
    }
