"""The verdict on every row of a list, against the roster as it is. Nothing is written here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from groups.errors import say
from groups.roster.imports.rules.guesses import NOTHING_SAID, Guess, Said
from groups.roster.imports.rules.notes import Note, Notes
from groups.roster.imports.rules.rows import (
    ANOTHER_VILLAGE,
    DUPLICATE_PHONE,
    NO_PHONE,
    REPEATED_HOUSEHOLD,
    TWIN_HOUSEHOLD,
    ExaminedRow,
)
from groups.roster.imports.rules.settling import Kept, Settled, find_kept_numbers, settle
from groups.roster.rules.door_order import find_moved
from groups.roster.rules.household import RosterHousehold
from groups.rules.findings import Finding
from groups.rules.phone import PhoneNumber, as_written_here, find_kind
from groups.rules.typed_text import strip_kind_of_village

At = tuple[str, int]
"""Where a row stands: its sheet and its number there."""


MOST_REPLACED = 5
"""So many households of a village may change their head or all their numbers before it is asked whose list it is."""


class Owner(NamedTuple):
    """Who has a number in another village. `head` is empty where whoever reads it must not know."""

    village: str
    head: str = ""

    @property
    def label(self) -> str:
        return f"{self.village} {self.head}" if self.head else f"{self.village}的一户"


class Verdict(StrEnum):
    """What becomes of a row, the worst first."""

    ERROR = "error"
    WARNING = "warning"
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What a person is told of a row. `change` is what happens to the household, warnings or not; None: nothing."""

    row: int
    household: str
    change: Verdict | None
    changed: tuple[str, ...]
    findings: tuple[Finding, ...]
    sheet: str = ""
    guesses: tuple[Guess, ...] = ()
    """What was guessed of it, and what else may be meant."""

    @property
    def verdict(self) -> Verdict:
        """The worst that is to be said of the row."""
        if self.change is None and self.reason != REPEATED_HOUSEHOLD:
            return Verdict.ERROR
        return Verdict.WARNING if self.findings or self.change is None else self.change

    @property
    def reason(self) -> str:
        """The first finding's code, or an empty string."""
        return self.findings[0].reason if self.findings else ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A household as it is to stand in the roster. `household` is None for a new one."""

    household: RosterHousehold | None
    group: str
    door: str
    head: str
    landmark: str
    phones: tuple[PhoneNumber, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdicts row by row, what is to be written, and who stands in the roster but not in the file.

    `complete`: the list names every household of the village, so that those missing from it are to be archived.
    """

    verdicts: tuple[RowVerdict, ...]
    entries: tuple[Entry, ...]
    missing: tuple[RosterHousehold, ...]
    complete: bool = False
    spared: frozenset[int] = frozenset()
    """Households that only a row in error names: nobody means them to go."""
    notes: tuple[Note, ...] = ()
    fits_better: str = ""
    """The village that has most of the list's numbers, where this one has fewer."""

    @property
    def replaced(self) -> int:
        """How many households would get another head and none of their numbers, or other numbers altogether."""
        return sum(_is_replaced(entry) for entry in self.entries)

    @property
    def looks_like_another_village(self) -> bool:
        """Whether more than a fifth of the households that the list means would become others."""
        meant = sum(entry.household is not None for entry in self.entries)
        return self.replaced >= MOST_REPLACED and self.replaced * 5 > meant

    @property
    def archived(self) -> tuple[RosterHousehold, ...]:
        """The households that are archived because a complete list lacks them."""
        return tuple(one for one in self.missing if one.id not in self.spared) if self.complete else ()

    @property
    def asks_once_more(self) -> bool:
        """Whether it is to be said twice: a tenth of the village would be archived, or it looks like another's list."""
        if self.looks_like_another_village:
            return True
        on_record = len(self.missing) + sum(entry.household is not None for entry in self.entries)
        return len(self.archived) * 10 > on_record

    @property
    def changes_anything(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.archived) or any(entry.household is None or entry.changed for entry in self.entries)

    @property
    def errors(self) -> tuple[RowVerdict, ...]:
        """The rows that are left out, and that somebody has to mend."""
        return tuple(row for row in self.verdicts if row.verdict is Verdict.ERROR)

    def how_many(self, change: Verdict) -> int:
        """How many rows have this effect, warnings or not."""
        return sum(row.change is change for row in self.verdicts)


