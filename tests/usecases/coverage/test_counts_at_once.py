"""Counts, thresholds and tariffs: two at once lose nothing, and the second is told in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from groups.coverage import counts as coverage_counts
from groups.enrolment import bills
from groups.errors import CountedMeanwhile, GroupsError
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Change, Source
from groups.models.figures import HouseholdCount, Threshold
from groups.models.roster import Village
from groups.rules.counting import CountKind
from tests.support.factories import NOW, Town
from tests.usecases.at_once import at_once


def do(town: Town, work: Callable[[Batch], Any]) -> None:
    """Do something in a batch of its own."""

    def done(session: Session) -> None:
        work(Batch(session, Author("林联络", Source.PAGE), Action.SET_COUNT, NOW, ZoneInfo("Asia/Shanghai")))

    town.run(done)


def test_two_who_write_the_same_day_down_at_once_are_both_told_the_truth(town: Town) -> None:
    town.run(lambda session: session.add(Village(code="A", name="桥头村")))

    def try_to(work: Callable[[Batch], Any]) -> Callable[[], str]:
        def tried() -> str:
            try:
                do(town, work)
            except GroupsError as error:
                return error.code
            return "done"

        return tried

    day = date(2026, 11, 1)
    for _ in range(3):
        came = at_once(
            try_to(lambda batch: coverage_counts.set_threshold(batch, day, 8_000)),
            try_to(lambda batch: coverage_counts.set_threshold(batch, day, 7_500)),
            try_to(lambda batch: coverage_counts.set_count(batch, "A", CountKind.RESIDENT, day, 100)),
            try_to(lambda batch: coverage_counts.set_count(batch, "A", CountKind.RESIDENT, day, 120)),
            try_to(lambda batch: bills.set_tariff(batch, "固话", day, 100, 100)),
            try_to(lambda batch: bills.set_tariff(batch, "固话", day, 200, 100)),
        )
        # Who comes second changes what stands, or is told that it has just been set: never an error without words.
        assert set(came[:2]) <= {"done", "counted_meanwhile"}
        assert "done" in came[:2]
        assert came[2:4] == ["done", "done"]
        assert sorted(came[4:]) in (["done", "invalid_tariff"], ["invalid_tariff", "invalid_tariff"])
    assert len(town.read(lambda session: session.scalars(select(Threshold)).all())) == 1
    counts = town.read(lambda session: session.scalars(select(HouseholdCount)).all())
    assert [count.households in {100, 120} for count in counts] == [True]
    changed = town.read(lambda session: session.scalars(select(Change).where(Change.table == "household_counts")).all())
    assert len(changed) >= 2


def test_a_threshold_that_another_is_writing_this_moment_is_refused_in_words(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = date(2026, 11, 1)
    do(town, lambda batch: coverage_counts.set_threshold(batch, day, 8_000))

    def later(batch: Batch) -> None:
        # It looked before the other had written.
        monkeypatch.setattr(batch.session, "scalar", lambda *_: None)
        coverage_counts.set_threshold(batch, day, 7_500)

    with pytest.raises(CountedMeanwhile, match="threshold_changed_meanwhile day=2026-11-01"):
        do(town, later)
    assert [row.basis_points for row in town.read(lambda session: session.scalars(select(Threshold)).all())] == [8_000]
