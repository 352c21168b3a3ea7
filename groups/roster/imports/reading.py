"""Reading a list out of what heads have: .xlsx and .xls, .csv, cells pasted from WPS, and the export's own .json.

`open_file` or `open_pasted` gives the sheets and what their columns are taken for; `read_households` gives the
households, with the columns as guessed or as somebody has corrected them. `read_list` is both in one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from groups.errors import RosterFileError, say
from groups.errors.masking import mask_identity
from groups.files.columns import LeftOutSheet, explain_lacking
from groups.files.reading import LARGEST_FILE, MOST_ROWS, TOO_LARGE, FileRead, read_here, read_text_sheet
from groups.files.recognising import is_of_signs
from groups.files.sheet import Sheet, name_column
from groups.roster.imports.rules import chat, labelled
from groups.roster.imports.rules.blocks import JOINED, join_columns, split_blocks, split_stacked_lists
from groups.roster.imports.rules.guesses import NOTHING_SAID, Said
from groups.roster.imports.rules.headings import (
    DEEPEST_HEADING,
    FIELD_WORDS,
    Column,
    Field,
    Layout,
    guess_layout,
    is_remarks,
    start_below_words,
)
from groups.roster.imports.rules.households import read_sheet_rows
from groups.roster.imports.rules.notes import Note, Notes
from groups.roster.imports.rules.numbers import holds_a_number
from groups.roster.imports.rules.rows import ListRow, PhoneCell
from groups.roster.imports.rules.whole_lists import with_one_name_a_group, without_copies
from groups.rules.findings import show
from groups.uploads import columns_said

_SAMPLES = 3
_OF_PAPERS = re.compile(r"身份|证件|证号|公民|账号|帐号|卡号|编号|编码|社保|社会保|医保")
_OF_INSTRUCTIONS = re.compile(
    r"\s*(模板|导入|填写|填表|填报|使用)?(说明|须知|指南|要求|示例|样例|范例|样表|示范)\s*\d?\s*|readme|instructions?|examples?",
    re.IGNORECASE,
)
"""What a sheet is called that tells how the others are filled in."""
_INSTRUCTS = re.compile(r"填|请|必须|例如|举例|示例|格式|要求|不得|不能|不要|姓名|名字|户主|说明|11位")
_MOST_TURNED = 60
"""Rows that a list lying on its side may have: its columns."""

Columns = Mapping[tuple[int, int], Field]
"""What somebody says the columns hold: by the sheet's place in the file and the column, both counted from 0."""


@dataclass(frozen=True, slots=True)
class OpenedSheet:
    """A sheet and what its columns are taken for. One that is not a list of households has `layout.lacking`."""

    sheet: Sheet
    layout: Layout


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file before its households are known: its sheets, or the households themselves where it is an export's JSON."""

    sheets: tuple[OpenedSheet, ...] = ()
    households: tuple[ListRow, ...] = ()
    hidden: tuple[str, ...] = ()
    """The names of sheets that are hidden, and therefore not read."""


@dataclass(frozen=True, slots=True)
class RosterList:
    """The households of a file, the columns that mean nothing to the roster, and the sheets that are no lists.

    `notes` say what was guessed and what was left out, each with its place.
    """

    rows: tuple[ListRow, ...]
    ignored: tuple[str, ...] = ()
    left_out: tuple[LeftOutSheet, ...] = ()
    notes: tuple[Note, ...] = ()
    sheets: Mapping[str, tuple[Sheet, Layout]] = field(default_factory=dict)
    """By its label, each sheet that is a list, and what its columns were taken for."""


def read_list(content: bytes, name: str, columns: Columns | None = None) -> RosterList:
    """The households of a file. Raises RosterFileError with the reason."""
    return read_households(open_file(content, name), columns)


def open_file(content: bytes, name: str, read: Callable[[bytes, str], FileRead] = read_here) -> OpenedFile:
    """The sheets of a file; `name` tells by its ending what it is meant to be. Raises RosterFileError.

    `read` may be `read_apart`, for files of people that one does not know.
    """
    if PurePath(name).suffix.lower() == ".json":
        if len(content) > LARGEST_FILE:
            raise RosterFileError(TOO_LARGE)
        return OpenedFile(households=_read_json_rows(content))
    found = read(content, name)
    return replace(_open(found.sheets), hidden=tuple(found.hidden))


