"""What a list's reader has to tell about a row, and how a cell is shown in a message."""

from __future__ import annotations

from dataclasses import dataclass

from groups.errors import Message
from groups.errors.masking import mask_identity


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should see: a reason's code, what is to be said of it, the text it is about."""

    reason: str
    message: Message
    value: str | None = None


def show(text: str) -> str:
    """A cell in a message: one line, not too long, nothing a terminal would obey, no identity number."""
    line = "".join(character if character.isprintable() else "?" for character in mask_identity(text.strip()[:400]))
    return line if len(line) <= 24 else f"{line[:24]}…"
