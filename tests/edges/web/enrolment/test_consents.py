"""A consent is kept with the text that was agreed to, printed with it, and withdrawn in one step."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from config.database import Database, read_clock
from groups.models.accounts import AccountRole
from groups.models.enrolment import EndReason, Subscription, Tariff
from groups.models.roster import Household, Village
from groups.rules.days import find_local_day
from tests.conftest import MakeSettings
from tests.edges.web.conftest import VILLAGE, SignedIn

FIRST = "我同意。\n可以随时撤回。"
SECOND = "我同意保存号码。\n可以随时撤回。"


@pytest.fixture
def house(store: Database) -> int:
    with store.begin() as session:
        village = session.scalars(select(Village).where(Village.code == VILLAGE)).one()
        session.add(Tariff(plan="A", starts_on=date(2020, 1, 1), village_fen=300, carrier_fen=250))
        made = Household(village_id=village.id, head="王建国", door="3-1")
        session.add(made)
        session.flush()
        return made.id


def test_a_consent_keeps_its_text_is_printed_and_is_withdrawn_in_one_step(
    store: Database, settings: MakeSettings, signed_in: SignedIn, house: int
) -> None:
    admin, liaison = signed_in(AccountRole.ADMIN), signed_in(AccountRole.LIAISON)
    for each in (admin, liaison):
        each.speak_english()
    page = f"/enrolment/households/{house}"
    with store.begin() as session:
        today = find_local_day(read_clock(session), settings().zone)
    assert "The town has saved no text yet" in liaison.get("/enrolment/consent").text
    assert "可以随时撤回同意" in admin.get("/enrolment/consent").text  # proposed, not in force
    nothing_kept = admin.post(f"{page}/withdraw", of=page)
    assert nothing_kept.status_code == 422
    assert "no consent of this household is kept" in nothing_kept.text
    assert admin.post("/enrolment/consent", {"text": " \n"}, of="/enrolment/consent").status_code == 422
    for text in (FIRST, FIRST):
        assert admin.post("/enrolment/consent", {"text": text}, of="/enrolment/consent").status_code == 303
    assert liaison.post("/enrolment/consent", {"text": "x"}, of="/enrolment/consent").status_code == 403

    form = f"/enrolment/sign-up/{house}"
    assert liaison.post(form, {"plan": "A", "consent_by": "王建国"}, of=form).status_code == 303
    assert admin.post("/enrolment/consent", {"text": SECOND}, of="/enrolment/consent").status_code == 303
    with store.begin() as session:
        row = session.scalars(select(Subscription)).one()
        assert (row.consent_version, row.consent_on, row.consent_withdrawn_on) == (1, today, None)
    assert "Version 2" in admin.get("/enrolment/consent").text
    sheet = liaison.get(f"/enrolment/subscriptions/{row.id}/consent").text
    assert "我同意。" in sheet
    assert "保存号码" not in sheet
    assert "王建国" in sheet

    assert liaison.post(f"{page}/withdraw", of=page).status_code == 303
    with store.begin() as session:
        row = session.scalars(select(Subscription)).one()
        assert (row.ends_on, row.end_reason, row.consent_withdrawn_on) == (today, EndReason.CANCELLED, today)
    assert f"withdrawn on {today}" in liaison.get(page).text
    assert "Consent withdrawn on" in liaison.get(f"/enrolment/subscriptions/{row.id}/consent").text
    assert liaison.post(f"{page}/withdraw", of=page).status_code == 422


def test_an_older_consent_has_no_text_that_was_written_later(
    store: Database, settings: MakeSettings, signed_in: SignedIn, house: int
) -> None:
    admin = signed_in(AccountRole.ADMIN)
    admin.speak_english()
    assert admin.post("/enrolment/consent", {"text": FIRST}, of="/enrolment/consent").status_code == 303
    with store.begin() as session:
        before = find_local_day(read_clock(session), settings().zone) - timedelta(days=3)
    form = f"/enrolment/sign-up/{house}"
    sent = {"plan": "A", "consent_by": "王建国", "starts_on": str(before)}
    assert admin.post(form, sent, of=form).status_code == 303
    with store.begin() as session:
        row = session.scalars(select(Subscription)).one()
        assert row.consent_version is None
    sheet = admin.get(f"/enrolment/subscriptions/{row.id}/consent").text
    assert "Which text was agreed to was not kept." in sheet
    assert signed_in(AccountRole.OPERATOR).get(f"/enrolment/subscriptions/{row.id}/consent").status_code == 403
    assert signed_in(AccountRole.VILLAGE_HEAD).get(f"/enrolment/subscriptions/{row.id}/consent").status_code == 200