def open_pasted(text: str) -> OpenedFile:
    """Cells copied in WPS or Excel and pasted: lines, with tabs between the cells. Raises RosterFileError."""
    if len(text) > LARGEST_FILE:
        raise RosterFileError(TOO_LARGE)
    return _open([read_text_sheet(text)])


def read_households(opened: OpenedFile, columns: Columns | None = None, decided: Said = NOTHING_SAID) -> RosterList:
    """The households of an opened file, its columns as guessed or as `columns` corrects them, other guesses as
    `decided` does.

    Raises RosterFileError where no sheet has a column for the household's head and one for phones.
    """
    if not opened.sheets:
        return _check_few_enough(RosterList(opened.households))
    layouts = [_correct(one, place, columns or {}) for place, one in enumerate(opened.sheets)]
    lists = [(one.sheet, layout) for one, layout in zip(opened.sheets, layouts, strict=True) if not layout.lacking]
    if not lists:
        lacking = min(layouts, key=lambda layout: len(layout.lacking)).lacking
        if all(one.sheet.width <= 1 for one in opened.sheets):
            raise RosterFileError(say("text_without_columns", lacking=lacking))
        raise RosterFileError(say("columns_missing", lacking=lacking))
    instructions = _find_instructions(opened, layouts, columns or {})
    lists = [each for each in lists if each[0].label not in instructions]
    alone = len({sheet.name for sheet, _ in lists}) == 1
    rows: list[ListRow] = []
    notes: list[Note] = []
    for sheet, layout in lists:
        told = Notes(sheet.label if len(lists) > 1 else "")
        _note_columns(sheet, layout, told)
        found = read_sheet_rows(sheet, layout, is_the_only_sheet=alone, notes=told, decided=decided)
        silent = _find_silent_columns(layout)
        rows += [replace(row, silent=row.silent | silent) for row in found]
        notes += told.told
    whole = Notes()
    for name in opened.hidden:
        whole.add("hidden_sheets", say("hidden_sheets_were_left_out"), show(name))
    rows = without_copies(with_one_name_a_group(rows, whole, decided), whole)
    # Of remarks that a number was taken from, nobody is told besides that they were left out.
    taken_from = {phone.column for row in rows for phone in row.phones}
    ignored = [
        c.heading
        for _, layout in lists
        for c in layout.columns
        if c.heading and c.field is Field.NOTHING and c.heading not in taken_from
    ]
    others = tuple(
        LeftOutSheet(one.sheet.label, explain_lacking(layout.lacking))
        for one, layout in zip(opened.sheets, layouts, strict=True)
        if layout.lacking
    )
    others += tuple(LeftOutSheet(label, say("sheet_only_instructs")) for label in instructions)
    known = {sheet.label: (sheet, layout) for sheet, layout in lists}
    told_all = (*whole.told, *notes)
    return _check_few_enough(RosterList(tuple(rows), tuple(dict.fromkeys(ignored)), others, told_all, known))


def _find_instructions(opened: OpenedFile, layouts: Sequence[Layout], columns: Columns) -> tuple[str, ...]:
    """The labels of sheets that only tell how the list is filled in, beside those that are lists with numbers.

    One of which somebody has said what its columns hold is none.
    """
    said = {place for place, _ in columns}
    lists = [
        (place, one.sheet, layouts[place]) for place, one in enumerate(opened.sheets) if not layouts[place].lacking
    ]
    real = [each for each in lists if _rings_anybody(*each[1:]) and not _OF_INSTRUCTIONS.fullmatch(each[1].name)]
    if not real:
        return ()
    return tuple(
        sheet.label
        for place, sheet, layout in lists
        if place not in said
        and (
            _OF_INSTRUCTIONS.fullmatch(sheet.name)
            or (not _rings_anybody(sheet, layout) and _is_of_instructions_alone(sheet, layout))
        )
    )


def _rings_anybody(sheet: Sheet, layout: Layout) -> bool:
    return any(holds_a_number(cell) for row in sheet.rows[layout.first_row :] for cell in row)


def _is_of_instructions_alone(sheet: Sheet, layout: Layout) -> bool:
    """Whether what stands where names should are sentences: 填写户主的姓名."""
    head = layout.one(Field.HEAD)
    if head is None:
        return False
    below = [row[head.index] for row in sheet.rows[layout.first_row :] if head.index < len(row)]
    names = [name for name in below if name.strip()]
    return bool(names) and all(map(_INSTRUCTS.search, names))


