"""A list's rows beside the roster, before they are judged: whose they are, and what they leave unsaid.

What a list does not say stays: a group, a door, a landline for which it has no column, a number in a cell that nobody
could read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from groups.errors import say
from groups.roster.imports.rules.guesses import NEW, NOTHING_SAID, About, Choice, Guess, Said, key_of
from groups.roster.imports.rules.matching import At, match
from groups.roster.imports.rules.notes import Note, Notes
from groups.roster.imports.rules.rows import ExaminedRow
from groups.roster.rules.group_names import find_roster_names
from groups.roster.rules.household import RosterHousehold
from groups.rules.phone import find_kind

_MOST_CHOICES = 3


@dataclass(frozen=True, slots=True)
class Settled:
    """`rows` are all of the list's, `sound` those that can be taken; `repeated` names a row's earlier twin.

    `matched` has the household that a sound row means; `spared` are those that only a row in error names.
    """

    rows: tuple[ExaminedRow, ...]
    sound: tuple[ExaminedRow, ...]
    repeated: Mapping[At, ExaminedRow]
    merged: frozenset[At]
    matched: Mapping[At, RosterHousehold]
    spared: frozenset[int]
    notes: tuple[Note, ...]
    guesses: Mapping[At, Guess]
    """By row, which household it was taken for, where that is not plain."""


def settle(
    rows: Sequence[ExaminedRow],
    roster: Sequence[RosterHousehold],
    groups: Iterable[str],
    decided: Said = NOTHING_SAID,
    village: str = "",
) -> Settled:
    """Give each row its household, and what it leaves unsaid from there. `groups` are all of the village's.

    `decided`: what somebody has said of guesses; `village`: its name.
    """
    notes = Notes()
    present = list(dict.fromkeys([*(one.group for one in roster), *groups]))
    renamed = find_roster_names((row.group for row in rows), present, village)
    for name, known_as in renamed.items():
        guess = decided.guess_of_name(About.ROSTER_NAME, name, f"{name}→{known_as}")
        words = "groups_written_as_roster_them" if known_as in present else "one_group_written_in_several_ways"
        notes.add("group_names", say(words), f"{name}→{known_as}", guess)
    renamed = {name: known for name, known in renamed.items() if not decided.is_apart(About.ROSTER_NAME, name)}
    rows = tuple(replace(row, group=renamed[row.group]) if row.group in renamed else row for row in rows)
    repeated, merged = _find_repeated(rows, Counter((one.group, one.head) for one in roster))
    twins: dict[At, list[ExaminedRow]] = defaultdict(list)
    for row in rows:
        if row.at in repeated:
            twins[repeated[row.at].at].append(row)
    sound = [_with_numbers_of(row, twins[row.at]) for row in rows if not row.errors and row.at not in repeated]
    matched = _match_rows(sound, roster, decided)
    filled = tuple(_fill(row, matched.get(row.at)) for row in sound)
    wrong = [row for row in rows if row.errors]
    meant = {household.id for household in matched.values()}
    left = [one for one in roster if one.id not in meant]
    spared = {household.id for household in match(wrong, left).values()}
    guesses = _list_guesses(sound, matched, left, decided)
    return Settled(rows, filled, repeated, merged, matched, frozenset(spared), notes.told, guesses)


def _match_rows(
    sound: Sequence[ExaminedRow], roster: Sequence[RosterHousehold], decided: Said
) -> dict[At, RosterHousehold]:
    """The household of each row: the one that somebody has named, or the one that it fits."""
    by_id = {str(household.id): household for household in roster}
    said = {row.at: word for row in sound if (word := decided.of(About.HOUSEHOLD, row.at)) is not None}
    chosen: dict[At, RosterHousehold] = {}
    for at, word in said.items():
        if word in by_id:
            chosen[at] = by_id.pop(word)
    free = [household for household in roster if str(household.id) in by_id]
    open_rows = [row for row in sound if row.at not in chosen and said.get(row.at) != NEW]
    return match(open_rows, free) | chosen


def _list_guesses(
    sound: Sequence[ExaminedRow],
    matched: Mapping[At, RosterHousehold],
    left: Sequence[RosterHousehold],
    decided: Said,
) -> dict[At, Guess]:
    """Which household a row was taken for, where its head or its door is another, or where another would do."""
    near: dict[Hashable, list[RosterHousehold]] = defaultdict(list)
    for one in left:
        for sign in (one.head, (one.group, one.door), *one.phones):
            near[sign].append(one)
    guesses: dict[At, Guess] = {}
    for row in sound:
        household, key = matched.get(row.at), key_of(About.HOUSEHOLD, row.at)
        now = household.label if household else NEW
        if decided.of(About.HOUSEHOLD, row.at) is not None:
            guesses[row.at] = Guess(About.HOUSEHOLD, key, now, (), decided=True)
            continue
        is_plain = household is not None and household.head == row.head and row.door in {"", household.door}
        at_a_door = [(row.group, row.door)] if row.door else []
        signs: list[Hashable] = [row.head, *at_a_door, *(phone.e164 for phone in row.phones)]
        others = {other.id: other for sign in signs for other in near[sign]} if not is_plain else {}
        choices = [Choice(str(other.id), other.label) for other in others.values()][:_MOST_CHOICES]
        if household is not None and not is_plain:
            choices.append(Choice(NEW))
        if choices:
            guesses[row.at] = Guess(About.HOUSEHOLD, key, now, tuple(choices))
    return guesses


def _fill(row: ExaminedRow, household: RosterHousehold | None) -> ExaminedRow:
    if household is None:
        return row
    said = {}
    if "group" in row.silent and not row.group:
        said["group"] = household.group
    if "door" in row.silent and not row.door:
        said["door"] = household.door
    return replace(row, **said) if said else row  # type: ignore[arg-type]


def _find_repeated(
    rows: Sequence[ExaminedRow], namesakes: Mapping[tuple[str, str], int]
) -> tuple[dict[At, ExaminedRow], frozenset[At]]:
    """Rows that name a household which an earlier row has named, and that row; which of them add a number to it.

    `namesakes` counts the roster's namesakes, by group and head: two of them are two.
    """
    first: dict[tuple[str, str, str], ExaminedRow] = {}
    by_number: dict[tuple[str, str, str], ExaminedRow] = {}
    repeated: dict[At, ExaminedRow] = {}
    merged: set[At] = set()
    above: ExaminedRow | None = None
    for row in rows:
        if row.errors:
            continue
        numbers = {phone.e164 for phone in row.phones}
        if row.door:
            earlier = first.setdefault((row.group, row.door, row.head), row)
        else:
            earlier = next((one for n in numbers if (one := by_number.get((row.group, row.head, n)))), row)
            # The same name on the next row is the same house, of which somebody wrote a second number.
            is_alone = numbers and namesakes.get((row.group, row.head), 0) < 2
            if is_alone and above is not None and not above.door and above.phones and _is_named_alike(above, row):
                earlier = repeated.get(above.at, above)
            for number in numbers:
                by_number.setdefault((row.group, row.head, number), earlier)
        above = row
        if earlier is not row:
            repeated[row.at] = earlier
            if numbers - {phone.e164 for phone in earlier.phones}:
                merged.add(row.at)
    return repeated, frozenset(merged)


def _is_named_alike(one: ExaminedRow, other: ExaminedRow) -> bool:
    return (one.sheet, one.group, one.head) == (other.sheet, other.group, other.head)


def _with_numbers_of(row: ExaminedRow, twins: Sequence[ExaminedRow]) -> ExaminedRow:
    """The row with the numbers of the further rows of its household."""
    if not twins:
        return row
    phones = {phone.e164: (phone, text) for phone, text in zip(row.phones, row.written, strict=True)}
    unread = row.unread
    for twin in twins:
        unread = unread or twin.unread
        for phone, text in zip(twin.phones, twin.written, strict=True):
            phones.setdefault(phone.e164, (phone, text))
    return replace(
        row,
        phones=tuple(phone for phone, _ in phones.values()),
        written=tuple(text for _, text in phones.values()),
        unread=unread,
        says_no_phone=row.says_no_phone and not phones,
    )


class Kept(NamedTuple):
    """The numbers of households that stay; `by_empty_cells`: rows that have a column for them and leave it empty."""

    numbers: Mapping[At, tuple[str, ...]]
    by_empty_cells: Sequence[ExaminedRow]


def find_kept_numbers(settled: Settled) -> Kept:
    """By row, the numbers of its household that the list says nothing about, and that therefore stay."""
    sound = settled.sound
    listed = {phone.e164 for row in sound for phone in row.phones}
    silent_lists = {
        "landline": not any(phone.kind == "landline" for row in sound for phone in row.phones),
        "second": not any(sum(phone.kind == "mobile" for phone in row.phones) > 1 for row in sound),
    }
    kept: dict[At, tuple[str, ...]] = {}
    by_empty_cells = []
    for row in sound:
        household = settled.matched.get(row.at)
        if household is None:
            continue
        unlisted = [number for number in household.phones if number not in listed]
        if row.unread or row.says_no_phone:
            kept[row.at] = tuple(unlisted)
            continue
        silent = {what for what, is_silent in silent_lists.items() if is_silent and what in row.silent}
        by_columns = [number for number in unlisted if _is_left_open(number, silent, row, household)]
        by_cells = [number for number in unlisted if _is_left_open(number, silent | row.unsaid, row, household)]
        kept[row.at] = tuple(by_cells)
        if len(by_cells) > len(by_columns):
            by_empty_cells.append(row)
    return Kept(kept, by_empty_cells)


def _is_left_open(number: str, unsaid: Collection[str], row: ExaminedRow, household: RosterHousehold) -> bool:
    """Whether a row says nothing of a number of its household; `unsaid`: the fields of phones that it leaves open."""
    if find_kind(number) == "landline":
        return "landline" in unsaid
    if "mobile" in unsaid:
        return True
    # A landline that stays says nothing of the mobiles: another mobile in the first one's place is instead of it.
    own = {phone.e164 for phone in row.phones if phone.kind == "mobile"}
    first = next((each for each in household.phones if find_kind(each) == "mobile"), None)
    is_replaced = bool(own) and not own & set(household.phones)
    return not {"second", "further"}.isdisjoint(unsaid) and not (number == first and is_replaced)
