"""Every file that somebody can keep is called in Chinese, by whose it is and of which day; and plainly for the rest."""

from __future__ import annotations

import re
from datetime import date, timedelta
from urllib.parse import unquote

from flask import Flask
from sqlalchemy import select

from config.database import Database, read_clock
from groups.models.accounts import AccountRole
from groups.models.enrolment import Subscription
from groups.models.figures import HouseholdCount
from groups.models.roster import Household, Village
from groups.rules.counting import CountKind
from tests.edges.web.conftest import VILLAGE, SignedIn
from tests.edges.web.roster.test_imports import brought, listed
from tests.edges.web.scenes import full_scene
from tests.support.factories import home_since

DAY = r"\d{4}-\d\d-\d\d"
HERE, TOWN, CENTRE = "墙下陶村", "全镇", "镇中心"
NO_FILES = {"/api/openapi.json", "/manifest.webmanifest", "/offline-worker.js", "/static/<path:filename>"}
"""Addresses that end like a file and are read by programs."""
# By rule: an address, and how the file is called.
FILES: dict[str, list[tuple[str, str]]] = {
    "/villages/<code>/roster.<form>": [
        (f"/villages/{VILLAGE}/roster.{form}", rf"{HERE}十户联防名册{DAY}\.{form}") for form in ("xlsx", "csv", "json")
    ],
    "/villages/<code>/directory.pdf": [
        (f"/villages/{VILLAGE}/directory.pdf", rf"{HERE}3组十户联防通讯录{DAY}\.pdf"),
    ],
    "/directory.pdf": [("/directory.pdf", rf"{TOWN}.*十户联防通讯录{DAY}\.pdf")],
    "/coverage/export.<form>": [
        *(
            (f"/coverage/export.{form}?as_of=2026-03-10", rf"{TOWN}十户联防覆盖率2026-03-10\.{form}")
            for form in ("xlsx", "csv", "json", "pdf")
        ),
        (f"/coverage/export.csv?as_of=2026-03-10&village={VILLAGE}", rf"{HERE}十户联防覆盖率2026-03-10\.csv"),
    ],
    "/coverage/audit.<form>": [("/coverage/audit.xlsx?as_of=2026-03-10", rf"{TOWN}逐户核对2026-03-10\.xlsx")],
    "/coverage/reports/<int:number>/report.<form>": [
        ("/coverage/reports/{report}/report.xlsx", rf"{TOWN}十户联防覆盖率报表\d+号2026-03-10\.xlsx"),
    ],
    "/enrolment/bill.xlsx": [
        ("/enrolment/bill.xlsx?month=2026-03", rf"{TOWN}补贴账单2026-03\(截至{DAY}\)\.xlsx"),
        (f"/enrolment/bill.xlsx?month=2026-03&village={VILLAGE}", rf"{HERE}补贴账单2026-03\(截至{DAY}\)\.xlsx"),
    ],
    "/enrolment/devices.xlsx": [
        ("/enrolment/devices.xlsx", rf"{TOWN}赠机台账{DAY}\.xlsx"),
        (f"/enrolment/devices.xlsx?village={VILLAGE}", rf"{HERE}赠机台账{DAY}\.xlsx"),
    ],
    "/help/<topic>.pdf": [("/help/villagers.pdf", rf"{TOWN}十户联防村民须知{DAY}-A4\.pdf")],
    "/imports/<key>/errors.xlsx": [("{errors}", rf"{HERE}名册待改正{DAY}\.xlsx")],
    "/incidents/<int:incident_id>/export.cap.xml": [
        ("/incidents/{incident}/export.cap.xml", rf"{HERE}警情\d+号{DAY}\.cap\.xml")
    ],
    "/incidents/<int:incident_id>/export.json": [("/incidents/{incident}/export.json", rf"{HERE}警情\d+号{DAY}\.json")],
    "/incidents/past.xlsx": [("/incidents/past.xlsx", rf"{TOWN}警情记录{DAY}\.xlsx")],
    "/summary.<form>": [
        (f"/summary.{form}?month=2026-03", rf"{TOWN}十户联防月度汇总2026-03\(截至{DAY}\)\.{form}")
        for form in ("xlsx", "pdf")
    ],
    "/villages/<code>/lists/<kind>/export/<form>": [
        (f"/villages/{VILLAGE}/lists/{kind}/export/xlsx", rf"{HERE}{called}{DAY}\.xlsx")
        for kind, called in (("grids", "网格"), ("responders", "队员"), ("cameras", "摄像头"))
    ],
    "/centre/export/<form>": [("/centre/export/csv", rf"{CENTRE}队员{DAY}\.csv")],
}


def is_file(rule: str) -> bool:
    return "." in rule.rsplit("/", 1)[-1] or "<form>" in rule


def test_every_file_is_called_in_chinese_by_whose_it_is_and_of_which_day(
    web: Flask, store: Database, signed_in: SignedIn
) -> None:
    rules = {str(rule) for rule in web.url_map.iter_rules() if is_file(str(rule))} - NO_FILES
    assert rules == set(FILES), "a new way to keep something has its name here"
    with store.begin() as session:
        incident = full_scene(session, VILLAGE, read_clock(session) - timedelta(seconds=100))
        for village in session.scalars(select(Village)):
            counted = {"kind": CountKind.RESIDENT, "counted_on": date(2026, 1, 1), "households": 10}
            session.add(HouseholdCount(village_id=village.id, **counted))
        house = session.scalars(select(Household).order_by(Household.id)).first()
        assert house is not None
        session.add(home_since(house, date(2026, 1, 1)))
        session.add(Subscription(household_id=house.id, plan="A", starts_on=date(2026, 2, 1), consent_by="本人"))
    admin = signed_in(AccountRole.ADMIN)
    asked = {"as_of": "2026-03-10", "since": "2026-02-28"}
    issued = admin.post("/coverage/reports", asked, of="/coverage?as_of=2026-03-10")
    assert issued.status_code == 303
    report = issued.headers["Location"].rstrip("/").split("/")[-1]
    head = signed_in(AccountRole.VILLAGE_HEAD)
    errors = f"{brought(head, listed(('1组', '', '19900640001')))}/errors.xlsx"

    wrong = []
    for files in FILES.values():
        for address, called in files:
            visitor = head if "{errors}" in address else admin
            answer = visitor.get(address.format(errors=errors, incident=incident, report=report))
            header = answer.headers.get("Content-Disposition", "")
            found = re.fullmatch(r"(?:attachment|inline); filename=\"([!-~]+)\"; filename\*=UTF-8''([!-~]+)", header)
            if answer.status_code != 200 or found is None or not re.fullmatch(called, unquote(found[2])):
                wrong.append(f"{address}: {answer.status_code} {unquote(header)}")
            elif found[1].rsplit(".", 1)[1] != called.rsplit(".", 1)[1] or not re.search(DAY, found[1]):
                wrong.append(f"{address}: plainly {found[1]}")
    assert wrong == []
