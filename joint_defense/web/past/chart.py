"""Reaction times as a drawing: for each row the median as a dot, the worst as a ring, on an axis of powers.

Between eight seconds and an hour lies a factor of 450: on a plain axis every median would be a dot at its left end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from xml.sax.saxutils import escape, quoteattr

WIDE, NARROW = 760, 330
MOST_ROWS = 40
"""More rows than this nobody reads as a picture."""
_INK, _QUIET, _GRID, _DOT = "#14202b", "#4a5763", "#c3cdd6", "#0b4f8a"
_FONTS = "'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif"
_ROW, _TOP, _NAME_HEIGHT = 36, 44, 20
_LEAST = 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the picture; times in seconds, and in words beside it. None: it never happened."""

    name: str
    median: float | None
    worst: float | None
    words: str


def draw_times(rows: Sequence[Row], marks: Sequence[tuple[float, str]], title: str, width: int = WIDE) -> str:
    """The rows, with lines at `marks` (seconds and their words) up to the first that none exceeds. Plain SVG."""
    rows = rows[:MOST_ROWS]
    longest = max((each.worst for each in rows if each.worst is not None), default=_LEAST)
    shown = [mark for number, mark in enumerate(marks) if number == 0 or marks[number - 1][0] < longest]
    whole = max(longest, shown[-1][0])
    wide = width >= WIDE
    left, right = (180 if wide else 12), (190 if wide else 12)
    row_height = _ROW if wide else _ROW + _NAME_HEIGHT

    def place_x(seconds: float) -> float:
        return left + (width - left - right) * log(max(seconds, _LEAST)) / log(max(whole, 2.0))

    height = _TOP + len(rows) * row_height + 8
    parts = []
    for seconds, words in shown:
        x = place_x(seconds)
        parts.append(f'<line x1="{x:.1f}" y1="30" x2="{x:.1f}" y2="{height - 4}" stroke="{_GRID}"/>')
        parts.append(f'<text x="{x:.1f}" y="22" text-anchor="middle" fill="{_QUIET}">{escape(words)}</text>')
    for number, each in enumerate(rows):
        y = _TOP + number * row_height + (0 if wide else _NAME_HEIGHT) + _ROW / 2
        name_y, value_y = (y + 6, y + 6) if wide else (y - _ROW / 2, y - _ROW / 2)
        parts.append(f'<text x="0" y="{name_y:.1f}" fill="{_INK}">{escape(each.name)}</text>')
        parts.append(f'<text x="{width}" y="{value_y:.1f}" text-anchor="end" fill="{_INK}">{escape(each.words)}</text>')
        if each.median is None or each.worst is None:
            continue
        start, end = place_x(each.median), place_x(each.worst)
        parts.append(f'<line x1="{start:.1f}" y1="{y}" x2="{end:.1f}" y2="{y}" stroke="{_DOT}" stroke-width="2"/>')
        parts.append(f'<circle cx="{end:.1f}" cy="{y}" r="5" fill="#fff" stroke="{_DOT}" stroke-width="2"/>')
        parts.append(f'<circle cx="{start:.1f}" cy="{y}" r="6" fill="{_DOT}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label={quoteattr(title)} font-family="{_FONTS}" font-size="16">{"".join(parts)}</svg>'
    )
