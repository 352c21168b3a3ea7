"""Whether the books are sound, on page and gauges; what a wrong count changes is shown first, and can be taken back."""

from __future__ import annotations

import re
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from config.database import Database
from groups.coverage.jobs import check_books_of
from groups.models.accounts import AccountRole
from groups.models.figures import BooksCheck, HouseholdCount, Residence
from groups.models.roster import Household, Village
from tests.edges.web.conftest import SignedIn
from tests.edges.web.figures.test_figures import figures, plain
from tests.support.factories import home_since

__all__ = ["figures"]


@pytest.mark.usefixtures("figures")
def test_what_the_nightly_look_finds_is_told_to_the_administrator_and_once_a_day(
    web: Flask, store: Database, signed_in: SignedIn
) -> None:
    admin = signed_in(AccountRole.ADMIN)
    assert "尚未核对过账目" in admin.get("/coverage/books").text
    url, zone = web.extensions["settings"].database_url, web.extensions["settings"].zone
    assert check_books_of(url, store, zone)
    assert not check_books_of(url, store, zone)
    page = admin.get("/coverage/books").text
    assert "无误" in page
    assert "账目核对发现问题" not in page
    with store.begin() as session:
        # What no act does: somebody lives in two villages.
        village = session.scalars(select(Village.id).where(Village.code == "QX")).one()
        household = session.scalars(select(Household).where(Household.head == "SJ户主0")).one()
        home = home_since(household, date(2025, 6, 1))
        home.village_id, home.ends_on = village, date(2099, 1, 1)
        session.add(home)
    assert admin.post("/coverage/books", {}, of="/coverage/books").status_code == 303
    page = admin.get("/coverage/books").text
    assert "住在两处" in page or "两处" in page
    # On every page of the administrator's, and of nobody else's.
    assert "账目核对发现问题" in admin.get("/villages").text
    assert "账目核对发现问题" not in signed_in(AccountRole.LIAISON).get("/coverage").text
    with store.begin() as session:
        assert [check.found > 0 for check in session.scalars(select(BooksCheck))] == [True]
        assert session.scalars(select(Residence.id).where(Residence.ends_on.is_not(None))).one()


@pytest.mark.usefixtures("figures")
def test_what_a_count_changes_in_months_that_have_been_is_shown_first_and_taken_back_there(
    store: Database, signed_in: SignedIn
) -> None:
    liaison = signed_in(AccountRole.LIAISON)
    form = {"village": "QX", "kind": "resident", "day": "2026-01-01", "households": "8"}
    shown = liaison.post("/coverage/counts", form, of="/coverage/counts")
    words = plain(shown.text)
    assert shown.status_code == 200
    assert "2026-02-28 80.0% 4/5 → 50.0% 4/8" in words
    assert "26.7% → 22.2%" in words
    with store.begin() as session:
        assert 8 not in session.scalars(select(HouseholdCount.households)).all()
    done = liaison.post("/coverage/counts", form | {"confirmed": "1"}, of="/coverage/counts", follow_redirects=True)
    assert "户数 5 → 8" in plain(done.text)
    (batch,) = re.findall(r'name="batch" value="([^"]+)"', done.text)
    liaison.post("/enrolment/undo", {"batch": batch, "next": "/coverage/counts"}, of="/coverage/counts")
    with store.begin() as session:
        assert sorted(session.scalars(select(HouseholdCount.households))) == [5, 10]
    # Fewer than are signed up is asked about, though no month end shows it; digits and commas may be full-width.
    few = form | {"day": "2026-03-10", "households": "３"}
    asked = liaison.post("/coverage/counts", few, of="/coverage/counts")
    assert (asked.status_code, "当日已开通4户，多于户数" in plain(asked.text)) == (200, True)
    with store.begin() as session:
        assert 3 not in session.scalars(select(HouseholdCount.households)).all()
    liaison.post("/coverage/counts", few | {"confirmed": "1"}, of="/coverage/counts")
    with store.begin() as session:
        assert 3 in session.scalars(select(HouseholdCount.households)).all()
    # A day of long ago is asked about, and written down when it is sent once more.
    old = form | {"kind": "registered", "day": "1990-01-01"}
    asked = liaison.post("/coverage/counts", old, of="/coverage/counts")
    assert (asked.status_code, 'name="meant" value="1990-01-01"' in asked.text) == (422, True)
    assert "1990-01-01已是十多年前" in plain(asked.text)
    liaison.post("/coverage/counts", old | {"meant": "1990-01-01", "confirmed": "1"}, of="/coverage/counts")
    with store.begin() as session:
        assert session.scalars(select(HouseholdCount.counted_on).order_by(HouseholdCount.counted_on)).first() == (
            date(1990, 1, 1)
        )
