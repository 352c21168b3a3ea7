"""Which household of the roster a row means: by what stays the same when people mend a list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence

from groups.roster.imports.rules.rows import ExaminedRow
from groups.roster.rules.household import RosterHousehold

Keys = Iterable[Hashable]
At = tuple[str, int]


def match(rows: Sequence[ExaminedRow], roster: Sequence[RosterHousehold]) -> dict[At, RosterHousehold]:
    """The household that each row means, by where the row stands; a row that is not in here is a new household.

    The surest sign first, over all rows, so that a weak one never takes a household from the row it belongs to. The
    same people at a new door are the same household, because lists are renumbered; other people at a door are that
    household under a new head. A number alone proves nothing: it may be a slip of the pen.
    """
    matched: dict[At, RosterHousehold] = {}
    for keys_of_row, keys_of_household in _SIGNS:
        left = set(roster) - set(matched.values())
        by_key: dict[Hashable, list[RosterHousehold]] = defaultdict(list)
        for household in roster:
            if household in left:
                for key in keys_of_household(household):
                    by_key[key].append(household)
        for row in rows:
            if row.at in matched:
                continue
            candidates = [household for key in keys_of_row(row) for household in by_key[key] if household in left]
            # Several are as good as none, unless nothing but their place in the roster tells them apart.
            if len({household.label for household in candidates}) == 1:
                matched[row.at] = candidates[0]
                left.remove(candidates[0])
    return matched


def _key_people_at_a_door(one: ExaminedRow | RosterHousehold) -> Keys:
    return [(one.group, one.door, one.head, number) for number in _list_numbers(one)] if one.door else []


def _key_head_at_a_door(one: ExaminedRow | RosterHousehold) -> Keys:
    return [(one.group, one.door, one.head)] if one.door else []


def _key_head_with_a_number(one: ExaminedRow | RosterHousehold) -> Keys:
    return [(one.head, number) for number in _list_numbers(one)]


def _key_head_at_a_door_of_another_group(one: ExaminedRow | RosterHousehold) -> Keys:
    return [(one.door, one.head)] if one.door else []


def _key_door(one: ExaminedRow | RosterHousehold) -> Keys:
    return [(one.group, one.door)] if one.door else []


def _key_number_at_a_door(one: ExaminedRow | RosterHousehold) -> Keys:
    """Where no door is written, the group is all that is known of the place."""
    where = ("door", one.door) if one.door else ("group", one.group)
    return [(*where, number) for number in _list_numbers(one)]


def _key_door_where_no_group_is_said(one: ExaminedRow | RosterHousehold) -> Keys:
    if isinstance(one, ExaminedRow) and "group" not in one.silent:
        return []
    return [one.door] if one.door else []


def _key_head_where_no_group_is_said(one: ExaminedRow | RosterHousehold) -> Keys:
    if isinstance(one, ExaminedRow) and ("group" not in one.silent or one.door):
        return []
    return [one.head]


def _key_head_without_a_door(one: ExaminedRow | RosterHousehold) -> Keys:
    return [(one.group, one.head)] if not one.door else []


def _key_head(one: ExaminedRow | RosterHousehold) -> Keys:
    return [(one.group, one.head)]


def _list_numbers(one: ExaminedRow | RosterHousehold) -> list[str]:
    if isinstance(one, RosterHousehold):
        return list(one.phones)
    return [phone.e164 for phone in one.phones]


# Pairs: what the row says, and what the household must be to be meant by it.
_SIGNS: tuple[tuple[Callable[[ExaminedRow], Keys], Callable[[RosterHousehold], Keys]], ...] = (
    (_key_people_at_a_door, _key_people_at_a_door),
    (_key_head_at_a_door, _key_head_at_a_door),
    (_key_head_with_a_number, _key_head_with_a_number),
    (_key_head_at_a_door_of_another_group, _key_head_at_a_door_of_another_group),
    (_key_door, _key_door),
    (_key_number_at_a_door, _key_number_at_a_door),
    (_key_head_without_a_door, _key_head),
    (_key_head, _key_head_without_a_door),
    (_key_door_where_no_group_is_said, _key_door_where_no_group_is_said),
    (_key_head_where_no_group_is_said, _key_head_where_no_group_is_said),
)