def _find_silent_columns(layout: Layout) -> frozenset[str]:
    """Which phones a list says nothing about, because it has no column for them."""
    fields = [column.field for column in layout.phones]
    silent = set() if Field.LANDLINE in fields else {"landline"}
    return frozenset(silent if len(fields) - fields.count(Field.LANDLINE) > 1 else silent | {"second"})


def _note_columns(sheet: Sheet, layout: Layout, notes: Notes) -> None:
    """Tell which columns were guessed, are hidden, or have numbers in them that are left out."""
    for column in layout.columns:
        where = f"{name_column(column.index)} {show(column.heading)}".strip()
        if column.field is not Field.NOTHING:
            if column.field in {Field.DOOR, Field.HEAD} and JOINED in column.heading:
                sample = _find_sample(sheet, layout, column.index)
                notes.add("joined_columns", say("columns_put_together"), f"{where} {sample}".strip())
            if column.index in layout.guessed or (not layout.heading_rows and column.heading):
                notes.add(
                    "guessed_columns",
                    say("columns_told_by_what_stands_in"),
                    f"{where}→{column.field.value}",
                )
            elif column.index in sheet.hidden_columns:
                notes.add("hidden_columns_used", say("hidden_columns_were_used"), where)
        elif column.index in sheet.hidden_columns:
            if _has_numbers(sheet, layout, column.index):
                notes.add("hidden_columns", say("hidden_columns_were_left_out"), where)
        elif is_remarks(column.heading):
            continue  # what is taken from there, or left out, is told row by row
        elif _has_numbers(sheet, layout, column.index) and not _OF_PAPERS.search(column.heading):
            notes.add("columns_with_numbers", say("columns_left_out_numbers_in_them"), where)
        elif not column.heading and (sample := _find_sample(sheet, layout, column.index)):
            notes.add("columns_unnamed", say("columns_left_out_without_heading"), f"{where} {sample}")


def _find_sample(sheet: Sheet, layout: Layout, column: int) -> str:
    """What stands in a column, as an example; empty where that is nothing, or counts the rows, or ticks them off."""
    below = _pick_samples(sheet.rows[layout.first_row : layout.first_row + 200], column, most=200)
    counts = [text.strip(".、") for text in below]
    if counts == [str(number) for number in range(1, len(counts) + 1)] or all(map(is_of_signs, below)):
        return ""
    return "、".join(below[:2])


def _has_numbers(sheet: Sheet, layout: Layout, column: int) -> bool:
    return any(
        column < len(row) and holds_a_number(row[column]) and len(row[column]) < 40
        for row in sheet.rows[layout.first_row : layout.first_row + 200]
    )


def read_columns_said(opened: OpenedFile, said: Sequence[str]) -> dict[tuple[int, int], Field]:
    """What columns hold, as a command is told: 手机=D, or 第2组!手机=D for the sheet of that name.

    Raises RosterFileError.
    """
    return columns_said.read_columns_said(
        said, [(at, one.sheet.name) for at, one in enumerate(opened.sheets)], FIELD_WORDS
    )


def show_layouts(opened: OpenedFile, columns: Columns) -> list[dict[str, Any]]:
    """What the columns are taken for, for a page, once for all sheets that are alike.

    `sheets` are their places in the file, `names` their names, `columns` each column's `index`, `heading`, `field`, a
    few `samples` of what stands in it, and whether what it holds was `guessed` by them; `left_out`: they are no lists.
    """
    alike: dict[Any, dict[str, Any]] = {}
    layouts = [_correct(one, place, columns) for place, one in enumerate(opened.sheets)]
    has_a_list = any(not layout.lacking for layout in layouts)
    for place, (one, layout) in enumerate(zip(opened.sheets, layouts, strict=True)):
        told = [
            (column.index, column.heading, column.field.value, _is_guessed(layout, column, place, columns))
            for column in layout.columns
        ]
        out = has_a_list and bool(layout.lacking)
        block = alike.setdefault((out, *told), {"sheets": [], "names": [], "columns": [], "left_out": out})
        block["sheets"].append(place)
        block["names"].append(one.sheet.label)
        if not block["columns"]:
            below = one.sheet.rows[one.layout.first_row : one.layout.first_row + 40]
            block["columns"] = [
                {
                    "index": index,
                    "heading": heading,
                    "field": field,
                    "samples": _pick_samples(below, index),
                    "guessed": guessed,
                }
                for index, heading, field, guessed in told
            ]
    return list(alike.values())


