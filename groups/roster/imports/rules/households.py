"""The households of a sheet, once its columns are known: groups written once for many rows, headings between them,
a household's members and further numbers on rows of their own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from groups.errors import say
from groups.files.asides import DASHES
from groups.files.recognising import is_ditto
from groups.files.rows_below import repeats_on_every_row
from groups.files.sheet import DateCell, Sheet, name_cell, simplify_heading
from groups.roster.imports.rules import doors, sheet_groups
from groups.roster.imports.rules.guesses import APART, NONE, NOTHING_SAID, About, Choice, Guess, Said, key_of
from groups.roster.imports.rules.headings import Column, Field, Layout, is_remarks
from groups.roster.imports.rules.lines import (
    NO_GROUP,
    Cells,
    Line,
    find_group_in,
    find_group_named_alone,
    is_of_the_house_above,
    read_group_name,
    read_lines,
    read_meant,
)
from groups.roster.imports.rules.names import read_name
from groups.roster.imports.rules.notes import Notes
from groups.roster.imports.rules.numbers import holds_a_number, read_numbers
from groups.roster.imports.rules.rows import DOUBTFUL_DOOR, NUMBER_ELSEWHERE, ListRow, PhoneCell
from groups.rules.findings import Finding, show
from groups.rules.typed_text import tidy

_OF_VILLAGE = re.compile(r"(所属|所在)?(行政村|村|村居|村[(/]居[)委]*|社区|村社区?|村[、/]社区)(名称?|委会)?")
_IS_HEAD = re.compile(r"(户主)?(本人|户主|主|自己)(本人)?|1|是")
_BESIDE_A_NUMBER = re.compile(
    r"(儿|女|子|妻|夫|媳|婿|孙|父|母|爸|妈|爷|奶|哥|弟|兄|姐|妹|嫂|老婆|老公|老伴|爱人|配偶|家属|家人|亲戚?|叔|伯|舅|姨|姑|本人|备用|另一?个?|还有"
    r"|第二|手机|电话|联系|号码?|长号|固话|宅电|家里?|家中|的|大|小|长|次|三|二|tel|phone)*",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Making:
    """The households of a sheet while they are put together."""

    rows: list[ListRow] = field(default_factory=list)
    members: list[ListRow] = field(default_factory=list)
    waits_for_head: dict[tuple[str, str], int] = field(default_factory=dict)
    """Households whose first row is a member's: by group and door, their place."""
    decided: Said = NOTHING_SAID


