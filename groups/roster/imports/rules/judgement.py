"""The verdict on every row of a list, against the roster as it is. Nothing is written here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from groups.roster.imports.rules.matching import match
from groups.roster.imports.rules.rows import DUPLICATE_PHONE, NO_PHONE, REPEATED_HOUSEHOLD, ExaminedRow
from groups.roster.rules.door_order import moved
from groups.roster.rules.household import RosterHousehold
from groups.rules.findings import Finding
from groups.rules.phone import PhoneNumber, as_written_here

At = tuple[str, int]
"""Where a row stands: its sheet and its number there."""


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

    @property
    def archived(self) -> tuple[RosterHousehold, ...]:
        """The households that are archived because a complete list lacks them."""
        return self.missing if self.complete else ()

    @property
    def asks_once_more(self) -> bool:
        """Whether more than a tenth of the village would be archived: somebody has to say so twice."""
        standing = len(self.missing) + sum(entry.household is not None for entry in self.entries)
        return len(self.archived) * 10 > standing

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
    elsewhere: Mapping[str, str],
    region: str,
    *,
    complete: bool = False,
) -> Judgement:
    """Compare a list with a village's roster. `elsewhere` names, by number, who has it in other villages.

    A household of the roster that the list lacks stays as it is, and keeps its numbers, unless the list is
    `complete`. A phone that its household's row lacks is taken out. A number stays with the household that has it and
    still lists it; otherwise the first row that names it gets it.
    """
    repeated = _repeated(rows)
    sound = [row for row in rows if not row.errors and row.at not in repeated]
    matched = match(sound, roster)
    meant = {household.id for household in matched.values()}
    missing = tuple(household for household in roster if household.id not in meant)
    staying = () if complete else missing
    owners = dict(elsewhere) | {number: household.label for household in staying for number in household.phones}
    phones, duplicates = _share_out(sound, matched, owners, region)
    out_of_order = _out_of_order(sound, matched, roster)
    entries = {row.at: _entry(row, matched.get(row.at), phones[row.at], out_of_order) for row in sound}
    verdicts = [_verdict(row, entries.get(row.at), repeated, duplicates[row.at]) for row in rows]
    return Judgement(tuple(verdicts), tuple(entries.values()), missing, complete)


def _repeated(rows: Sequence[ExaminedRow]) -> dict[At, ExaminedRow]:
    """Rows that name a household which an earlier row has named, and that row."""
    first: dict[tuple[str, str, str], ExaminedRow] = {}
    repeated = {}
    for row in rows:
        if row.door and not row.errors:
            earlier = first.setdefault((row.group, row.door, row.head), row)
            if earlier is not row:
                repeated[row.at] = earlier
    return repeated


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
                    f"{as_written_here(phone.e164, region)} 已登记在“{owner}” this number stands at that household",
                    row.written[place],
                )
            )
        phones[row.at] = tuple(own)
    return phones, duplicates


def _out_of_order(
    rows: Sequence[ExaminedRow], matched: Mapping[At, RosterHousehold], roster: Sequence[RosterHousehold]
) -> set[int]:
    """The households that the list puts at another place in their group's row of doors."""
    standing: dict[str, list[int]] = defaultdict(list)
    listed: dict[str, list[int]] = defaultdict(list)
    for household in roster:
        standing[household.group].append(household.id)
    for row in rows:
        if row.at in matched:
            listed[row.group].append(matched[row.at].id)
    return {household for group, ids in listed.items() for household in moved(standing[group], ids)}


def _entry(
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


def _verdict(
    row: ExaminedRow, entry: Entry | None, repeated: Mapping[At, ExaminedRow], duplicates: Sequence[Finding]
) -> RowVerdict:
    if row.errors:
        return RowVerdict(row.number, row.label, None, (), row.errors, row.sheet)
    if entry is None:
        earlier = repeated[row.at]
        where = f"第{earlier.number}行" if earlier.sheet == row.sheet else f"“{earlier.sheet}”第{earlier.number}行"
        message = f"与{where}是同一户，未采用 the same household as row {earlier.number}, left out"
        return RowVerdict(row.number, row.label, None, (), (Finding(REPEATED_HOUSEHOLD, message),), row.sheet)
    findings = [*row.warnings, *duplicates]
    if not entry.phones and not findings:
        findings = [Finding(NO_PHONE, "没有电话，无法通知 no phone: nobody can ring this household")]
    change = Verdict.NEW if entry.household is None else Verdict.CHANGED if entry.changed else Verdict.SAME
    return RowVerdict(row.number, row.label, change, entry.changed, tuple(findings), row.sheet)
