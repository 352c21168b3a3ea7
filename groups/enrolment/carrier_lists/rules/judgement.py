"""What a carrier's list would change: row by row, against what the households have already."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from groups.enrolment.carrier_lists.rules.matching import Candidate, Match
from groups.enrolment.carrier_lists.rules.rows import UNLIKELY_START, Entry
from groups.enrolment.rules.periods import find_overlap
from groups.errors import Message, say
from groups.rules.days import Period
from groups.rules.findings import Finding

SKIP = 0
"""The decision that a row means nobody."""


class Verdict(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    """The household is signed up."""
    ENDED = "ended"
    """What it has ends on the list's day."""
    CHANGED = "changed"
    """Another plan from the list's day, or a number that was not known."""
    SAME = "same"
    """It has that already; a household counts once."""
    DOUBTFUL = "doubtful"
    """A person has to say whom it means."""
    SKIPPED = "skipped"
    """A person has said: nobody."""
    ERROR = "error"


LEFT_OUT = (Verdict.ERROR, Verdict.DOUBTFUL)
"""What is not written, and is to be mended or decided."""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription that a household has; `id` None: one that the list itself has begun."""

    id: int | None
    starts_on: date
    ends_on: date | None
    plan: str
    number: str
    replaced: bool = False
    """It ends because another plan goes on."""

    @property
    def period(self) -> Period:
        return Period(self.starts_on, self.ends_on)


@dataclass(frozen=True, slots=True)
class Judged:
    """A row, whom it means, what becomes of it, and what a person should see."""

    entry: Entry
    verdict: Verdict
    household: Candidate | None = None
    candidates: tuple[Candidate, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class Judgement:
    """All rows in their order, and what would be written: new rows by household, and changes by subscription."""

    rows: list[Judged] = field(default_factory=list)
    begins: list[tuple[Candidate, Subscribed]] = field(default_factory=list)
    edits: dict[int, dict[str, object]] = field(default_factory=dict)

    def how_many(self, verdict: Verdict) -> int:
        return self.counts[verdict]

    @property
    def counts(self) -> Counter[Verdict]:
        return Counter(row.verdict for row in self.rows)

    def of(self, *verdicts: Verdict) -> list[Judged]:
        return [row for row in self.rows if row.verdict in verdicts]


def judge(
    entries: Sequence[Entry],
    matches: Sequence[Match],
    subscribed: Mapping[int, Sequence[Subscribed]],
    decisions: Mapping[str, int],
    known: Mapping[int, Candidate],
) -> Judgement:
    """What the list comes to. `decisions`: by the row's key, the household that a person has chosen, or SKIP."""
    judgement = Judgement()
    placed: dict[int, Judged] = {}
    have: dict[int, list[_Has]] = defaultdict(list)
    for number, own in subscribed.items():
        have[number] = [_Has(each) for each in own]
    meant = [_apply_decision(entry, match, decisions, known) for entry, match in zip(entries, matches, strict=True)]
    rivals = _find_rivals(entries, meant, subscribed)
    for place in sorted(range(len(entries)), key=lambda at: (entries[at].starts_on, at)):
        entry = entries[place]
        if place in rivals and entry.row.key not in decisions:
            # Whoever chooses the household in one of the rows says that its day is meant.
            told = (*entry.warnings, _make_finding("two_starts", say("two_starts_in_list", lines=rivals[place])))
            asked = tuple(each for each in (meant[place].household,) if each is not None)
            placed[place] = Judged(entry, Verdict.DOUBTFUL, candidates=asked, findings=told)
        else:
            placed[place] = _judge_one(judgement, entry, meant[place], have, decisions)
    judgement.rows = [placed[place] for place in range(len(entries))]
    judgement.begins = [
        (each.begun_for, each.signed_up) for own in have.values() for each in own if each.begun_for is not None
    ]
    return judgement


