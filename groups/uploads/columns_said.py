"""What columns hold, as somebody tells a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from groups.errors import RosterFileError, say
from groups.files.sheet import find_column_index
from groups.rules.findings import show

F = TypeVar("F", bound=str)


def read_columns_said(
    said: Sequence[str], sheets: Sequence[tuple[int, str]], words: Mapping[str, F]
) -> dict[tuple[int, int], F]:
    """What columns hold, as a command is told: 手机=D, or 第2组!手机=D for the sheet of that name.

    `sheets` are their places in the file and their names, `words` the field for each word that names one. Raises
    RosterFileError.
    """
    columns: dict[tuple[int, int], F] = {}
    for text in said:
        left, _, letters = text.rpartition("=")
        sheet, _, word = left.strip().rpartition("!")
        field = words.get(word.strip().lower())
        try:
            column = find_column_index(letters.strip())
        except ValueError:
            field, column = None, 0
        places = [at for at, name in sheets if sheet in {"", name}]
        if field is None or not places:
            raise RosterFileError(say("column_said_wrongly", text=show(text)))
        columns |= {(place, column): field for place in places}
    return columns


def read_columns_of_shown(
    said: Sequence[str], layouts: Sequence[Mapping[str, Any]], words: Mapping[str, F]
) -> dict[tuple[int, int], F]:
    """The same for the sheets of a list, `layouts` as `kinds.ReadList` has them. Raises RosterFileError.

    A sheet that was left out is meant only where something is said of it by its name.
    """
    sheets = [
        (place, name, layout.get("left_out", False))
        for layout in layouts
        for place, name in zip(layout["sheets"], layout["names"], strict=True)
    ]
    named = {text.rpartition("=")[0].strip().rpartition("!")[0] for text in said}
    return read_columns_said(said, [(place, name) for place, name, out in sheets if not out or name in named], words)