def _is_guessed(layout: Layout, column: Column, place: int, columns: Columns) -> bool:
    """Whether a column was told by what stands in it, and nobody has said what it holds."""
    told_by_cells = column.index in layout.guessed or not layout.heading_rows
    return column.field is not Field.NOTHING and told_by_cells and (place, column.index) not in columns


def _pick_samples(rows: Sequence[Sequence[str]], column: int, most: int = _SAMPLES) -> list[str]:
    said = [mask_identity(row[column].strip())[:24] for row in rows if column < len(row) and row[column].strip()]
    return said[:most]


def _check_few_enough(read: RosterList) -> RosterList:
    if len(read.rows) > MOST_ROWS:
        raise RosterFileError(say("more_than_rows", most=MOST_ROWS))
    return read


def _open(sheets: Sequence[Sheet]) -> OpenedFile:
    apart = [part for sheet in sheets if not sheet.is_empty for part in split_stacked_lists(sheet)]
    filled = [part for sheet in apart for part in split_blocks(sheet)] or [Sheet("", ())]
    return OpenedFile(tuple(_understand(join_columns(sheet)) for sheet in filled))


def _understand(sheet: Sheet) -> OpenedSheet:
    """A sheet with its columns. One that makes no sense is tried as lines of a chat, and as lying on its side."""
    if named := labelled.as_list(sheet):
        return OpenedSheet(*named)
    layout = _without_hidden_numbers(sheet, _guess(sheet))
    is_sure = not any(c.index in layout.guessed for c in (*layout.phones, layout.one(Field.HEAD)) if c)
    if not layout.lacking and is_sure:
        return OpenedSheet(sheet, layout)
    if len(sheet.rows) <= _MOST_TURNED:
        turned = replace(sheet.turned(), part=f"{sheet.part}（横排）")
        on_its_side = _guess(turned)
        if not on_its_side.lacking and not on_its_side.guessed and len(on_its_side.heading_rows) == 1:
            return OpenedSheet(turned, on_its_side)
    lines = chat.as_list(sheet) if layout.lacking else None
    return OpenedSheet(*lines) if lines else OpenedSheet(sheet, layout)


def _guess(sheet: Sheet) -> Layout:
    return guess_layout(sheet.heading_rows(sheet.first_filled + DEEPEST_HEADING + 1), sheet.hidden_columns)


def _without_hidden_numbers(sheet: Sheet, layout: Layout) -> Layout:
    """Numbers in a hidden column are old ones, as long as others can be seen."""
    hidden = [column.index for column in layout.phones if column.index in sheet.hidden_columns]
    return layout.with_fields(dict.fromkeys(hidden, Field.NOTHING)) if len(hidden) < len(layout.phones) else layout


def _correct(one: OpenedSheet, place: int, columns: Columns) -> Layout:
    said = {column: field for (sheet, column), field in columns.items() if sheet == place}
    return start_below_words(one.layout.with_fields(said), one.sheet.rows) if said else one.layout


def _read_json_rows(content: bytes) -> tuple[ListRow, ...]:
    try:
        households = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise RosterFileError(say("not_a_json_file")) from None
    if not isinstance(households, list):
        raise RosterFileError(say("json_no_list"))
    return tuple(_read_json_row(number, household) for number, household in enumerate(households, start=1))


def _read_json_row(number: int, household: object) -> ListRow:
    texts = ("group", "head", "door")
    if (
        not isinstance(household, dict)
        or set(household) != {*texts, "phones"}
        or not all(isinstance(household[name], str) for name in texts)
        or not isinstance(household["phones"], list)
        or not all(isinstance(phone, str) for phone in household["phones"])
    ):
        raise RosterFileError(say("json_entry_wrong", number=number))
    phones = tuple(PhoneCell(f"phones[{place}]", phone) for place, phone in enumerate(household["phones"]))
    return ListRow(number, household["group"], household["door"], household["head"], phones)