def judge(
    rows: Sequence[ExaminedRow],
    roster: Sequence[RosterHousehold],
    elsewhere: Mapping[str, Owner],
    region: str,
    *,
    complete: bool = False,
    groups: Iterable[str] = (),
    decided: Said = NOTHING_SAID,
    village: str = "",
) -> Judgement:
    """Compare a list with a village's roster. `elsewhere` has, by number, who has it in other villages.

    A household of the roster that the list lacks stays as it is, and keeps its numbers, unless the list is
    `complete`. A phone that its household's row lacks is taken out, if the list speaks of such phones at all. A number
    stays with the household that has it and still lists it; otherwise the first row that names it gets it.

    `decided`: what somebody has said of guesses; `village`: the name of this one, whose rows alone are taken where a
    column of the list names several.
    """
    rows, of_villages = _without_other_villages(rows, village)
    settled = settle(rows, roster, groups, decided, village)
    sound, matched = settled.sound, settled.matched
    meant = {household.id for household in matched.values()}
    missing = tuple(household for household in roster if household.id not in meant)
    staying = missing if not complete else [household for household in missing if household.id in settled.spared]
    owners = {number: owner.label for number, owner in elsewhere.items()}
    owners |= {number: household.label for household in staying for number in household.phones}
    phones, duplicates = _share_out(sound, matched, owners, region)
    kept = find_kept_numbers(settled)
    out_of_order = _find_out_of_order(sound, matched, roster)
    entries = {
        row.at: _make_entry(
            row,
            matched.get(row.at),
            _put_together(matched.get(row.at), phones[row.at], kept.numbers.get(row.at, ())),
            out_of_order,
        )
        for row in sound
    }
    twins = _find_twins(sound, matched, roster)
    by_at = {row.at: row for row in sound}
    verdicts = [
        replace(
            _give_verdict(by_at.get(row.at, row), entries.get(row.at), settled, [*duplicates[row.at], *twins[row.at]]),
            guesses=(*row.guesses, *([settled.guesses[row.at]] if row.at in settled.guesses else ())),
        )
        for row in settled.rows
    ]
    judged = tuple(entries.values())
    notes = (*settled.notes, *_note_new_groups(judged, roster, groups), *_note_kept(kept), *of_villages)
    return Judgement(
        tuple(verdicts), judged, missing, complete, settled.spared, notes, _find_better_fit(sound, elsewhere, roster)
    )


def _without_other_villages(
    rows: Sequence[ExaminedRow], village: str
) -> tuple[Sequence[ExaminedRow], tuple[Note, ...]]:
    """The rows, those of other villages in error where this one's stand beside them; what is said where none is its."""
    own = strip_kind_of_village(village)
    others = list(dict.fromkeys(row.village for row in rows if row.village not in {"", own}))
    if not own or not others:
        return rows, ()
    if not any(row.village == own for row in rows):
        notes = Notes()
        for name in others:
            notes.add("another_village", say("list_names_another_village"), name)
        return rows, notes.told
    return [
        row
        if row.village in {"", own}
        else replace(row, errors=(*row.errors, Finding(ANOTHER_VILLAGE, say("row_of_another_village"), row.village)))
        for row in rows
    ], ()


def _put_together(
    household: RosterHousehold | None, listed: Sequence[PhoneNumber], kept: Sequence[str]
) -> tuple[PhoneNumber, ...]:
    """The listed numbers and those that stay, which keep their place where the list has no new one."""
    phones = {phone.e164: phone for phone in listed} | {e164: PhoneNumber(e164, find_kind(e164)) for e164 in kept}
    if kept and household is not None and all(phone.e164 in household.phones for phone in listed):
        return tuple(phones[number] for number in household.phones if number in phones)
    if not any(phone.kind == "mobile" for phone in listed):
        # A landline that is new is rung behind the mobiles that stay, as it was.
        return tuple(sorted(phones.values(), key=lambda phone: phone.kind != "mobile"))
    return tuple(phones.values())


def _is_replaced(entry: Entry) -> bool:
    """Whether a household would be another one: none of its numbers stay, or its head goes and it had none."""
    household = entry.household
    if household is None or not ({"head", "phones"} & set(entry.changed)):
        return False
    keeps = bool(set(household.phones) & {phone.e164 for phone in entry.phones})
    return not keeps and (bool(household.phones) or "head" in entry.changed)


def _note_new_groups(
    entries: Sequence[Entry], roster: Sequence[RosterHousehold], groups: Iterable[str]
) -> tuple[Note, ...]:
    """What is said of groups that the village does not have yet; of its first list, nothing."""
    known = {household.group for household in roster} | set(groups)
    notes = Notes()
    counted = Counter(entry.group for entry in entries if entry.group and entry.group not in known)
    for group, count in counted.items() if known - {""} else ():
        notes.add("new_groups", say("groups_will_made"), say("group_of_households", group=group, count=count))
    in_none = sum(entry.household is None and not entry.group for entry in entries)
    if in_none and (known - {""} or any(entry.group for entry in entries)):
        notes.add("in_no_group", say("new_households_in_no_group"), say("so_many_households", count=in_none))
    return notes.told


def _note_kept(kept: Kept) -> tuple[Note, ...]:
    """What is said of numbers that stay because their cells are empty."""
    notes = Notes()
    for row in kept.by_empty_cells:
        notes.add_row("numbers_stay", say("numbers_stay_cells_empty", none="无"), row.number - 1, row.label)
    return notes.told


