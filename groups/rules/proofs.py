"""Since when a sign of a person proves a phone (近30天打通)."""

from __future__ import annotations

from datetime import date, timedelta

WINDOW = timedelta(days=30)
"""A proof counts on its day and for the rest of these days."""


def find_first_day_of_proof(day: date) -> date:
    """The earliest day whose proofs still count on `day`: thirty days, the day itself being one."""
    return day - WINDOW + timedelta(days=1)


def is_proven(last: date | None, day: date) -> bool:
    """Whether a phone with this last proof is proven on `day`."""
    return last is not None and last >= find_first_day_of_proof(day)