def read_sheet_rows(
    sheet: Sheet,
    layout: Layout,
    *,
    is_the_only_sheet: bool = True,
    notes: Notes | None = None,
    decided: Said = NOTHING_SAID,
) -> list[ListRow]:
    """The sheet's households, row by row, each with its group; nothing of totals, notes, titles and empty rows.

    What is guessed and what is left out goes into `notes`; `decided`: what somebody has said of guesses.
    """
    notes = notes if notes is not None else Notes()
    lines = list(read_lines(sheet, layout, notes))
    repeats = _names_groups_on_every_row(lines)
    own_groups = any(line.group for line in lines if line.is_household)
    group = sheet.group
    first = next((line for line in lines if line.is_household or find_group_named_alone(line)), None)
    if not group and not own_groups and first is not None and first.is_household:
        group = sheet_groups.guess_group(sheet, layout, notes, decided, is_the_only_sheet=is_the_only_sheet)
    titles = range(layout.heading_rows[0] if layout.heading_rows else 0)
    above_rows = [sheet_groups.Above(at, find_group_in(sheet.rows[at]) or group) for at in titles]
    door_column = _judge_doors(sheet, layout, lines)
    making, cells = _Making(decided=decided), Cells(sheet)
    villages = _read_villages(sheet, layout, lines)
    heads = frozenset(read_name(line.head).head for line in lines if line.is_household)
    for place, line in enumerate(lines):
        if not line.is_household:
            named = find_group_named_alone(line)
            group = named or group
            if sheet_groups.find_leaders(sheet.rows[line.at]):
                above_rows.append(sheet_groups.Above(line.at, group))
            elif named and any(map(holds_a_number, sheet.rows[line.at])):
                said = " ".join(show(cell) for cell in dict.fromkeys(sheet.rows[line.at]) if cell.strip())
                notes.add_row("number_beside_group", say("number_beside_group_left_out"), line.at, said)
            continue
        above = group
        own, group, is_silent = _find_group(line, group, repeats, notes, heads)
        row = _make_row(cells, layout, line, own, door_column, notes, decided)
        is_open = line.group_is_signs or (not line.group and not line.group_is_merged)
        if line.group_is_signs:
            notes.add_row("signs_for_groups", say("signs_taken_for_the_group_above"), line.at, line.head)
        if layout.one(Field.GROUP) and is_open and (own or above):
            below = next((one.group for one in lines[place:] if one.group and not is_ditto(one.group)), "")
            row, is_silent = _with_group_guessed(row, (own, above, below), decided, is_silent=is_silent)
        silent = row.silent | {"group"} if is_silent else row.silent
        row = replace(row, silent=silent, village=villages.get(line.at, ""))
        _take(making, line, row, layout, notes)
    for household in sheet_groups.list_leaders_households(sheet, above_rows, lines, heads, notes, decided):
        place = next((at for at, row in enumerate(making.rows) if row.number > household.number), len(making.rows))
        making.rows.insert(place, household)
    return making.rows


def _read_villages(sheet: Sheet, layout: Layout, lines: Sequence[Line]) -> dict[int, str]:
    """By row, the village that a column names, where there is such a column; empty cells go on with the one above."""
    column = next(
        (c for c in layout.columns if c.field is Field.NOTHING and _OF_VILLAGE.fullmatch(simplify_heading(c.heading))),
        None,
    )
    if column is None:
        return {}
    cells, above, found = Cells(sheet), "", {}
    for line in lines:
        above = cells.meant(line.at, column) or above
        found[line.at] = above
    return found


def _with_group_guessed(
    row: ListRow, groups: tuple[str, str, str], decided: Said, *, is_silent: bool
) -> tuple[ListRow, bool]:
    """The row in the group that it is taken for, or that somebody has named; and whether it says nothing of groups.

    `groups`: the one that it is taken for, the one above it, the next one that is written below it.
    """
    own = groups[0]
    others = [Choice(group) for group in dict.fromkeys(groups[1:]) if group and group != own]
    choices = ([Choice(NONE)] if own else []) + others
    chosen, guess = decided.guess(About.GROUP, (row.sheet, row.number), own or NONE, tuple(choices))
    group = "" if chosen == NONE else chosen
    return replace(row, group=group, guesses=(*row.guesses, guess)), is_silent and not guess.decided


def _find_group(line: Line, group: str, repeats: bool, notes: Notes, heads: frozenset[str]) -> tuple[str, str, bool]:
    """The row's group, the one that goes on below it, and whether the row says nothing of groups.

    `heads`: the names of the list's households.
    """
    if NO_GROUP.fullmatch(line.group) and not is_ditto(line.group):
        return "", group if repeats else "", False
    if line.group and not is_ditto(line.group):
        named = read_group_name(line.group, heads)
        if named != line.group and holds_a_number(line.group):
            notes.add_row("number_beside_group", say("number_beside_group_left_out"), line.at, show(line.group))
        return named, named, False
    if repeats and not line.group and not line.group_is_merged:
        if group:
            notes.add_row("no_group", say("no_group_written_in_none"), line.at, line.head)
        return "", group, True
    return group, group, not group


