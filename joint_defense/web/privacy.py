"""What leaves the house carries no phone number, in whatever way somebody has written it into a text."""

from __future__ import annotations

import re
from typing import Any

# Seven digits or more, with what people put between them: 13812345678, 0574-8880 5255, +86 (574) 88805255.
_NUMBER = re.compile(r"\+?\d(?:[\s\-‐-―－().·]{0,2}\d){6,}")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_WRITTEN_BY_PEOPLE = frozenset({"text", "note"})


def without_numbers(text: str) -> str:
    """The text with every phone number masked but for its last four digits; dates stay."""
    return _NUMBER.sub(lambda found: found[0] if _DATE.fullmatch(found[0]) else f"****{found[0][-4:]}", text)


def record_without_numbers(record: Any) -> Any:
    """A record of plain data with the numbers masked in all that people wrote."""
    if isinstance(record, dict):
        return {
            name: without_numbers(value)
            if name in _WRITTEN_BY_PEOPLE and isinstance(value, str)
            else record_without_numbers(value)
            for name, value in record.items()
        }
    return [record_without_numbers(each) for each in record] if isinstance(record, list) else record
