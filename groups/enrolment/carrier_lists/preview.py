"""What looking through a carrier's list came to, as it is kept: row by row, and in sum."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter

from groups.enrolment.carrier_lists.rules.judgement import Judged, Judgement
from groups.uploads.kinds import Preview, RowSeen

_JUDGED = TypeAdapter(Judged)


def make_preview(judgement: Judgement, decided: Collection[str], batch: str = "") -> Preview:
    """The rows and sums of a judgement; `decided` are the keys of rows that somebody has decided."""
    rows = [
        RowSeen(
            judged.verdict.value,
            _JUDGED.dump_python(judged, mode="json"),
            noted=bool(judged.findings),
            decided=judged.entry.row.key in decided,
        )
        for judged in judgement.rows
    ]
    counts = {verdict.value: number for verdict, number in judgement.counts.items()}
    to_write = len(judgement.begins) + len(judgement.edits)
    return Preview(rows, {"counts": counts, "to_write": to_write}, batch)


def rebuild_rows(kept: Iterable[Mapping[str, Any]]) -> list[Judged]:
    """The rows out of what was kept of them."""
    return [_JUDGED.validate_python(row) for row in kept]
