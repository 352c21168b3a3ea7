"""Coverage as drawings: bars per village with the threshold's line, and how a figure moved. Plain SVG, as text.

Sizes are those of the drawing's own units, which are pixels where it is shown as wide as it was drawn. Every word
has a place of its own beside or above the bars, so that no label stands on the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape, quoteattr

from groups.coverage.rules.figures import BASIS_POINTS, write_percent, write_threshold
from groups.coverage.rules.report import CoverageReport, TrendPoint, VillageCoverage

NARROW, WIDE = 330, 760
MOST_BARS = 60
"""More rows than this nobody reads as a picture."""
_INK, _QUIET, _GRID, _GROUND = "#14202b", "#4a5763", "#c3cdd6", "#e6ebf0"
_BAR, _BEST, _LINE, _WRONG = "#4d86b8", "#0b4f8a", "#7a4b00", "#7a4b00"
_FONTS = "'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif"
_STAR = "0,-8 2.1,-2.6 7.6,-2.5 3.2,1 4.7,6.5 0,3.3 -4.7,6.5 -3.2,1 -7.6,-2.5 -2.1,-2.6"


@dataclass(frozen=True, slots=True)
class ChartWords:
    """What the drawings say, in the reader's language. `title` and `trend_title` are for those who cannot see them."""

    title: str
    trend_title: str
    threshold: str
    not_started: str
    not_counted: str
    demonstration: str


def draw_bars(
    report: CoverageReport, words: ChartWords, width: int = WIDE, *, villages: Sequence[VillageCoverage] | None = None
) -> str:
    """The villages, each with its bar, its figures and the threshold's line across the bar: those named, or the best.

    Where more have signed up than were counted, all bars are drawn shorter, so that one beyond a hundred per cent is
    seen to be.
    """
    villages = (report.by_coverage if villages is None else villages)[:MOST_BARS]
    whole = max(1.0, *(float(village.figure.coverage or 0) for village in villages), 1.0)
    wide = width >= WIDE
    row, top = (34, 34) if wide else (56, 34)
    left, right = (205, 165) if wide else (0, 0)
    span = width - left - right
    line = left + span * report.threshold / BASIS_POINTS / whole
    parts = [_draw_legend(words.threshold, report.threshold, width, line if wide else 0)]
    for place, village in enumerate(villages):
        y = top + place * row
        bar_y, bar_height, text_y = (y + 7, 20, y + 23) if wide else (y + 28, 16, y + 20)
        length = min(float(village.figure.coverage or 0), whole) / whole * span
        value = _write_value(village, words, report.threshold)
        fill = _WRONG if village.anomaly else _BEST if village.demonstration else _BAR
        parts += [
            _draw_name(village, text_y, words, left or width - _measure_width("100.0% 0000/0000")),
            f'<text x="{width}" y="{text_y}" text-anchor="end" fill="{_INK}">{value}</text>',
            f'<rect x="{left}" y="{bar_y}" width="{span}" height="{bar_height}" fill="{_GROUND}"/>',
            f'<rect x="{left}" y="{bar_y}" width="{length:.1f}" height="{bar_height}" fill="{fill}"/>',
            _draw_stroke(line, bar_y - 3, line, bar_y + bar_height + 3, _LINE, 2.5),
        ]
    return _draw_svg("".join(parts), width, top + len(villages) * row + 6, words.title)


