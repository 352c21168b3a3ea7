"""What looking through a carrier's list came to, small enough to be kept: the counts, and the rows to look at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from groups.enrolment.carrier_lists.rules.judgement import Judged, Judgement, Verdict
from groups.enrolment.carrier_lists.rules.matching import Candidate
from groups.enrolment.carrier_lists.rules.rows import CarrierRow, Entry
from groups.rules.days import EARLIEST
from groups.rules.findings import Finding

LEFT_OUT = (Verdict.ERROR, Verdict.DOUBTFUL)
"""What is not written, and is to be mended or decided."""
_MOST_NOTED = 200
"""So many rows are kept that are written but have something to look at."""


@dataclass(frozen=True, slots=True)
class Picture:
    """How many rows came to what, how many would be written, and the rows to look at: all that are left out, those
    decided by hand, and the first of those with a note.
    """

    counts: Mapping[Verdict, int]
    to_write: int
    rows: tuple[Judged, ...]

    def how_many(self, verdict: Verdict) -> int:
        return self.counts.get(verdict, 0)

    def of(self, *verdicts: Verdict) -> list[Judged]:
        return [row for row in self.rows if row.verdict in verdicts]


def packed(judgement: Judgement, decided: Collection[str]) -> dict[str, Any]:
    """As JSON keeps it; `decided` are the keys of rows that somebody has decided."""
    rows, noted = [], 0
    for judged in judgement.rows:
        if judged.verdict in LEFT_OUT or judged.entry.row.key in decided:
            rows.append(_packed(judged))
        elif judged.findings and noted < _MOST_NOTED:
            noted += 1
            rows.append(_packed(judged))
    return {
        "counts": {verdict.value: number for verdict, number in judgement.counts.items()},
        "to_write": len(judgement.begins) + len(judgement.edits),
        "rows": rows,
    }


def unpacked(kept: Mapping[str, Any]) -> Picture:
    """The picture out of what was kept; nothing kept is an empty one."""
    return Picture(
        {Verdict(word): number for word, number in kept.get("counts", {}).items()},
        kept.get("to_write", 0),
        tuple(_unpacked(row) for row in kept.get("rows", ())),
    )


def _packed(judged: Judged) -> dict[str, Any]:
    entry = judged.entry
    return {
        "row": [entry.row.sheet, entry.row.number, list(entry.row.texts)],
        "read": [entry.number, entry.name],
        "verdict": judged.verdict.value,
        "household": _of_household(judged.household) if judged.household else None,
        "candidates": [_of_household(each) for each in judged.candidates],
        "findings": [[one.reason, one.message, one.value] for one in judged.findings],
    }


def _unpacked(kept: Mapping[str, Any]) -> Judged:
    sheet, number, texts = kept["row"]
    row = CarrierRow(sheet, number, tuple(texts))
    billed, name = kept["read"]
    return Judged(
        Entry(row, billed, name, texts[2], "", EARLIEST, None, (), ()),
        Verdict(kept["verdict"]),
        _household(kept["household"]) if kept["household"] else None,
        tuple(_household(each) for each in kept["candidates"]),
        tuple(Finding(*one) for one in kept["findings"]),
    )


def _of_household(each: Candidate) -> list[Any]:
    return [each.id, each.village_id, each.village, each.group, each.door, each.head, sorted(each.numbers)]


def _household(kept: list[Any]) -> Candidate:
    number, village_id, village, group, door, head, numbers = kept
    return Candidate(number, village_id, village, group, door, head, frozenset(numbers))
