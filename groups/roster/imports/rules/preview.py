"""What a preview shows of a list: rows a page at a time, and all of it as JSON, row by row and in sum."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from groups.errors import Message, keep_message
from groups.roster.imports.rules.guesses import Guess
from groups.roster.imports.rules.judgement import Entry, Judgement, RowVerdict, Verdict
from groups.roster.imports.rules.notes import Note
from groups.roster.rules.household import RosterHousehold
from groups.rules.phone import as_written_here


def list_rows(judgement: Judgement, region: str) -> list[dict[str, Any]]:
    """The rows in the list's order, then the households that a complete list lacks, which have no row.

    `changed` holds what changes: the field, what it was, what it becomes; the order of doors has neither.
    """
    entries = iter(judgement.entries)
    rows = [
        _make_row(verdict, next(entries) if verdict.change is not None else None, region)
        for verdict in judgement.verdicts
    ]
    return rows + [_describe_archived(household) for household in judgement.archived]


def hash_rows(rows: Sequence[dict[str, Any]]) -> str:
    """What tells one preview from another."""
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _make_row(verdict: RowVerdict, entry: Entry | None, region: str) -> dict[str, Any]:
    return {
        "row": verdict.row,
        "sheet": verdict.sheet,
        "verdict": verdict.verdict.value,
        "change": verdict.change.value if verdict.change else "",
        "household": verdict.household,
        "phones": [as_written_here(phone.e164, region) for phone in entry.phones] if entry else [],
        "changed": list(_list_changes(entry, region)) if entry else [],
        "findings": [[finding.reason, keep_message(finding.message)] for finding in verdict.findings],
        "guesses": [guess_shown(guess) for guess in verdict.guesses],
    }


def guess_shown(guess: Guess) -> dict[str, Any]:
    """A guess as a page shows it."""
    return {
        "about": guess.about.value,
        "key": guess.key,
        "now": guess.now,
        "others": [list(choice) for choice in guess.others],
        "decided": guess.decided,
    }


def _list_changes(entry: Entry, region: str) -> Iterator[list[str]]:
    household = entry.household
    if household is None:
        return
    for name in entry.changed:
        if name == "order":
            yield [name, "", ""]
        elif name == "phones":
            after = [phone.e164 for phone in entry.phones]
            yield [name, *(_write_numbers(numbers, region) for numbers in (household.phones, after))]
        else:
            yield [name, getattr(household, name), getattr(entry, name)]


def _write_numbers(numbers: Sequence[str], region: str) -> str:
    return "、".join(as_written_here(number, region) for number in numbers)


def _describe_archived(household: RosterHousehold) -> dict[str, Any]:
    return {
        "row": None,
        "sheet": "",
        "verdict": "archived",
        "change": "archived",
        "household": household.label,
        "phones": [],
        "changed": [],
        "findings": [],
        "guesses": [],
    }


def as_json(
    judgement: Judgement, notes: Sequence[Note], in_words: Callable[[Message], str], *, written: bool
) -> dict[str, Any]:
    """`rows`: number, verdict, reason (the first finding's code, or None), household, and the findings behind it.

    `notes` are what was guessed and left out of the list as a whole; `summary` as `make_summary` gives it.
    """
    told = (*notes, *judgement.notes)
    return {
        "rows": [_make_verdict_row(row, in_words) for row in judgement.verdicts],
        "notes": [
            {
                "reason": note.reason,
                "message": in_words(note.message),
                "guesses": [guess_shown(guess) for guess in note.guesses],
            }
            for note in told
        ],
        "summary": make_summary(judgement, written=written),
    }


def make_summary(judgement: Judgement, *, written: bool) -> dict[str, Any]:
    """The rows counted by verdict, and the households by what becomes of them, warnings or not."""
    counted = Counter(row.verdict for row in judgement.verdicts)
    changes = (Verdict.NEW, Verdict.CHANGED, Verdict.SAME)
    verdicts = {verdict.value: counted[verdict] for verdict in (*changes, Verdict.WARNING, Verdict.ERROR)}
    taken = {change.value: judgement.how_many(change) for change in changes}
    return {
        "rows": len(judgement.verdicts),
        **verdicts,
        "households": taken,
        "not_in_file": len(judgement.missing),
        "archived": len(judgement.archived),
        "asks_once_more": judgement.asks_once_more,
        "replaced": judgement.replaced,
        "another_village": judgement.looks_like_another_village,
        "fits_better": judgement.fits_better,
        "written": written,
    }


def _make_verdict_row(row: RowVerdict, in_words: Callable[[Message], str]) -> dict[str, Any]:
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
        "guesses": [guess_shown(guess) for guess in row.guesses],
        "findings": [
            {"reason": finding.reason, "value": finding.value, "message": in_words(finding.message)}
            for finding in row.findings
        ],
    }