def draw_trend(points: Sequence[TrendPoint], thresholds: Sequence[int], words: ChartWords, width: int = WIDE) -> str:
    """How a coverage moved, day by day in true distances; `thresholds` are those of the points' days.

    A stretch of days on which nobody had counted is a gap.
    """
    height, left, right, top, bottom = (300 if width >= WIDE else 240), 54, 14, 34, 34
    known = [(point.day, float(point.figure.coverage)) for point in points if point.figure.coverage is not None]
    whole = max([1.0, *(value for _, value in known)])
    first, last = (points[0].day, points[-1].day) if points else (date.min, date.max)

    def place_x(day: date) -> float:
        return left + (width - left - right) * ((day - first).days / max(1, (last - first).days))

    def place_y(value: float) -> float:
        return top + (height - top - bottom) * (1 - value / whole)

    parts = [_draw_legend(words.threshold, thresholds[-1] if thresholds else None, width, width)]
    for step in range(0, int(whole * 100) + 1, 20):
        parts.append(_draw_stroke(left, place_y(step / 100), width - right, place_y(step / 100), _GRID, 1))
        parts.append(
            f'<text x="{left - 8}" y="{place_y(step / 100) + 5:.1f}" text-anchor="end" fill="{_QUIET}">{step}%</text>'
        )
    dated: list[str] = []
    for point, before, of in zip(points, [*thresholds[:1], *thresholds], thresholds, strict=False):
        # It holds until another does: a step, and no slope.
        dated += [
            f"{place_x(point.day):.1f},{place_y(each / BASIS_POINTS):.1f}" for each in dict.fromkeys((before, of))
        ]
    parts.append(f'<polyline points="{" ".join(dated)}" fill="none" stroke="{_LINE}" stroke-width="2.5"/>')
    for stretch in _split_stretches(points):
        line = [f"{place_x(point.day):.1f},{place_y(float(point.figure.coverage or 0)):.1f}" for point in stretch]
        parts.append(f'<polyline points="{" ".join(line)}" fill="none" stroke="{_BEST}" stroke-width="3"/>')
    if known:
        parts.append(
            f'<circle cx="{place_x(known[-1][0]):.1f}" cy="{place_y(known[-1][1]):.1f}" r="5" fill="{_BEST}"/>'
        )
    parts += [
        f'<text x="{at:.1f}" y="{height - 8}" text-anchor="{anchor}" fill="{_QUIET}">{day.isoformat()}</text>'
        for at, day, anchor in ((left, first, "start"), (width - right, last, "end"))
        if points
    ]
    return _draw_svg("".join(parts), width, height, words.trend_title)


def _split_stretches(points: Sequence[TrendPoint]) -> list[list[TrendPoint]]:
    stretches: list[list[TrendPoint]] = [[]]
    for point in points:
        if point.figure.coverage is None:
            stretches.append([])
        else:
            stretches[-1].append(point)
    return [stretch for stretch in stretches if stretch]


def _draw_name(village: VillageCoverage, y: int, words: ChartWords, room: float) -> str:
    """A village's name, with a star for one of demonstration, and the word for it where there is room."""
    name = village.name[:9]
    if not village.demonstration:
        return f'<text x="0" y="{y}" fill="{_INK}">{escape(name)}</text>'
    mark = f' <tspan font-size="14" fill="{_QUIET}">{escape(words.demonstration)}</tspan>'
    fits = 22 + _measure_width(name) + 8 + _measure_width(words.demonstration) * 14 / 16 <= room
    return (
        f'<polygon points="{_STAR}" transform="translate(9 {y - 6})" fill="{_BEST}"/>'
        f'<text x="22" y="{y}" fill="{_INK}">{escape(name)}{mark if fits else ""}</text>'
    )


def _write_value(village: VillageCoverage, words: ChartWords, threshold: int) -> str:
    if village.figure.households is None:
        return escape(words.not_counted)
    if not village.started:
        return escape(words.not_started)
    counts = f"{village.figure.subscribed}/{village.figure.households}"
    return f'<tspan font-weight="700">{write_percent(village.figure, threshold)}%</tspan> {counts}'


def _draw_legend(word: str, threshold: int | None, width: int, at: float) -> str:
    """What the line is, above everything and at `at` or left of it, with the line's own stroke before it."""
    if threshold is None:
        return ""
    percent = write_threshold(threshold)
    at = max(14.0, min(at, width - _measure_width(f"{word} {percent}%") - 4.0))
    return (
        _draw_stroke(at - 10, 6, at - 10, 24, _LINE, 2.5)
        + f'<text x="{at:.1f}" y="21" fill="{_LINE}">{escape(word)} {percent}%</text>'
    )


def _measure_width(text: str) -> float:
    """About how wide a text is in the drawing's units: a Chinese character is as wide as it is high."""
    return sum(16.0 if ord(sign) > 0x2E7F else 9.0 for sign in text)


def _draw_stroke(x1: float, y1: float, x2: float, y2: float, colour: str, width: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def _draw_svg(inside: str, width: int, height: int, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label={quoteattr(title)} font-family="{_FONTS}" font-size="16">{inside}</svg>'
    )
