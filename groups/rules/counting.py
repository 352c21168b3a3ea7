"""What a village's households are counted by."""

from __future__ import annotations

from enum import StrEnum


class CountKind(StrEnum):
    """What a village's households were counted by."""

    RESIDENT = "resident"
    """Living there (常住户)."""
    REGISTERED = "registered"
    """On the household register (户籍户)."""
    LANDLINE = "landline"
    """With a landline (固话户)."""
