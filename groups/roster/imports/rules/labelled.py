"""Lists whose every cell says what it is: 户主：王建国，门牌：1-1，电话：13800000001."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from groups.files.sheet import Sheet, simplify_heading
from groups.roster.imports.rules.headings import Column, Field, Layout, find_field

_LABELLED = re.compile(r"\s*(?P<label>[^:：\d]{1,12})[:：]\s*(?P<said>.*)", re.DOTALL)
_ENOUGH = 0.8


def as_list(sheet: Sheet) -> tuple[Sheet, Layout] | None:
    """The cells without their labels, and what the labels say of the columns; None where it is no such list."""
    columns = []
    for index in range(sheet.width):
        cells = [row[index] for row in sheet.rows if index < len(row) and row[index].strip()]
        labels = Counter(simplify_heading(found["label"]) for cell in cells if (found := _LABELLED.fullmatch(cell)))
        label, many = labels.most_common(1)[0] if labels else ("", 0)
        is_one = many > 1 and many >= _ENOUGH * len(cells)
        columns.append(Column(index, label if is_one else "", (find_field(label) if is_one else None) or Field.NOTHING))
    layout = Layout(0, tuple(columns))
    if layout.lacking:
        return None
    labelled = {column.index: column.heading for column in columns if column.heading}
    rows = tuple(
        tuple(_without(cell, labelled[at]) if at in labelled else cell for at, cell in enumerate(row))
        for row in sheet.rows
    )
    return replace(sheet, rows=rows), layout


def _without(cell: str, label: str) -> str:
    found = _LABELLED.fullmatch(cell)
    return found["said"] if found and simplify_heading(found["label"]) == label else cell