def _take(making: _Making, line: Line, row: ListRow, layout: Layout, notes: Notes) -> None:
    """Put a row where it belongs: a household of its own, or one above that it adds to."""
    has_relations = layout.one(Field.RELATION) is not None
    at = (row.sheet, row.number)
    if making.decided.of(About.MEMBER, at) == APART:
        guess = Guess(About.MEMBER, key_of(About.MEMBER, at), APART, (), decided=True)
        making.rows.append(replace(row, guesses=(*row.guesses, guess)))
        return
    adds_to_above = line.continues or (
        bool(making.rows) and is_of_the_house_above(line, layout.one(Field.DOOR) is not None, making.rows[-1].group)
    )
    # Of a household without a head, each row is told with its own number: none of them is taken.
    if making.rows and adds_to_above and read_name(making.rows[-1].head).head:
        if line.head or line.relation or (line.group and not line.continues):
            notes.add_row(
                "members_joined",
                say("numbers_members_were_put_house_above"),
                line.at,
                line.head,
            )
        is_guess = bool(line.head or line.relation) and not line.continues
        making.rows[-1] = _with_phones(making.rows[-1], row, line.head if is_guess else "")
        return
    key = (row.group, tidy(row.door))
    if has_relations and line.relation and not _IS_HEAD.fullmatch(line.relation):
        place = _find_house_of_member(making, row)
        if place is not None:
            who = making.rows[place].head
            notes.add_row(
                "members_joined",
                say("numbers_members_were_put_head"),
                line.at,
                f"{line.head}→{who}",
            )
            making.rows[place] = _with_phones(making.rows[place], row, line.head)
            return
        making.waits_for_head[key] = len(making.rows)
    elif has_relations and row.door and key in making.waits_for_head:
        place = making.waits_for_head.pop(key)
        member = making.rows[place]
        notes.add_row(
            "members_joined",
            say("numbers_members_were_put_head"),
            member.number - 1,
            f"{member.head}→{line.head}",
        )
        making.rows[place] = _with_phones(row, member, member.head)
        return
    making.rows.append(row)


def _find_house_of_member(making: _Making, row: ListRow) -> int | None:
    """The household that a member belongs to: the one at the same door, or the last where no door is written."""
    if not making.rows:
        return None
    door = tidy(row.door)
    if not door:
        return len(making.rows) - 1
    for place in range(len(making.rows) - 1, max(len(making.rows) - 12, -1), -1):
        if tidy(making.rows[place].door) == door and making.rows[place].group == row.group:
            return place
    return None


def _with_phones(row: ListRow, more: ListRow, who: str = "") -> ListRow:
    """The row with another one's numbers. `who`: whose row it is, where that it belongs here is a guess."""
    key = key_of(About.MEMBER, (more.sheet, more.number))
    guesses = (Guess(About.MEMBER, key, f"{who}→{row.head}", (Choice(APART),)),) if who else ()
    return replace(
        row,
        phones=(*row.phones, *(cell for cell in more.phones if cell.text.strip())),
        formulas=(*row.formulas, *more.formulas),
        warnings=(*row.warnings, *more.warnings),
        guesses=(*row.guesses, *guesses),
        further=(*row.further, more.number, *more.further),
    )


def _judge_doors(sheet: Sheet, layout: Layout, lines: Sequence[Line]) -> doors.DoorColumn:
    column = layout.one(Field.DOOR)
    at = column.index if column else -1
    return doors.judge_column(
        (line.door, _find_date(sheet, line.at, at) or doors.as_date(line.door, in_words=not sheet.is_of_text))
        for line in lines
        if line.is_household
    )


def _find_date(sheet: Sheet, row: int, column: int) -> DateCell | None:
    return sheet.dates.get((row, column))


