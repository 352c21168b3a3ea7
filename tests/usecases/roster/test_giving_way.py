"""On SQLite an alarm goes before a whole list that is being written: the list is taken back and written once more."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from config.database import Database, GaveWay, give_way, read_clock
from groups.history.undo import undo
from groups.models.batch import Author
from groups.models.changes import Change, Source
from groups.models.roster import Household, Village
from groups.models.uploads import Upload, UploadKind, UploadState
from groups.roster.imports.jobs import RosterLists
from groups.uploads import jobs, uploads

BY = Author("头人", Source.IMPORT)
ZONE = ZoneInfo("Asia/Shanghai")
PATIENCE = 30.0
LIST = ("联防组,户主,门牌号,电话\n" + "".join(f"1组,陶国{at},{at}号,1370{at:07}\n" for at in range(30))).encode()


class _Town:
    """As much of the settings as reading a list asks for."""

    default_region, default_area_code, zone, countries = "CN", "574", ZONE, ()


def _bring(database: Database, kind: Any) -> int:
    with database.begin() as session:
        village = Village(code="QX", name="墙下陶村")
        session.add(village)
        session.flush()
        now = read_clock(session)
        kept = uploads.keep_upload(session, UploadKind.ROSTER, "a.csv", LIST, BY, now, village_id=village.id)
        upload_id = kept.id
    _work(database, kind, upload_id)
    with database.begin() as session:
        uploads.confirm(session.get_one(Upload, upload_id), BY, now, once_more=True)
    return upload_id


def _work(database: Database, kind: Any, upload_id: int) -> None:
    jobs.work_on(database, _Town(), {UploadKind.ROSTER: kind}, upload_id)  # type: ignore[arg-type]


class _Interrupted(RosterLists):
    """A list of households in whose writing an alarm comes, so many times."""

    def __init__(self, alarms: Database, times: int) -> None:
        self.alarms, self.times, self.written = alarms, times, 0
        self.came: list[threading.Thread] = []

    def write(self, session: Any, *given: Any) -> Any:
        self.written += 1
        preview = super().write(session, *given)
        if self.written <= self.times:
            self.came.append(threading.Thread(target=self._raise_alarm, daemon=True))
            self.came[-1].start()
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline:  # all is in the transaction, and the alarm waits for it
                time.sleep(0.03)
                give_way(session)
            pytest.fail("nobody asked for the lock")
        return preview

    def _raise_alarm(self) -> None:
        with self.alarms.begin() as session:
            session.get_one(Village, 1).name_en = f"after {session.scalar(select(func.count(Household.id)))}"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("alarms_in_one_process", [True, False])
def test_an_alarm_goes_before_a_whole_list_which_is_then_written_as_one(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, alarms_in_one_process: bool
) -> None:
    monkeypatch.setattr(jobs, "_PAUSES", (0.5, 0.5, 0.5))
    other = Database(database_url)
    if alarms_in_one_process:
        other._turn = database._turn
    kind = _Interrupted(other, 2)
    # Half a second lets the alarm through, on a machine that is not busy; here it is waited for.
    monkeypatch.setattr(jobs, "time", SimpleNamespace(sleep=lambda _: kind.came[-1].join(PATIENCE)))
    upload_id = _bring(database, kind)
    _work(database, kind, upload_id)
    assert kind.written == 3
    with database.begin() as session:
        assert session.get_one(Village, 1).name_en == "after 0"  # nothing of the list was there yet
        assert session.get_one(Upload, upload_id).state is UploadState.WRITTEN
        assert session.scalar(select(func.count(Household.id))) == 30
        batches = list(session.scalars(select(Change.batch).distinct()))
        assert len(batches) == 1
        undo(session, batches[0], BY, read_clock(session), ZONE)
        left = select(func.count(Household.id)).where(Household.archived_at.is_(None))
        assert session.scalar(left) == 0
    other.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_where_alarms_never_end_the_list_is_broken_off_and_can_be_tried_again(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_PAUSES", (0.0,))
    other = Database(database_url)
    kind = _Interrupted(other, 2)
    upload_id = _bring(database, kind)
    with pytest.raises(GaveWay):
        _work(database, kind, upload_id)
    for thread in kind.came:
        thread.join(PATIENCE)
    with database.begin() as session:
        upload = session.get_one(Upload, upload_id)
        assert upload.state is UploadState.BROKEN
        assert session.scalar(select(func.count(Household.id))) == 0
        uploads.try_again(upload, read_clock(session))
    _work(database, kind, upload_id)
    with database.begin() as session:
        assert session.scalar(select(func.count(Household.id))) == 30
    other.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_may_wait_presses_nobody(database: Database, database_url: str) -> None:
    other = Database(database_url)
    page = threading.Thread(target=lambda: _write(other.patient()), daemon=True)
    with database.begin(gives_way=True) as session:
        session.add(Village(code="QX", name="墙下陶村"))
        session.flush()
        page.start()
        time.sleep(0.5)
        give_way(session)
    page.join(PATIENCE)
    with database.begin() as session:
        assert session.scalar(select(func.count(Village.id))) == 2
    other.close()


def _write(database: Database) -> None:
    with database.begin() as session:
        session.add(Village(code="SJ", name="四甲村"))