def _find_rivals(
    entries: Sequence[Entry], meant: Sequence[Match], subscribed: Mapping[int, Sequence[Subscribed]]
) -> dict[int, str]:
    """The rows that say of one household, number and plan that it goes on, and since when in two ways; by their place,
    the numbers of all these rows. What is on record already tells which one holds; of two numbers the household counts
    with the one that began first.
    """
    starts: dict[tuple[int, str, str], dict[date, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, (entry, match) in enumerate(zip(entries, meant, strict=True)):
        if match.household is not None and not entry.errors and entry.ends_on is None:
            starts[match.household.id, entry.number, entry.plan][entry.starts_on].append(place)
    found: dict[int, str] = {}
    for (household, *_), own in starts.items():
        on_record = any(find_overlap(Period(min(own), None), [each.period]) for each in subscribed.get(household, ()))
        if len(own) > 1 and not on_record:
            places = sorted(place for each in own.values() for place in each)
            lines = ", ".join(str(entries[place].row.number) for place in places[:5])
            found |= dict.fromkeys(places, lines)
    return found


@dataclass(slots=True)
class _Has:
    """A subscription while the list is gone through."""

    signed_up: Subscribed
    begun_for: Candidate | None = None


def _apply_decision(entry: Entry, match: Match, decisions: Mapping[str, int], known: Mapping[int, Candidate]) -> Match:
    chosen = decisions.get(entry.row.key, SKIP)
    return Match(known[chosen]) if chosen in known else match


def _judge_one(
    judgement: Judgement,
    entry: Entry,
    match: Match,
    have: dict[int, list[_Has]],
    decisions: Mapping[str, int],
) -> Judged:
    findings = [*entry.errors, *entry.warnings]
    if entry.errors:
        return Judged(entry, Verdict.ERROR, match.household, findings=tuple(findings))
    if decisions.get(entry.row.key) == SKIP:
        return Judged(entry, Verdict.SKIPPED, findings=tuple(findings))
    if match.household is None and match.candidates:
        return Judged(entry, Verdict.DOUBTFUL, candidates=match.candidates, findings=tuple(findings))
    if match.household is None:
        findings.append(Finding("unknown_household", say("nobody_on_the_roster"), entry.name or None))
        return Judged(entry, Verdict.ERROR, findings=tuple(findings))
    own = have[match.household.id]
    if _asks_whether_meant(entry, own) and entry.row.key not in decisions:
        # Whoever chooses the household says that the day is meant.
        return Judged(entry, Verdict.DOUBTFUL, candidates=(match.household,), findings=tuple(findings))
    verdict, noted = _compare(judgement, entry, match.household, own)
    return Judged(entry, verdict, match.household, findings=(*findings, *noted))


def _asks_whether_meant(entry: Entry, own: Sequence[_Has]) -> bool:
    """Whether the row starts long ago, and that is not on record: nothing is written before somebody says so."""
    known = any(each.signed_up.starts_on == entry.starts_on for each in own)
    return not known and any(finding.reason == UNLIKELY_START for finding in entry.warnings)


def _compare(
    judgement: Judgement, entry: Entry, household: Candidate, own: list[_Has]
) -> tuple[Verdict, list[Finding]]:
    """Write the row down beside what the household has: `own` and the judgement's edits are brought up to date."""
    # One that ended on its first day shares no day with any other, but may be the end of what began on that day.
    wanted = Period(entry.starts_on, entry.ends_on)
    same_start = [each for each in own if each.signed_up.starts_on == entry.starts_on == entry.ends_on]
    shared = same_start or [each for each in own if find_overlap(wanted, [each.signed_up.period])]
    if not shared:
        own.append(_begin(entry, household, entry.ends_on))
        return Verdict.NEW, []
    last = max(shared, key=lambda each: each.signed_up.starts_on)
    signed_up = last.signed_up
    if entry.ends_on is not None and signed_up.ends_on is None and entry.ends_on >= signed_up.starts_on:
        _edit(judgement, last, ends_on=entry.ends_on)
        return Verdict.ENDED, _note_other_start(entry, shared)
    if signed_up.plan == entry.plan:
        if entry.number and not signed_up.number:
            _edit(judgement, last, number=entry.number)
            return Verdict.CHANGED, _note_other_start(entry, shared)
        return Verdict.SAME, [*_note_other_start(entry, shared), *_note_other_end(entry, signed_up)]
    goes_on = signed_up.ends_on is None and entry.ends_on is None
    if goes_on and entry.starts_on > signed_up.starts_on:
        _edit(judgement, last, ends_on=entry.starts_on, replaced=True)
        own.append(_begin(entry, household, None))
        return Verdict.CHANGED, [
            _make_finding("other_plan", say("earlier_plan_until", plan=signed_up.plan, starts_on=entry.starts_on))
        ]
    if goes_on and entry.starts_on == signed_up.starts_on:
        _edit(judgement, last, plan=entry.plan)
        return Verdict.CHANGED, [_make_finding("other_plan", say("plan_was_another", plan=signed_up.plan))]
    return Verdict.SAME, [
        _make_finding(
            "overlaps",
            say("signed_up_already", starts_on=signed_up.starts_on, plan=signed_up.plan),
        )
    ]


def _begin(entry: Entry, household: Candidate, ends_on: date | None) -> _Has:
    signed_up = Subscribed(None, entry.starts_on, ends_on, entry.plan, entry.number)
    return _Has(signed_up, household)


def _edit(judgement: Judgement, has: _Has, **values: object) -> None:
    has.signed_up = replace(has.signed_up, **values)  # type: ignore[arg-type] # the fields of Subscribed
    if has.signed_up.id is not None:
        judgement.edits.setdefault(has.signed_up.id, {}).update(values)


def _note_other_start(entry: Entry, shared: Sequence[_Has]) -> list[Finding]:
    first = min(each.signed_up.starts_on for each in shared)
    if first == entry.starts_on or any(each.signed_up.starts_on == entry.starts_on for each in shared):
        return []
    return [_make_finding("other_start", say("starts_differ", here=first, there=entry.starts_on))]


def _note_other_end(entry: Entry, signed_up: Subscribed) -> list[Finding]:
    if entry.ends_on == signed_up.ends_on:
        return []
    here, there = (day or say("has_not_ended") for day in (signed_up.ends_on, entry.ends_on))
    return [_make_finding("other_end", say("ends_differ", here=here, there=there))]


def _make_finding(reason: str, message: Message) -> Finding:
    return Finding(reason, message)