def _make_row(
    cells: Cells,
    layout: Layout,
    line: Line,
    group: str,
    door_column: doors.DoorColumn,
    notes: Notes,
    decided: Said,
) -> ListRow:
    used = [column for column in layout.columns if column.field is not Field.NOTHING]
    landmark, door_at = layout.one(Field.LANDMARK), layout.one(Field.DOOR)
    sheet = cells.sheet
    cells.forget()
    place = cells.meant(line.at, landmark)
    warnings = [*line.warnings, *cells.findings]
    guesses: list[Guess] = []
    door = _read_door(sheet, line, door_at, door_column, warnings, notes, guesses, decided)
    phones = (*line.phones, *_find_numbers_elsewhere(sheet, layout, line, warnings))
    return ListRow(
        line.at + 1,
        group,
        door,
        "" if DASHES.fullmatch(line.head) else line.head,
        phones,
        _read_landmark(place),
        sheet=sheet.label,
        formulas=tuple(
            column.heading or "—"
            for column in used
            if (line.at, column.index) in sheet.formulas or sheet.text(line.at, column.index).lstrip().startswith("=")
        ),
        silent=frozenset() if door or (line.door and not line.warnings) else frozenset({"door"}),
        warnings=tuple(warnings),
        guesses=tuple(guesses),
    )


def _read_landmark(written: str) -> str | None:
    """Where a house lies; None where the cell says nothing of it."""
    return read_meant(written) if written else None


def _read_door(
    sheet: Sheet,
    line: Line,
    column: Column | None,
    door_column: doors.DoorColumn,
    warnings: list[Finding],
    notes: Notes,
    guesses: list[Guess],
    decided: Said,
) -> str:
    """The door as it was typed; one that a spreadsheet took for a day is told."""
    if column is None:
        return ""
    written = sheet.text(line.at, column.index).strip()
    day = _find_date(sheet, line.at, column.index) if written and not is_ditto(written) else None
    if day is None and not written.startswith("'"):
        day = doors.as_date(line.door, in_words=not sheet.is_of_text)
    found = door_column.door(line.door, day)
    where = name_cell(line.at, column.index)
    if found.was_date:
        notes.add(
            "door_dates",
            say("doors_had_become_dates"),
            f"{where} {found.text}",
        )
    if found.was_date and day is not None:
        others = tuple(Choice(text) for text in doors.list_other_readings(day, written) if text != found.text)
        chosen, guess = decided.guess(About.DOOR, (sheet.label, line.at + 1), found.text, others)
        guesses.append(guess)
        found = found._replace(text=chosen, doubtful=found.doubtful and not guess.decided)
    if found.doubtful:
        message = say("door_had_become_a_date", where=where, text=found.text)
        warnings.append(Finding(DOUBTFUL_DOOR, message, found.text))
    return read_meant(found.text)


def _find_numbers_elsewhere(sheet: Sheet, layout: Layout, line: Line, warnings: list[Finding]) -> tuple[PhoneCell, ...]:
    """The numbers in the remarks: taken where nothing but whose they are stands beside them, told in any case."""
    found: list[PhoneCell] = []
    for column in layout.columns:
        if column.field is not Field.NOTHING or not column.heading or not is_remarks(column.heading):
            continue
        text = sheet.text(line.at, column.index)
        if not holds_a_number(text) or (line.at, column.index) in sheet.struck:
            continue
        where = f"{column.heading} ({name_cell(line.at, column.index)})"
        words = "".join(re.findall(r"[^\W\d_]+", text))
        if _BESIDE_A_NUMBER.fullmatch(words) and any(
            number.kind == "mobile" for number in read_numbers(text, "CN", "")[0]
        ):
            found.append(PhoneCell(column.heading, text))
            warnings.append(Finding(NUMBER_ELSEWHERE, say("number_taken_from", where=where), show(text)))
        else:
            warnings.append(Finding(NUMBER_ELSEWHERE, say("number_left_out_of", where=where), show(text)))
    return tuple(found)


def _names_groups_on_every_row(lines: Sequence[Line]) -> bool:
    """Whether the list repeats the group's name row by row; then an empty one means: in no group.

    A name that stands on the first rows of a group only goes on below them.
    """
    households = [line for line in lines if line.is_household and not line.continues]
    return repeats_on_every_row([line.group for line in households])
