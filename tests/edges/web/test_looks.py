"""Who looks at people's numbers is on record: every page and file that shows one, found by asking for all of them."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import delete, func, select
from werkzeug.test import TestResponse

from config.database import Database, read_clock
from groups.models.access_log import Look
from groups.models.accounts import Account, AccountRole
from groups.models.responders import Responder, Team
from groups.models.roster import Household, Village
from groups.privacy.access_log import Looked, record_look
from groups.web.accounts.access_log import PAGES
from joint_defense.delivery.sender import Links
from joint_defense.models.inbound import Mute
from joint_defense.models.incidents import Delivery
from tests.conftest import fresh_database
from tests.edges.web.conftest import VILLAGE, SignedIn, Visitor
from tests.edges.web.scenes import full_scene, number

_NUMBER = re.compile(r"1380000[12]\d{3}|13900\d{6}")
_ELSEWHERE = re.compile(r"^/(voice|sms|status|readyz|static|metrics|\w+/static)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    return fresh_database(request)


def _text(answer: TestResponse) -> str:
    """What a person reads in the answer, without what stands between the digits."""
    if answer.mimetype == "application/pdf":
        found = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    elif "sheet" in (answer.mimetype or ""):
        with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
            found = " ".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    else:
        found = answer.text
    return re.sub(r"(?<=\d)[ \-](?=\d)", "", found)


def _known(store: Database) -> dict[str, object]:
    with store.begin() as session:
        incident_id = full_scene(session, VILLAGE, read_clock(session) - timedelta(seconds=100))
        house = session.scalars(select(Household).where(Household.group_id.is_not(None))).first()
        assert house is not None
        now = read_clock(session)
        session.add(Responder(team=Team.STATION, name="镇中心", number=number(11), village_id=None))
        session.add(Responder(team=Team.STATION, name="村部", number=number(12), village_id=house.village_id))
        session.add(
            Mute(
                number=number(9), household_name="孙德才家", reason="x", muted_at=now, muted_by="a",
                until=now + timedelta(hours=1),
            )
        )  # fmt: skip
        return {
            "code": VILLAGE, "group_id": house.group_id, "household_id": house.id, "kind": "responders",
            "phone_id": house.phones[0].id, "account_id": session.scalars(select(Account.id)).first(),
            "incident_id": incident_id, "form": "csv", "row_id": 1,
        }  # fmt: skip


def _count(store: Database) -> int:
    with store.begin() as session:
        return session.scalar(select(func.count()).select_from(Look)) or 0


def test_whatever_shows_a_number_is_on_record(web: Flask, store: Database, signed_in: SignedIn) -> None:
    known = _known(store)
    admin = signed_in(AccountRole.ADMIN)
    shown, silent = set(), []
    for rule in web.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or _ELSEWHERE.match(rule.rule) or not rule.arguments <= known.keys():
            continue
        for form in ("csv", "xlsx", "json") if "form" in rule.arguments else ("csv",):
            _, address = rule.build(known | {"form": form}, append_unknown=False) or ("", "")
            before = _count(store)
            answer = admin.get(f"{address}?q=王建国" if rule.rule.endswith(("<code>", "/villages")) else address)
            if answer.status_code == 200 and _NUMBER.search(_text(answer)):
                shown.add(rule.rule)
                if _count(store) == before and not rule.rule.endswith("/live"):
                    silent.append(address)
    assert silent == []
    assert len(shown) >= 15, sorted(shown)
    with store.begin() as session:
        rows = session.scalars(select(Look)).all()
        assert {row.page.partition(".")[0] for row in rows} <= PAGES.keys()
        assert all(row.who == "admin" and row.rows > 0 for row in rows)
        at_group = next(row for row in rows if row.page == "group.show")
        house = session.get_one(Household, known["household_id"])
        assert (at_group.village_id, at_group.group_id) == (house.village_id, house.group_id)
        assert at_group.rows >= 12
        assert {row.form for row in rows} == {"page", "csv", "xlsx", "json", "pdf"}


def test_a_page_that_asks_for_news_is_one_look_and_a_link_is_one_of_its_overseer(
    web: Flask, store: Database, signed_in: SignedIn, visitor: Visitor
) -> None:
    incident_id = _known(store)["incident_id"]
    head = signed_in(AccountRole.VILLAGE_HEAD)
    for _ in range(3):
        assert head.get(f"/incidents/{incident_id}/live").status_code == 200
    head.get(f"/incidents/{incident_id}")
    head.get(f"/incidents/{incident_id}/live")
    with store.begin() as session:
        told = session.scalars(select(Delivery).where(Delivery.with_link, Delivery.account_id.is_not(None))).first()
        assert told is not None
        links = Links("http://x", web.extensions["settings"].secret_key)
        address = links.make_address(told.incident_id, told.id, told.number).removeprefix("http://x")
    for _ in range(2):
        assert visitor.get(address).status_code == 200
    with store.begin() as session:
        looks = session.execute(select(Look.page, Look.account_id, Look.incident_id).order_by(Look.id)).all()
    pages = [page for page, _, _ in looks]
    assert pages == ["board.show_live", "board.show", "links.show"]
    assert {account for _, account, _ in looks} == {told.account_id}
    assert {incident for _, _, incident in looks} == {incident_id}


def test_an_administrator_reads_by_person_and_by_household_and_sees_what_is_unusual(
    store: Database, signed_in: SignedIn
) -> None:
    known = _known(store)
    with store.begin() as session:
        session.execute(delete(Look))
        now = read_clock(session)
        account = session.scalars(select(Account).where(Account.role == AccountRole.LIAISON)).one()
        village = session.scalars(select(Village).where(Village.code == VILLAGE)).one()
        other = session.scalars(select(Village).where(Village.code != VILLAGE)).first()
        assert other is not None
        for days, rows in ((9, 40), (8, 60), (2, 5000)):
            at = now - timedelta(days=days)
            look = Looked("liaison", "roster_files.download", "csv", rows, account.id, village.id)
            record_look(session, look, at)
        record_look(session, Looked("别村的人", "group.show", "page", 9, None, other.id), now)
        here = Looked("本户的人", "household.show", "page", 1, None, village.id, None, int(str(known["household_id"])))
        record_look(session, here, now)
    admin = signed_in(AccountRole.ADMIN)
    admin.speak_english()
    whole = admin.get("/looks").text
    assert "liaison was shown much more than usual" in whole
    assert "5000 numbers" in whole
    assert whole.count("was shown much more than usual") == 1
    person = admin.get(f"/looks?account={account.id}").text
    assert "Roster as a file (CSV)" in person
    assert "别村的人" not in person
    household = admin.get(f"/looks?household={known['household_id']}").text
    assert "本户的人" in household
    assert "liaison" in household  # the village's list, in which it stands
    assert "别村的人" not in household
    assert admin.get("/looks?account=999999").status_code == 404
    assert admin.get(f"/villages/{VILLAGE}/households/{known['household_id']}").text.count("/looks?household=") == 1
    assert signed_in(AccountRole.LIAISON).get("/looks").status_code == 403
