"""Who may take an act back: whoever might have done it, in every village that it touched."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from config.database import Database
from groups.models.accounts import AccountRole
from groups.models.changes import Change
from groups.models.enrolment import EndReason, Subscription, Tariff
from groups.models.figures import Residence
from groups.models.roster import Household, Village
from tests.edges.web.conftest import OTHER_VILLAGE, VILLAGE, SignedIn, Visitor
from tests.support.factories import home_since

PLAN = "平安联防#9按键"
HISTORY = f"/villages/{VILLAGE}/history"


@pytest.fixture
def wang(store: Database) -> int:
    """A household of the head's village."""
    with store.begin() as session:
        session.add(Tariff(plan=PLAN, starts_on=date(2024, 1, 1), village_fen=300, carrier_fen=250))
        village_id = session.scalars(select(Village.id).where(Village.code == VILLAGE)).one()
        household = Household(village_id=village_id, head="王建国", door="3-1")
        session.add(household)
        session.flush()
        session.add(home_since(household, date(2026, 1, 1)))
        return household.id


def last_batch(store: Database, action: str) -> str:
    with store.begin() as session:
        return (
            session.scalars(select(Change.batch).where(Change.action == action).order_by(Change.id.desc())).first()
            or ""
        )


def sign_up(visitor: Visitor, household_id: int) -> None:
    page = f"/enrolment/sign-up/{household_id}"
    assert visitor.post(page, {"plan": PLAN, "consent_by": "本人", "gift": "key"}, of=page).status_code == 303


def take_back(visitor: Visitor, store: Database, action: str) -> int:
    key = last_batch(store, action)
    return visitor.post(f"{HISTORY}/{key}/undo", {}, of="/account").status_code


def test_a_head_cannot_take_back_what_the_liaison_did(signed_in: SignedIn, store: Database, wang: int) -> None:
    sign_up(signed_in(AccountRole.LIAISON), wang)
    head = signed_in(AccountRole.VILLAGE_HEAD)

    assert take_back(head, store, "enrol") == 403
    assert last_batch(store, "enrol") not in head.get(HISTORY).text, "no button that leads to a refusal"
    with store.begin() as session:
        assert session.scalars(select(Subscription)).one().consent_by == "本人"
    assert take_back(signed_in(AccountRole.ADMIN), store, "enrol") == 303


def test_a_head_cannot_pull_a_household_back_from_another_village(
    signed_in: SignedIn, store: Database, wang: int
) -> None:
    liaison = signed_in(AccountRole.LIAISON)
    page = f"/enrolment/households/{wang}"
    assert liaison.post(f"{page}/move", {"village": OTHER_VILLAGE}, of=page).status_code == 303

    assert take_back(signed_in(AccountRole.VILLAGE_HEAD), store, "move_village") == 403
    with store.begin() as session:
        other = session.scalars(select(Village.id).where(Village.code == OTHER_VILLAGE)).one()
        assert session.get_one(Household, wang).village_id == other
    undone = liaison.post("/enrolment/undo", {"batch": last_batch(store, "move_village")}, of=page)
    assert undone.status_code == 303
    with store.begin() as session:
        assert session.get_one(Household, wang).village_id != other
        homes = session.scalars(select(Residence)).all()
        assert [(home.starts_on, home.ends_on) for home in homes] == [(date(2026, 1, 1), None)]


def test_a_head_takes_the_own_archiving_back_though_it_ended_a_subscription(
    signed_in: SignedIn, store: Database, wang: int
) -> None:
    sign_up(signed_in(AccountRole.LIAISON), wang)
    head = signed_in(AccountRole.VILLAGE_HEAD)
    head.post(f"/villages/{VILLAGE}/households/{wang}/archive", {}, of=f"/villages/{VILLAGE}/households/{wang}")
    with store.begin() as session:
        assert session.scalars(select(Subscription)).one().end_reason is EndReason.ARCHIVED

    assert take_back(head, store, "archive_household") == 303
    with store.begin() as session:
        assert session.scalars(select(Subscription)).one().ends_on is None
    # And the other way round: what the undo did is the head's as well.
    assert take_back(head, store, "undo") == 303
    with store.begin() as session:
        assert session.get_one(Household, wang).archived_at is not None
