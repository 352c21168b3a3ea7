"""What is kept about people ends when its time is over, is handed out on one sheet, and is erased on demand."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import pytest
from click.testing import Result
from flask import Flask
from flask.cli import FlaskGroup
from openpyxl import load_workbook
from sqlalchemy import func, insert, select, update

from app import create_app
from config.database import Base, Database, read_clock
from config.retention import DEFAULT_DAYS, Kept, read_periods
from groups.coverage.figures import Scope, read_coverage
from groups.errors import NothingToUndo
from groups.history.undo import undo
from groups.models.access_log import Look
from groups.models.batch import Author, Batch
from groups.models.changes import Action, Change, Source
from groups.models.enrolment import Subscription
from groups.models.figures import HouseholdCount
from groups.models.responders import Responder, Team
from groups.models.roster import Household, Phone, Village
from groups.models.uploads import Upload, UploadKind, UploadRow, UploadState
from groups.privacy.access_log import Looked, record_look
from groups.roster.households import archive_household
from groups.rules.counting import CountKind
from joint_defense.incidents.record import note_update
from joint_defense.models.inbound import InboundEvent, InboundKind
from joint_defense.models.incidents import Alert, Delivery, Incident, IncidentUpdate
from joint_defense.models.upkeep import NumberChange
from joint_defense.processes import clock as clock_process
from joint_defense.rules.tasks import ChangeState
from joint_defense.rules.timeline import UpdateKind
from tests.conftest import MakeSettings
from tests.edges.web.conftest import VILLAGE
from tests.edges.web.scenes import full_scene, number
from tests.support.factories import home_since

Type = Callable[..., Result]
DAYS = (date(2025, 6, 1), date(2026, 6, 1))
LONG_AGO = timedelta(days=5000)
SECRETS = ("王建国", "Wang Jianguo", number(1), "桥东第1家")


@pytest.fixture
def app(settings: MakeSettings) -> Iterator[Flask]:
    with click.Context(FlaskGroup()):
        app = create_app(settings())
    yield app
    app.extensions["runtime"].close()


@pytest.fixture
def type_(app: Flask) -> Type:
    return lambda *words: app.test_cli_runner().invoke(args=[str(word) for word in words])


@pytest.fixture
def store(app: Flask) -> Database:
    found: Database = app.extensions["database"]
    return found


@pytest.fixture
def incident_id(store: Database) -> int:
    """A village with an alarm in which somebody wrote, in its household a sign-up of last year."""
    with store.begin() as session:
        village = Village(code=VILLAGE, name="墙下陶村", name_en="Qiangxiatao")
        session.add(village)
        session.flush()
        day = date(2025, 1, 1)
        session.add(HouseholdCount(village_id=village.id, kind=CountKind.RESIDENT, counted_on=day, households=10))
        found = full_scene(session, VILLAGE, read_clock(session) - timedelta(seconds=100))
        batch = Batch(session, Author("a", Source.PAGE), Action.ENROL, read_clock(session), _zone())
        batch.add(
            Subscription(
                household_id=_house(session).id, plan="A", number=number(1), starts_on=date(2025, 3, 1),
                ends_on=date(2026, 1, 1), consent_by="王建国", consent_on=date(2025, 3, 1),
            )
        )  # fmt: skip
        session.add(home_since(_house(session), date(2025, 1, 1)))
        batch.change(_house(session), note="心脏病")
        return found


def _zone() -> Any:
    return ZoneInfo("Asia/Shanghai")


def _house(session: Any) -> Household:
    found: Household = session.scalars(select(Household).order_by(Household.id)).first()
    return found


def _close(store: Database, incident_id: int, ago: timedelta = timedelta(minutes=1)) -> None:
    with store.begin() as session:
        closed = update(Incident).where(Incident.id == incident_id)
        session.execute(closed.values(closed_at=read_clock(session) - ago, note="狗叫"))


def _everything(store: Database) -> str:
    with store.begin() as session:
        return "\n".join(
            repr(tuple(row)) for table in Base.metadata.sorted_tables for row in session.execute(select(table))
        )


def test_a_household_is_erased_everywhere_and_the_figures_stay(
    type_: Type, store: Database, incident_id: int, tmp_path: Path
) -> None:
    with store.begin() as session:
        house = _house(session).id
        before = [read_coverage(session, day, Scope(_zone())).villages for day in DAYS]
        told = session.scalar(select(func.count()).select_from(Delivery))
        assert before[0][0].figure.subscribed == 1
        key = session.scalars(select(Change.batch).where(Change.table == "households")).first()
    refused = type_("privacy", "erase", "--household", house, "--yes")
    assert refused.exit_code == 1
    assert f"incident {incident_id} is open" in refused.output
    assert "王建国" in _everything(store)

    _close(store, incident_id)
    said = type_("privacy", "erase", "--household", house, "--dry-run").output
    assert "签约 Sign-up: 1" in said
    assert "stays, without name, door and number" in said
    assert "王建国" in _everything(store)
    erased = type_("privacy", "erase", "--household", house, "--yes")
    assert erased.exit_code == 0, erased.output
    # The leader, who is named in what others were told.
    assert "李国强" in _everything(store)
    assert type_("privacy", "erase", "--number", number(2), "--yes").exit_code == 0

    left = _everything(store)
    assert [secret for secret in (*SECRETS, "心脏病", number(1)[3:], "李国强", number(2)) if secret in left] == []
    with store.begin() as session:
        after = [read_coverage(session, day, Scope(_zone())).villages for day in DAYS]
        assert after == before
        assert session.scalar(select(func.count()).select_from(Delivery)) == told
        assert session.get_one(Household, house).archived_at is not None
        assert session.scalars(select(Change).where(Change.action == Action.ERASE_HOUSEHOLD)).first() is not None
        with pytest.raises(NothingToUndo):
            undo(session, str(key), Author("a", Source.UNDO), read_clock(session), _zone())
    # Neighbours are named as before, and so is whoever has nothing to do with it.
    assert "陈桂芳" in left
    assert type_("privacy", "erase", "--household", 999).exit_code == 1


def test_a_household_is_handed_out_on_one_sheet_and_that_is_on_record(
    type_: Type, store: Database, incident_id: int, tmp_path: Path
) -> None:
    sheet = tmp_path / "王建国.xlsx"
    assert type_("privacy", "export", "--number", number(1), "--output", sheet).exit_code == 0
    book = load_workbook(io.BytesIO(sheet.read_bytes()))
    assert len(book.sheetnames) == 1
    text = "\n".join(str(cell.value) for row in book.active for cell in row if cell.value)
    for secret in (*SECRETS[:1], *SECRETS[2:], "心脏病", "求助 Alarm", "签约 Sign-up"):
        assert secret in text
    assert "李国强" not in text
    with store.begin() as session:
        look = session.scalars(select(Look)).one()
        assert (look.who, look.household_id) == ("command", _house(session).id)
    assert type_("privacy", "export", "--number", "王", "--output", sheet).exit_code == 1
    assert type_("privacy", "export", "--output", sheet).exit_code == 2


def test_what_is_over_its_time_goes_and_what_is_not_stays(
    app: Flask, type_: Type, store: Database, incident_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = "+8613911112222"
    with store.begin() as session:
        now = read_clock(session)
        for days in (1, 91):
            session.add(
                InboundEvent(
                    carrier_key=f"SM-{days}", kind=InboundKind.STRANGER, number=stranger, text="你好",
                    received_at=now - timedelta(days=days), answer={},
                )
            )  # fmt: skip
            session.add(
                Upload(
                    key=f"k{days}", kind=UploadKind.ROSTER, brought_by="a", name="a.xlsx", content=b"x",
                    state=UploadState.WRITTEN, asked_at=now, created_at=now - timedelta(days=days),
                )
            )  # fmt: skip
            record_look(session, Looked("a", "group.show", "page", 3), now - timedelta(days=days * 20))
        batch = Batch(session, Author("a", Source.PAGE), Action.ARCHIVE_HOUSEHOLD, now, _zone())
        last = session.scalars(select(Household).order_by(Household.id.desc())).first()
        assert last is not None
        archive_household(batch, last)
        gone = last.id
        for table, column in ((Household, "archived_at"), (Phone, "archived_at"), (Change, "changed_at")):
            values: dict[str, Any] = {column: now - LONG_AGO}
            session.execute(update(table).where(getattr(table, column).is_not(None)).values(values))
    _close(store, incident_id, LONG_AGO)

    counted = type_("privacy", "purge", "--dry-run").output
    for line in ("incidents: 1 (1095", "strangers: 1 (90", "lists: 1 (30", "archived: 1 (1095", "looks: 1 (1095"):
        assert line in counted
    assert "欧阳立新" in _everything(store)
    # What the clock does in the night, again and again until nothing is due.
    monkeypatch.setattr(clock_process, "PURGE_HOURS", frozenset(range(24)))
    for _ in range(3):
        clock_process._purge(app.extensions["runtime"])

    left = _everything(store)
    assert "着火了快来人" not in left
    assert "狗叫" not in left
    with store.begin() as session:
        assert session.get_one(Household, gone).head == "已删除"
        numbers = set(session.scalars(select(Delivery.number)))
        assert numbers
        assert {each[0] for each in numbers} == {"#"}
        assert session.scalars(select(Alert.number)).first() in numbers | {"#1", "#2"}
        assert (
            session.scalar(select(func.count()).select_from(InboundEvent).where(InboundEvent.number == stranger)) == 1
        )
        assert session.scalars(select(Upload.key)).all() == ["k1"]
        assert session.scalar(select(func.count()).select_from(Look)) == 1
        assert session.scalar(select(func.count()).select_from(IncidentUpdate)) or 0 > 3
        # Who is on the roster is rung tomorrow as today.
        assert session.scalar(select(func.count()).select_from(Phone).where(Phone.number == number(2))) == 1
    assert type_("privacy", "purge").output.count(": 0 (") == len(Kept)


def test_a_list_a_note_and_a_number_under_way_are_on_the_sheet_and_erased_behind_any_number_of_rows(
    type_: Type, store: Database, incident_id: int, tmp_path: Path
) -> None:
    with store.begin() as session:
        house, now = _house(session), read_clock(session)
        brought = Upload(
            key="k", kind=UploadKind.ROSTER, brought_by="a", name="a.csv", content=b"", state=UploadState.WRITTEN,
            asked_at=now, created_at=now,
        )  # fmt: skip
        session.add(brought)
        session.flush()
        of_others = {"upload_id": brought.id, "verdict": "same", "data": {"phones": ["+8613700000000"]}}
        session.execute(insert(UploadRow), [of_others | {"place": place} for place in range(6000)])
        own = {"phones": [number(1)], "head": "王建国"}
        session.add(UploadRow(upload_id=brought.id, place=6000, verdict="new", data=own))
        session.add(
            NumberChange(
                phone_id=house.phones[0].id, household_id=house.id, new_number="+8613955550000", is_mobile=True,
                asked_by=number(1), language="zh", state=ChangeState.WAITING, calls=0, asked_at=now,
            )
        )  # fmt: skip
        note_update(session, incident_id, UpdateKind.NOTE, now, text="王建国家的狗叫")
    _close(store, incident_id)
    with store.begin() as session:
        session.get_one(Incident, incident_id).note = "王建国说是误会"
    sheet = tmp_path / "a.xlsx"
    assert type_("privacy", "export", "--number", number(1), "--output", sheet).exit_code == 0
    text = str([[cell.value for cell in row] for row in load_workbook(sheet).active])
    assert [each for each in ("换号 Number", "+8613955550000", "名单 List") if each not in text] == []
    assert type_("privacy", "erase", "--number", number(1), "--yes").exit_code == 0
    left = _everything(store)
    assert [each for each in ("王建国", "+8613955550000", number(1)[3:]) if each in left] == []
    assert "已删除说是误会" in left
    with store.begin() as session:
        assert session.scalar(select(func.count()).select_from(UploadRow)) == 6000
    assert type_("privacy", "erase", "--number", "13700000000", "--yes").exit_code == 0
    assert "13700000000" not in _everything(store)


WRITTEN = (
    "13800001001", "138 0000 1001", "138-0000-1001", "+86 138 0000 1001", "0086-13800001001", "（138）0000·1001",
    "１３８００００１００１", "一三八零零零零一零零一", "幺三八〇〇〇〇幺〇〇幺",
)  # fmt: skip
LANDLINE = ("0574-88805255", "057488805255", "+86 574 8880 5255", "88805255", "（0574）8880 5255")


def test_nothing_that_was_written_about_an_erased_household_says_its_number_or_name(
    app: Flask, type_: Type, store: Database, incident_id: int
) -> None:
    with store.begin() as session:
        house, now = _house(session), read_clock(session)
        houses = session.scalars(select(Household).order_by(Household.id)).all()
        batch = Batch(session, Author("a", Source.PAGE), Action.EDIT_HOUSEHOLD, now, _zone())
        batch.change(houses[2], note=f"王建国的妹妹，有事打{'、'.join(WRITTEN[:4])}", landmark="王建国家对面")
        batch.change(houses[3], note="电话13800001002")  # another's, who is still there
        note_update(session, incident_id, UpdateKind.NOTE, now, text="；".join((*WRITTEN, "1138000010011 no")))
        session.add(
            InboundEvent(
                carrier_key="SM-other", kind=InboundKind.HELP, number=number(3), household_id=houses[2].id,
                text=f"王建国 {WRITTEN[6]} 在家吗", received_at=now, answer={"text": f"{WRITTEN[1]} ok"},
            )
        )  # fmt: skip
        lists = [
            Upload(
                key=key, kind=UploadKind.ROSTER, brought_by="a", name=f"{key}王建国.csv", content=b"x", asked_at=now,
                state=state, created_at=now, village_id=house.village_id, layouts=[{"samples": [WRITTEN[2], "王建国"]}],
            )
            for key, state in (("w", UploadState.WRITTEN), ("r", UploadState.READY))
        ]  # fmt: skip
        session.add_all(lists)
        session.flush()
        session.add(UploadRow(upload_id=lists[0].id, place=0, verdict="same", data={"head": "王建国", "phones": []}))
        for landline in LANDLINE:
            note_update(session, incident_id, UpdateKind.NOTE, now, text=f"李国强家座机{landline}坏了")
        second = houses[1].id
    _close(store, incident_id)
    erased = type_("privacy", "erase", "--household", house.id, "--yes")
    assert erased.exit_code == 0, erased.output
    assert "r王建国.csv" in erased.output
    left = _everything(store)
    assert "1138000010011 no" in left  # another figure, of more digits
    left = left.replace("1138000010011", "")
    assert [each for each in (*WRITTEN, "王建国", "\\u738b\\u5efa") if each in left] == []
    assert [each for each in ("电话13800001002", "的妹妹", "w已删除.csv") if each not in left] == []
    assert type_("privacy", "erase", "--household", second, "--yes").exit_code == 0
    assert [each for each in LANDLINE if each in _everything(store)] == []


def test_a_number_that_somebody_else_has_by_now_and_a_name_of_two_stay_in_notes_and_that_is_said(
    type_: Type, store: Database, incident_id: int
) -> None:
    with store.begin() as session:
        house = _house(session)
        other = session.scalars(select(Household).order_by(Household.id.desc())).first()
        assert other is not None
        other.head, other.note = "王建国", f"王建国 {number(1)}"
        house.phones[0].archived_at = read_clock(session)
        session.flush()
        session.add(Phone(household_id=other.id, number=number(1), kind="mobile", rank=2))
    _close(store, incident_id)
    erased = type_("privacy", "erase", "--household", house.id, "--yes")
    assert erased.exit_code == 0, erased.output
    assert f"! {number(1)}: " in erased.output
    assert "! 王建国: " in erased.output
    with store.begin() as session:
        kept = session.get_one(Household, other.id)
        assert (kept.head, kept.note) == ("王建国", f"王建国 {number(1)}")
        assert session.scalar(select(Phone.number).where(Phone.household_id == other.id, Phone.rank == 2)) == number(1)


def test_who_was_taken_off_a_list_is_forgotten_in_time_and_not_brought_back_without_a_number(
    type_: Type, store: Database, incident_id: int
) -> None:
    with store.begin() as session:
        village_id, now = _house(session).village_id, read_clock(session)
        for at, name in enumerate(("周队员", "钱队员"), start=1):
            one = Responder(village_id=village_id, team=Team.PATROL, name=name, number=f"+861390000888{at}")
            session.add(one)
        session.flush()
        batch = Batch(session, Author("a", Source.PAGE), Action.EDIT_RESPONDERS, now, _zone())
        batch.change(one, archived_at=now)
        session.execute(update(Responder).where(Responder.id == one.id).values(archived_at=now - timedelta(days=800)))
        for alert in session.scalars(select(Alert)):
            alert.first_help = "心脏病"
    assert type_("privacy", "purge").exit_code == 0
    with store.begin() as session:
        assert session.execute(select(Responder.name, Responder.number).order_by(Responder.id)).all() == [
            ("周队员", "+8613900008881"),
            ("钱队员", ""),
        ]
        with pytest.raises(NothingToUndo):
            undo(session, batch.key, Author("a", Source.UNDO), now, _zone())
        session.execute(update(Responder).where(Responder.id == one.id).values(archived_at=now - LONG_AGO))
    _close(store, incident_id, LONG_AGO)
    assert type_("privacy", "purge").exit_code == 0
    left = _everything(store)
    assert ("钱队员" in left, "周队员" in left) == (False, True)
    with store.begin() as session:
        assert set(session.scalars(select(Alert.first_help))) == {""}


def test_periods_are_read_from_one_variable() -> None:
    assert read_periods("looks=365, incidents=0") == {**DEFAULT_DAYS, Kept.LOOKS: 365, Kept.INCIDENTS: 0}
    for wrong in ("looks", "cats=3", "looks=-1", "looks=many"):
        with pytest.raises(ValueError, match="looks=365"):
            read_periods(wrong)
