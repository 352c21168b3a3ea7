"""A workbook to write into."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xlsxwriter


def new_workbook(content: io.BytesIO) -> xlsxwriter.Workbook:
    """A workbook that lands in `content` when it is closed. What is written is text, whatever it looks like."""
    import xlsxwriter  # noqa: PLC0415 - loaded where a sheet is written

    return xlsxwriter.Workbook(
        content,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False},
    )
