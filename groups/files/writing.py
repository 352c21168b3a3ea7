"""TODO."""

from __future__ import annotations

# Spreadsheets run a cell that begins with one of these as a formula.
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """The cell with the spreadsheet's mark for text where it needs one: where it would run, or has the mark itself."""
    return f"'{text}" if text.startswith((*_BEGINS_A_FORMULA, "'")) else text
