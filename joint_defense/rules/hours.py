"""Spans of hours of a day, as a village sets them: `9-11,15-19`."""

from __future__ import annotations

import re
from itertools import pairwise

Spans = tuple[tuple[int, int], ...]
"""From the first hour to before the second of each pair."""
MOST_SPANS = 4


def read_spans(words: str) -> Spans | None:
    """The spans that are written so, in order; None for what is none, or where two of them overlap."""
    found = [re.fullmatch(r"\s*(\d{1,2})\s*-\s*(\d{1,2})\s*", word) for word in words.split(",")]
    pairs = sorted((int(each[1]), int(each[2])) for each in found if each is not None)
    if len(pairs) < len(found) or len(pairs) > MOST_SPANS:
        return None
    if not all(0 <= start < end <= 24 for start, end in pairs):
        return None
    if any(later[0] < earlier[1] for earlier, later in pairwise(pairs)):
        return None
    return tuple(pairs)


def is_within(spans: Spans, hour: int) -> bool:
    """Whether an hour of the day is in one of the spans."""
    return any(start <= hour < end for start, end in spans)


def write_spans(spans: Spans) -> str:
    """The same the other way round."""
    return ",".join(f"{start}-{end}" for start, end in spans)


def count_hours(spans: Spans) -> int:
    """How many hours of a day they are."""
    return sum(end - start for start, end in spans)