def _find_twins(
    rows: Sequence[ExaminedRow], matched: Mapping[At, RosterHousehold], roster: Sequence[RosterHousehold]
) -> dict[At, list[Finding]]:
    """Findings on new households that look like one which stands already: the same head at the same door."""
    labels: dict[tuple[str, str], str] = {}
    without_door: dict[tuple[str, str], str] = {}
    for household in roster:
        labels.setdefault((household.head, household.door), household.label)
        if not household.door:
            without_door.setdefault((household.group, household.head), household.label)
    found: dict[At, list[Finding]] = defaultdict(list)
    for row in rows:
        if row.at in matched:
            continue
        twin = labels.get((row.head, row.door)) if row.door else None
        twin = twin or without_door.get((row.group, row.head))
        if twin is not None:
            message = say("perhaps_the_same_household", twin=twin)
            found[row.at].append(Finding(TWIN_HOUSEHOLD, message, row.head))
        elif row.door:
            labels[row.head, row.door] = row.label
    return found


def _find_better_fit(
    rows: Sequence[ExaminedRow], elsewhere: Mapping[str, Owner], roster: Sequence[RosterHousehold]
) -> str:
    numbers = {phone.e164 for row in rows for phone in row.phones}
    own = sum(number in numbers for household in roster for number in household.phones)
    villages = Counter(owner.village for number, owner in elsewhere.items() if number in numbers)
    best, count = villages.most_common(1)[0] if villages else ("", 0)
    return best if count > own else ""


def _share_out(
    rows: Sequence[ExaminedRow], matched: Mapping[At, RosterHousehold], owners: dict[str, str], region: str
) -> tuple[dict[At, tuple[PhoneNumber, ...]], dict[At, list[Finding]]]:
    """Each row's phones, and findings on the numbers it does not get because somebody else has them."""
    had = {(row.at, number) for row in rows if row.at in matched for number in matched[row.at].phones}
    given = {phone.e164: row.at for row in rows for phone in row.phones if (row.at, phone.e164) in had}
    names = {row.at: row.label for row in rows}
    phones: dict[At, tuple[PhoneNumber, ...]] = {}
    duplicates: dict[At, list[Finding]] = defaultdict(list)
    for row in rows:
        own = []
        for place, phone in enumerate(row.phones):
            if phone.e164 not in owners and given.setdefault(phone.e164, row.at) == row.at:
                own.append(phone)
                continue
            owner = owners.get(phone.e164) or names[given[phone.e164]]
            duplicates[row.at].append(
                Finding(
                    DUPLICATE_PHONE,
                    say("number_stands_at_household", number=as_written_here(phone.e164, region), owner=owner),
                    row.written[place],
                )
            )
        phones[row.at] = tuple(own)
    return phones, duplicates


def _find_out_of_order(
    rows: Sequence[ExaminedRow], matched: Mapping[At, RosterHousehold], roster: Sequence[RosterHousehold]
) -> set[int]:
    """The households that the list puts at another place in their group's row of doors."""
    in_group: dict[str, list[int]] = defaultdict(list)
    listed: dict[str, list[int]] = defaultdict(list)
    for household in roster:
        in_group[household.group].append(household.id)
    for row in rows:
        if row.at in matched:
            listed[row.group].append(matched[row.at].id)
    return {household for group, ids in listed.items() for household in find_moved(in_group[group], ids)}


def _make_entry(
    row: ExaminedRow, household: RosterHousehold | None, phones: tuple[PhoneNumber, ...], out_of_order: set[int]
) -> Entry:
    landmark = row.landmark if row.landmark is not None else household.landmark if household else ""
    changed: list[str] = []
    if household is not None:
        now = {"group": row.group, "door": row.door, "head": row.head, "landmark": landmark}
        changed = [name for name, value in now.items() if getattr(household, name) != value]
        if household.phones != tuple(phone.e164 for phone in phones):
            changed.append("phones")
        if household.id in out_of_order:
            changed.append("order")
    return Entry(household, row.group, row.door, row.head, landmark, phones, tuple(changed))


def _give_verdict(row: ExaminedRow, entry: Entry | None, settled: Settled, said: Sequence[Finding]) -> RowVerdict:
    if row.errors:
        return RowVerdict(row.number, row.label, None, (), (*row.errors, *row.warnings), row.sheet)
    if entry is None:
        earlier = settled.repeated[row.at]
        where = (
            say("row_number", row=earlier.number)
            if earlier.sheet == row.sheet
            else say("row_of_sheet", sheet=earlier.sheet, row=earlier.number)
        )
        message = (
            say("same_household_merged", where=where)
            if row.at in settled.merged
            else say("same_household_left_out", where=where)
        )
        finding = Finding(REPEATED_HOUSEHOLD, message)
        return RowVerdict(row.number, row.label, None, (), (finding, *row.warnings), row.sheet)
    findings = [*row.warnings, *said]
    if not entry.phones and not findings:
        findings = [Finding(NO_PHONE, say("nobody_can_ring_household"))]
    change = Verdict.NEW if entry.household is None else Verdict.CHANGED if entry.changed else Verdict.SAME
    return RowVerdict(row.number, row.label, change, entry.changed, tuple(findings), row.sheet)
