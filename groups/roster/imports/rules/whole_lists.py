"""What only a list as a whole tells: one group written in several ways, a sheet that repeats what others have."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from groups.errors import say
from groups.roster.imports.rules.guesses import NOTHING_SAID, About, Said
from groups.roster.imports.rules.names import read_name
from groups.roster.imports.rules.notes import Notes
from groups.roster.imports.rules.rows import ListRow
from groups.roster.rules.group_names import unify_names
from groups.rules.typed_text import tidy


def with_one_name_a_group(rows: Sequence[ListRow], notes: Notes, said: Said = NOTHING_SAID) -> list[ListRow]:
    """The rows, each group under one name, however its rows write it, but for those that somebody has told apart."""
    names = unify_names(tidy(row.group) for row in rows)
    written: dict[str, list[str]] = defaultdict(list)
    for name, used in names.items():
        written[used].append(name)
    for used, forms in written.items():
        if len(forms) > 1:
            notes.add(
                "group_names",
                say("one_group_written_in_several_ways"),
                f"{'、'.join(forms)}→{used}",
                said.guess_of_name(About.NAMES, used, f"{'、'.join(forms)}→{used}"),
            )
    names = {name: name if said.is_apart(About.NAMES, used) else used for name, used in names.items()}
    return [
        row if (used := names.get(tidy(row.group), row.group)) == row.group else replace(row, group=used)
        for row in rows
    ]


def without_copies(rows: Sequence[ListRow], notes: Notes) -> list[ListRow]:
    """The rows without those of a sheet whose households stand on the other sheets as well: a summary of them all.

    Of the two, the one that says the groups is kept.
    """
    sheets: dict[str, list[ListRow]] = defaultdict(list)
    for row in rows:
        sheets[row.sheet].append(row)
    if len(sheets) < 2:
        return list(rows)
    largest = max(sheets, key=lambda name: len(sheets[name]))
    own = {_identify(row) for row in sheets[largest]}
    others = {_identify(row) for name, found in sheets.items() if name != largest for row in found}
    shared = own & others
    if len(sheets[largest]) < 2 or len(shared) * 5 < 4 * len(own) or len(shared) * 5 < 4 * len(others):
        return list(rows)
    in_groups = {bool(row.group) for name, found in sheets.items() if name != largest for row in found}
    drops_largest = in_groups == {True} or not any(row.group for row in sheets[largest])
    kept = [row for row in rows if _identify(row) not in shared or (row.sheet == largest) is not drops_largest]
    dropped = largest if drops_largest else "、".join(name for name in sheets if name != largest)
    notes.add(
        "copied_sheets",
        say("households_stand_on_several_sheets_were"),
        dropped,
    )
    return kept


def _identify(row: ListRow) -> tuple[str, str, tuple[str, ...]]:
    numbers = tuple(re.sub(r"\D", "", cell.text) for cell in row.phones)
    return (read_name(row.head).head, tidy(row.door), tuple(number for number in numbers if number))
