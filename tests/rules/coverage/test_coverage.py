"""Coverage's rules on their own: rounding, thresholds before rounding, complete groups, months, drawings."""

from __future__ import annotations

import re
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from groups.coverage.rules.charts import NARROW, WIDE, ChartWords, draw_bars
from groups.coverage.rules.figures import Figure, find_demonstration_start, list_month_ends, sum_figures
from groups.coverage.rules.query import CoverageQuery, Step, read_query
from groups.coverage.rules.report import CoverageReport, Level, VillageCoverage
from groups.errors import InvalidChoice, InvalidDay
from groups.rules.proofs import find_first_day_of_proof

DAY = date(2026, 11, 23)
ZONE = ZoneInfo("Asia/Shanghai")
ENGLISH = ChartWords("c", "t", "Demonstration village from", "not started", "not counted", "demonstration village")
WORDS = ChartWords("覆盖率", "走势", "标准", "未开展", "未统计", "示范村")


@pytest.mark.parametrize(
    ("figure", "decimal", "percent", "reaches"),
    [
        (Figure(4018, 6125), "0.6560", "65.6", False),
        (Figure(79_995, 100_000), "0.8000", "80.0", False),
        (Figure(4, 5), "0.8000", "80.0", True),
        (Figure(13, 10), "1.3000", "130.0", False),
        (Figure(0, 10), "0.0000", "0.0", False),
        (Figure(3, 0), None, None, False),
        (Figure(3, None), None, None, False),
    ],
)
def test_a_threshold_is_compared_before_rounding(
    figure: Figure, decimal: str | None, percent: str | None, reaches: bool
) -> None:
    assert (figure.decimal(), figure.percent(), figure.reaches(8_000)) == (decimal, percent, reaches)


def test_a_town_is_the_sum_of_its_counted_villages_and_no_mean() -> None:
    assert sum_figures([Figure(1, 10), Figure(90, 100), Figure(5, None)]) == Figure(91, 110)
    assert sum_figures([Figure(5, None)]) == Figure(0, None)


def test_a_proof_counts_for_thirty_days() -> None:
    assert find_first_day_of_proof(DAY) == date(2026, 10, 25)


def test_months_end_where_they_do() -> None:
    assert list_month_ends(date(2024, 1, 31), date(2024, 3, 5)) == [
        date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 5),
    ]  # fmt: skip


def test_a_question_is_read_back_as_it_was_written() -> None:
    asked = CoverageQuery(DAY, date(2025, 1, 1), DAY, Step.DAY, Level.GRID, "HJ01")
    assert read_query(asked.words(), DAY, ZONE) == asked
    assert read_query({}, DAY, ZONE) == CoverageQuery(DAY)
    assert read_query({"to": "2026-01-31"}, DAY, ZONE).first == date(2024, 1, 1)
    with pytest.raises(InvalidDay):
        read_query({"from": "2026-02-01", "to": "2026-01-01"}, DAY, ZONE)
    with pytest.raises(InvalidChoice):
        read_query({"level": "street"}, DAY, ZONE)


@pytest.mark.parametrize("words_of", [WORDS, ENGLISH])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_no_label_of_the_drawing_stands_on_the_line_or_on_another(width: int, words_of: ChartWords) -> None:
    villages = [
        VillageCoverage(n, f"V{n}", "很长的村居名称", Figure(n * 13, 100), n * 13 >= 80) for n in range(9)
    ]  # fmt: skip
    drawn = draw_bars(CoverageReport(DAY, "resident", 8_000, tuple(villages)), words_of, width)
    lines = [
        (float(x), float(top), float(bottom))
        for x, top, bottom in re.findall(r'<line x1="([\d.]+)" y1="([\d.]+)" x2="[\d.]+" y2="([\d.]+)"', drawn)
    ]
    texts = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"( text-anchor="end")?[^>]*>(.*?)</text>', drawn)
    assert len(lines) == 10
    taken: dict[str, float] = {}
    for x, y, at_the_end, inside in texts:
        words = re.sub(r"<[^>]+>", "", inside)
        length = sum(16 if ord(sign) > 0x2E7F else 9 for sign in words)
        left = float(x) - length if at_the_end else float(x)
        for line, top, bottom in lines:
            beside = line < left or line > left + length
            above_or_below = float(y) + 3 < top or float(y) - 12 > bottom
            assert beside or above_or_below, words
        assert taken.get(y, 0) <= left, words
        assert left + length <= width, words
        taken[y] = left + length


def test_a_bar_beyond_a_hundred_per_cent_is_longer_than_a_full_one() -> None:
    villages = (
        VillageCoverage(1, "V1", "甲", Figure(150, 100), True),
        VillageCoverage(2, "V2", "乙", Figure(100, 100), True),
    )
    drawn = draw_bars(CoverageReport(DAY, "resident", 8_000, villages), WORDS, NARROW)
    lengths = [float(found) for found in re.findall(r'width="([\d.]+)" height="16" fill="#(?!e6)', drawn)]
    assert lengths[0] == pytest.approx(1.5 * lengths[1], abs=0.2)
    assert "150.0%" in drawn


def test_a_village_that_grew_on_the_day_it_was_counted_anew_reached_the_threshold_before() -> None:
    """Nine of ten, and since a day on which it took in ninety more and 86 signed up, 95 of a hundred."""
    first, grew = date(2026, 3, 1), date(2026, 6, 1)
    counts, thresholds = {first: 10, grew: 100}, {first: 9000}
    assert find_demonstration_start(95, {grew: 86}, counts, thresholds, DAY) == first
    # One fewer before: it is so since that day.
    assert find_demonstration_start(95, {grew: 87}, counts, thresholds, DAY) == grew
