"""What was done in one go, as a village head would say it, and what taking it back will do, said beforehand.

What a batch did is told from its rows alone, so that a page, a list, a text and a command that do the same are told
the same. Households and their phones have words of their own; of anything else the deed is named with whose it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import Flask
from flask_babel import gettext, ngettext

from groups.history.reading import Doing, Names
from groups.history.rights import ENROLMENT_ACTS
from groups.history.undo import TAKEN_BACK_ELSEWHERE
from groups.models.changes import Action, Change
from groups.web.history import words
from groups.web.roster.words import write_last_day, write_number

MOST_SAID = 4
"""So many sentences are said of what was done in one go; the rest is counted."""
_LISTED = frozenset({Action.IMPORT_ROSTER, Action.DRAW_UP_GROUPS, Action.SPLIT_GROUP, Action.MERGE_GROUPS})
"""Deeds that are named before what they came to."""
_FOR_GOOD = frozenset({Action.ERASE_HOUSEHOLD, Action.ADD_VILLAGE})
"""Deeds that are not taken back."""


@dataclass(slots=True)
class _Facts:
    """What a batch did to households, phones and groups; what else it did stands in `other`."""

    came: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    moved: dict[int | None, list[int]] = field(default_factory=lambda: defaultdict(list))
    left: dict[int | None, list[int]] = field(default_factory=lambda: defaultdict(list))
    away: dict[int, tuple[str | None, str | None]] = field(default_factory=dict)
    swapped: list[tuple[int, str, str]] = field(default_factory=list)
    numbers_came: list[tuple[int, str]] = field(default_factory=list)
    numbers_gone: list[tuple[int, str]] = field(default_factory=list)
    groups_came: list[int] = field(default_factory=list)
    groups_gone: list[int] = field(default_factory=list)
    other: list[Change] = field(default_factory=list)


def register(app: Flask) -> None:
    """Let templates say it."""
    app.jinja_env.globals.update(told_deed=tell_deed, told_undo=tell_undo, may_take_back=may_take_back)


def may_take_back(doing: Doing, *, enrols: bool, of_village: bool) -> bool:
    """Whether there is a button for it: nobody is offered what would be refused for who they are."""
    acts = {doing.action} | ({doing.took_back.action} if doing.took_back else set())
    if doing.undone or acts & _FOR_GOOD or any(row.table in TAKEN_BACK_ELSEWHERE for row in doing.rows):
        return False
    if not of_village:
        return all(row.table == "responders" for row in doing.rows)
    return enrols or not acts & ENROLMENT_ACTS


def tell_deed(doing: Doing, names: Names) -> list[str]:
    """What was done, a sentence each, the first the one that matters."""
    if doing.action == Action.UNDO and doing.took_back is not None:
        return [gettext("Undone: %(what)s", what=each) for each in _tell_forward(doing.took_back, names)[:1]]
    return _tell_forward(doing, names)


def tell_undo(doing: Doing, names: Names) -> list[str]:
    """What taking it back will do, a sentence each."""
    if doing.action == Action.UNDO and doing.took_back is not None:
        return [
            gettext("This will hold again: %(what)s", what=each) for each in _tell_forward(doing.took_back, names)[:1]
        ]
    if doing.sums:
        return _tell_sums_back(doing)
    facts = _read_facts(doing.rows, names)
    return _shorten(list(_say_backward(facts, names)))


def _tell_forward(doing: Doing, names: Names) -> list[str]:
    named = words.name_deed(doing.action)
    if doing.sums:
        return [named, *_tell_sums(doing)]
    said = _shorten(list(_say_forward(_read_facts(doing.rows, names), names, named, doing)))
    return [named, *said] if doing.action in _LISTED or not said else said


def _shorten(said: list[str]) -> list[str]:
    more = len(said) - MOST_SAID
    if more <= 1:
        return said
    return [*said[:MOST_SAID], ngettext("and %(num)d more", "and %(num)d more", more)]


def _say_forward(facts: _Facts, names: Names, named: str, doing: Doing) -> Iterator[str]:
    yield from _say_swaps(facts, names)
    for who, number in facts.numbers_came:
        yield gettext("%(who)s got the number %(number)s", who=_call(who, names), number=_write(number))
    for who, number in facts.numbers_gone:
        yield gettext("%(who)s lost the number %(number)s", who=_call(who, names), number=_write(number))
    for group in facts.groups_came:
        yield gettext("%(group)s is new", group=names.groups.get(group, ""))
    for group in facts.groups_gone:
        yield gettext("%(group)s was closed", group=names.groups.get(group, ""))
    if facts.came:
        yield _count(
            facts.came,
            names,
            gettext("%(who)s came onto the roster", who="{who}"),
            ngettext(
                "%(num)d household came onto the roster", "%(num)d households came onto the roster", len(facts.came)
            ),
        )
    if facts.gone:
        yield _count(
            facts.gone,
            names,
            gettext("%(who)s went off the roster", who="{who}"),
            ngettext(
                "%(num)d household went off the roster", "%(num)d households went off the roster", len(facts.gone)
            ),
        )
    yield from _say_moves(facts.moved, names)
    for who, (_, until) in facts.away.items():
        if until is None:
            yield gettext("%(who)s is at home again", who=_call(who, names))
        else:
            yield gettext("%(who)s is away until %(day)s", who=_call(who, names), day=_write_last_day(until))
    for change in facts.other:
        yield from _say_other(change, names, named, doing)


def _say_backward(facts: _Facts, names: Names) -> Iterator[str]:
    for who, old, _ in facts.swapped:
        yield gettext("%(who)s gets the number %(number)s again", who=_call(who, names), number=_write(old))
    for who, number in facts.numbers_came:
        yield gettext("%(who)s loses the number %(number)s", who=_call(who, names), number=_write(number))
    for who, number in facts.numbers_gone:
        yield gettext("%(who)s gets the number %(number)s again", who=_call(who, names), number=_write(number))
    if facts.came:
        yield _count(
            facts.came,
            names,
            gettext("%(who)s goes off the roster", who="{who}"),
            ngettext("%(num)d household goes off the roster", "%(num)d households go off the roster", len(facts.came)),
        )
    if facts.gone:
        yield _count(
            facts.gone,
            names,
            gettext("%(who)s comes back onto the roster", who="{who}"),
            ngettext(
                "%(num)d household comes back onto the roster",
                "%(num)d households come back onto the roster",
                len(facts.gone),
            ),
        )
    yield from _say_moves(facts.left, names)
    for group in facts.groups_came:
        yield gettext("%(group)s is closed", group=names.groups.get(group, ""))
    for group in facts.groups_gone:
        yield gettext("%(group)s comes back", group=names.groups.get(group, ""))
    for who, (before, _) in facts.away.items():
        if before is None:
            yield gettext("%(who)s is at home again", who=_call(who, names))
        else:
            yield gettext("%(who)s is away until %(day)s", who=_call(who, names), day=_write_last_day(before))
    for change in facts.other:
        yield from _say_other_back(change, names)


def _say_swaps(facts: _Facts, names: Names) -> Iterator[str]:
    for who, old, new in facts.swapped:
        yield gettext(
            "%(who)s's number was changed: %(old)s → %(new)s",
            who=_call(who, names),
            old=_write(old),
            new=_write(new),
        )


def _say_moves(moves: Mapping[int | None, Sequence[int]], names: Names) -> Iterator[str]:
    """Households that are put into groups, or into none."""
    for group, who in moves.items():
        name = names.groups.get(group, "") if group is not None else ""
        if group is None:
            many = ngettext("%(num)d household is in no group", "%(num)d households are in no group", len(who))
            yield _count(who, names, gettext("%(who)s is in no group", who="{who}"), many)
        else:
            many = ngettext(
                "%(num)d household is put into %(group)s",
                "%(num)d households are put into %(group)s",
                len(who),
                group=name,
            )
            yield _count(who, names, gettext("%(who)s is put into %(group)s", who="{who}", group=name), many)


def _count(who: Sequence[int], names: Names, one: str, many: str) -> str:
    """One household by its name, several by their number."""
    return one.replace("{who}", _call(who[0], names)) if len(who) == 1 else many


def _say_other(change: Change, names: Names, named: str, doing: Doing) -> Iterator[str]:
    """What was done to anything else: the field as it was and became, or the deed and whose it is."""
    subject = words.name_subject(change, names) or _name_row(change)
    if change.before is None or change.after is None:
        whose = " · ".join(each for each in (subject, words.write_brief(doing)) if each)
        yield f"{named}{gettext(': ')}{whose}" if whose else named
        return
    for name, old, new in words.list_differences(change, names):
        who = subject or named
        if not old:
            yield gettext("%(who)s: %(field)s is now %(new)s", who=who, field=name, new=new)
        elif not new:
            yield gettext("%(who)s: %(field)s %(old)s was taken out", who=who, field=name, old=old)
        else:
            yield gettext("%(who)s: %(field)s %(old)s → %(new)s", who=who, field=name, old=old, new=new)


def _say_other_back(change: Change, names: Names) -> Iterator[str]:
    subject = words.name_subject(change, names) or _name_row(change)
    table = str(words.TABLES.get(change.table, ""))
    if change.before is None:
        yield gettext("%(what)s %(who)s is taken out", what=table, who=subject)
    elif change.after is None:
        yield gettext("%(what)s %(who)s comes back", what=table, who=subject)
    else:
        for name, old, _ in words.list_differences(change, names):
            if old:
                yield gettext("%(who)s: %(field)s is %(old)s again", who=subject or table, field=name, old=old)
            else:
                yield gettext("%(who)s: %(field)s is empty again", who=subject or table, field=name)


def _name_row(change: Change) -> str:
    """What a row is called that has its name in itself: a responder, a grid, a camera, a serial."""
    values = (change.before or {}) | (change.after or {})
    return str(values.get("name") or values.get("serial") or values.get("plan") or "")


def _tell_sums(doing: Doing) -> list[str]:
    said = []
    if (sums := doing.sums.get("groups")) and sums.added:
        said.append(ngettext("%(num)d new group", "%(num)d new groups", sums.added))
    if houses := doing.sums.get("households"):
        if houses.added:
            said.append(ngettext("%(num)d new household", "%(num)d new households", houses.added))
        if houses.all > houses.added:
            changed = houses.all - houses.added
            said.append(ngettext("%(num)d household changed", "%(num)d households changed", changed))
    if (phones := doing.sums.get("phones")) and phones.added:
        said.append(ngettext("%(num)d new number", "%(num)d new numbers", phones.added))
    said += [
        f"{words.TABLES.get(table, table)} × {sums.all}"
        for table, sums in doing.sums.items()
        if table not in {"groups", "households", "phones"}
    ]
    return said


def _tell_sums_back(doing: Doing) -> list[str]:
    said = []
    houses = doing.sums.get("households")
    if houses and houses.added:
        said.append(
            ngettext("%(num)d household goes off the roster", "%(num)d households go off the roster", houses.added)
        )
    rest = doing.count - (houses.added if houses else 0)
    if rest:
        said.append(ngettext("%(num)d row is as it was before", "%(num)d rows are as they were before", rest))
    return said


def _call(household: int, names: Names) -> str:
    return names.heads.get(household, "") or gettext("a household")


def _write(number: str) -> str:
    """A number as it is written here, never broken across lines."""
    return write_number(number).replace(" ", "\N{NO-BREAK SPACE}")


def _write_last_day(until: str) -> str:
    return write_last_day(datetime.fromisoformat(until))


def _read_facts(rows: Sequence[Change], names: Names) -> _Facts:
    facts = _Facts()
    came: list[Change] = []
    gone: list[Change] = []
    for change in rows:
        {"households": _note_household, "phones": _note_phone, "groups": _note_group}.get(change.table, _note_other)(
            change, facts, came, gone
        )
    _note_numbers(facts, came, gone, names)
    return facts


def _note_other(change: Change, facts: _Facts, _came: list[Change], _gone: list[Change]) -> None:
    facts.other.append(change)


def _note_household(change: Change, facts: _Facts, _came: list[Change], _gone: list[Change]) -> None:
    before, after = change.before or {}, change.after or {}
    if change.before is None or after.get("archived_at", "") is None:
        facts.came.append(change.row_id)
    elif after.get("archived_at"):
        facts.gone.append(change.row_id)
    else:
        if "group_id" in after and "village_id" not in after:
            facts.moved[after["group_id"]].append(change.row_id)
            facts.left[before.get("group_id")].append(change.row_id)
        if "away_until" in after:
            facts.away[change.row_id] = (before.get("away_until"), after["away_until"])
        rest = after.keys() - {"away_until", "position"}
        if rest - ({"group_id"} if "village_id" not in after else set()):
            facts.other.append(_leave_out(change, {"away_until", "position", "group_id"}))
        elif after.keys() == {"position"}:
            facts.other.append(change)


def _leave_out(change: Change, columns: set[str]) -> Change:
    """The change without what is told otherwise. It stands in no session."""
    kept = {
        name: None if values is None else {key: value for key, value in values.items() if key not in columns}
        for name, values in (("before", change.before), ("after", change.after))
    }
    return Change(
        table=change.table, row_id=change.row_id, household_id=change.household_id, action=change.action, **kept
    )


def _note_phone(change: Change, facts: _Facts, came: list[Change], gone: list[Change]) -> None:
    after = change.after or {}
    if change.before is None or after.get("archived_at", "") is None:
        came.append(change)
    elif after.get("archived_at"):
        gone.append(change)
    elif after.keys() - {"rank"}:
        facts.other.append(change)


def _note_group(change: Change, facts: _Facts, _came: list[Change], _gone: list[Change]) -> None:
    after = change.after or {}
    if change.before is None or after.get("archived_at", "") is None:
        facts.groups_came.append(change.row_id)
    elif after.get("archived_at"):
        facts.groups_gone.append(change.row_id)
    else:
        facts.other.append(change)


def _note_numbers(facts: _Facts, came: list[Change], gone: list[Change], names: Names) -> None:
    """A number that went and one that came at the same household are one that was changed, in their order."""
    whole = {*facts.came, *facts.gone}
    by_house: dict[int, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for place, changes in enumerate((gone, came)):
        for change in changes:
            number = (change.after or {}).get("number") or names.numbers.get(change.row_id, "")
            if change.household_id is not None and change.household_id not in whole and number:
                by_house[change.household_id][place].append(number)
    for who, (old, new) in by_house.items():
        both = min(len(old), len(new))
        facts.swapped += [(who, *pair) for pair in zip(old[:both], new[:both], strict=True)]
        facts.numbers_gone += [(who, number) for number in old[both:]]
        facts.numbers_came += [(who, number) for number in new[both:]]
