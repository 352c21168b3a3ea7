"""The import pages: file or cells, columns, preview, confirm, result, undo."""

from __future__ import annotations

import io
import re
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import func, select, update
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from config.database import Database, read_clock
from groups.models.accounts import AccountRole
from groups.models.batch import Author
from groups.models.changes import Change, Source
from groups.models.roster import Group, Household, Phone, PhoneKind, Village
from groups.models.uploads import Upload, UploadKind, UploadState
from groups.roster.imports.jobs import RosterLists
from groups.uploads import jobs, uploads
from joint_defense.processes.queues import BULK, get_queue
from tests.edges.web.conftest import OTHER_VILLAGE, VILLAGE, SignedIn, Visitor

ROSTERS = Path(__file__).parents[3] / "data" / "rosters"
IMPORT = f"/villages/{VILLAGE}/import"


@pytest.fixture
def head(signed_in: SignedIn) -> Visitor:
    return signed_in(AccountRole.VILLAGE_HEAD)


def bring(visitor: Visitor, content: bytes, name: str, path: str = IMPORT, **form: str) -> TestResponse:
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get(path).text)
    assert token is not None
    file = FileStorage(io.BytesIO(content), filename=name)
    boundary, body = encode_multipart({"csrf_token": token[1], "file": file} | form)
    kind = f"multipart/form-data; boundary={boundary}"
    return visitor.client.post(path, data=body, content_type=kind, headers={"Accept": "text/html"})


def brought(visitor: Visitor, content: bytes, name: str = "list.csv", **form: str) -> str:
    """The address of a list that was taken."""
    answer = bring(visitor, content, name, **form)
    assert answer.status_code == 303, answer.text
    return answer.location


def listed(*people: tuple[str, str, str], heading: str = "联防组,户主,电话") -> bytes:
    return (heading + "\n" + "".join(f"{','.join(one)}\n" for one in people)).encode()


def heads(store: Database) -> list[str]:
    with store.begin() as session:
        return list(session.scalars(select(Household.head).where(Household.archived_at.is_(None)).order_by("id")))


def verdicts(page: str) -> list[tuple[str, str]]:
    """What the page says row by row: the verdict and the household."""
    items = re.findall(r'<span class="verdict verdict-(\w+)">.*?<strong>(.*?)</strong>', page, re.DOTALL)
    return [(verdict, household) for verdict, household in items]


TWO = (("1组", "王一", "19900640001"), ("1组", "李二", "19900640002"))


def test_a_messy_workbook_is_shown_row_by_row_and_saved_only_when_confirmed(head: Visitor, store: Database) -> None:
    address = brought(head, (ROSTERS / "b-messy.xlsx").read_bytes(), "b-messy.xlsx")
    page = head.get(address).text
    assert heads(store) == []
    assert [verdict for verdict, _ in verdicts(page)] == ["error"] + ["warning"] * 3 + ["new"] * 40, "the worst first"
    assert "第48行" in page
    assert "1378888" in page
    assert "确认：保存43户" in page
    assert [verdict for verdict, _ in verdicts(head.get(f"{address}?show=error").text)] == ["error"]

    done = head.post(f"{address}/confirm", of=address, follow_redirects=True)
    assert "新增43户" in done.text
    assert len(heads(store)) == 43
    with store.begin() as session:
        made = session.execute(select(Change.source, Change.changed_by, func.count()).group_by("source", "changed_by"))
        assert {tuple(row[:2]) for row in made} == {(Source.IMPORT, "village_head")}


def test_an_import_is_undone_as_a_whole(head: Visitor, store: Database) -> None:
    first = brought(head, listed(*TWO))
    head.post(f"{first}/confirm", of=first)
    second = brought(head, listed(("1组", "王一", "19900640009"), ("2组", "张三", "19900640003")), complete="1")
    assert "十分之一" in head.get(second).text
    head.post(f"{second}/confirm", {"once_more": "1"}, of=second)
    assert heads(store) == ["王一", "张三"]
    done = head.post(f"{second}/undo", of=second, follow_redirects=True)
    assert "导入已撤销" in done.text
    assert heads(store) == ["王一", "李二"]
    with store.begin() as session:
        active = select(Phone.number).where(Phone.archived_at.is_(None)).order_by("number")
        assert list(session.scalars(active)) == ["+8619900640001", "+8619900640002"]
        assert list(session.scalars(select(Group.name).where(Group.archived_at.is_(None)))) == ["1组"]
    assert f"{second}/undo" not in done.text, "once is enough"


def test_what_was_changed_since_stays_and_the_rest_of_the_import_is_undone(head: Visitor, store: Database) -> None:
    address = brought(head, listed(*TWO))
    head.post(f"{address}/confirm", of=address)
    with store.begin() as session:
        session.execute(update(Household).where(Household.head == "王一").values(head="王新"))
    refused = head.post(f"{address}/undo", of=address)
    assert (refused.status_code, heads(store)) == (409, ["王新", "李二"])
    assert "what_can_be" in refused.text
    head.post(f"{address}/undo", {"what_can_be": "1"}, of=address)
    assert heads(store) == ["王新"]


def test_cells_may_be_pasted_and_their_columns_named(head: Visitor, store: Database) -> None:
    pasted = "甲\t乙\t丙\n王一\t19900640001\t19900640003\n李二\t19900640002\t\n"
    answer = head.post(IMPORT, {"cells": pasted}, of=IMPORT)
    page = head.get(answer.location)
    assert "各列含义" in page.text
    head.post(
        f"{answer.location}/columns",
        {"column-0-0": "head", "column-0-1": "mobile", "column-0-2": "second"},
        of=answer.location,
    )
    page = head.get(answer.location)
    assert ("new", "王一") in verdicts(page.text)
    assert "199 0064 0001、199 0064 0003" in page.text


def test_a_list_in_which_no_column_is_understood_asks_for_them(head: Visitor) -> None:
    address = brought(head, "甲,乙\n一,二\n三,四\n".encode())
    assert "请在下面指明哪一列是户主" in head.get(address).text
    head.post(f"{address}/columns", {"column-0-0": "head", "column-0-1": "mobile"}, of=address)
    assert "逐行查看" in head.get(address).text


def test_what_stays_is_folded_behind_what_wants_eyes(head: Visitor) -> None:
    first = brought(head, listed(*TWO))
    head.post(f"{first}/confirm", of=first)
    page = head.get(brought(head, listed(*TWO, ("1组", "张三", "1378888")))).text
    assert [verdict for verdict, _ in verdicts(page)] == ["warning", "same", "same"]
    folded = page[page.index("2行没有变化") :]
    assert [household for _, household in verdicts(folded)] == ["1组 王一", "1组 李二"]


def test_what_was_guessed_and_left_out_is_said_above_the_rows(head: Visitor) -> None:
    content = listed(("第一组", "王一", "19900640001"), ("1组", "李二", "19900640002"), ("1组", "空房", ""))
    page = head.get(brought(head, content)).text
    assert "写法不同的同一个组已合并" in page
    assert "第一组、1组→1组" in page
    assert "没有住户的行未采用 · 第4行" in page


def test_a_list_of_another_village_says_so_and_is_written_only_by_whoever_insists(
    head: Visitor, signed_in: SignedIn, store: Database
) -> None:
    doors = [(f"1-{at}", at) for at in range(1, 9)]
    own = listed(*((door, f"王{at}", f"1990064010{at}") for door, at in doors), heading="门牌,户主,电话")
    first = brought(head, own)
    head.post(f"{first}/confirm", of=first)
    stranger = signed_in(AccountRole.ADMIN)
    others = listed(*((door, f"李{at}", f"1990064020{at}") for door, at in doors), heading="门牌,户主,电话")
    there = f"/villages/{OTHER_VILLAGE}/import"
    address = bring(stranger, others, "list.csv", path=there).location
    stranger.post(f"{address}/confirm", of=address)

    wrong = brought(head, others)
    page = head.get(wrong).text
    with store.begin() as session:
        names = dict(session.execute(select(Village.code, Village.name)).all())
    assert "这可能是别的村的名单。" in page
    assert f"8户的户主或全部号码会被换掉。 它更像{names[OTHER_VILLAGE]}的名单。" in page
    assert "btn-danger" in page
    assert head.post(f"{wrong}/confirm", of=wrong).status_code == 422
    assert "王1" in heads(store)
    head.post(f"{wrong}/confirm", {"once_more": "1"}, of=wrong)
    assert "王1" not in heads(store)


def test_a_number_of_another_village_is_told_to_a_head_without_a_name(
    head: Visitor, signed_in: SignedIn, store: Database
) -> None:
    admin = signed_in(AccountRole.ADMIN)
    there = f"/villages/{OTHER_VILLAGE}/import"
    address = bring(admin, listed(("1组", "周玉永", "19900640077")), "list.csv", path=there).location
    admin.post(f"{address}/confirm", of=address)
    again = listed(("1组", "王一", "19900640077"))
    page = head.get(brought(head, again)).text
    assert "的一户" in page
    assert "周玉永" not in page
    own = bring(admin, again, "list.csv", path=IMPORT).location
    assert "周玉永" in admin.get(own).text


def test_what_changes_is_shown_with_what_it_was(head: Visitor) -> None:
    first = brought(head, listed(*TWO))
    head.post(f"{first}/confirm", of=first)
    page = head.get(brought(head, listed(("1组", "王一", "19900640005"), ("1组", "李二", "19900640002")))).text
    assert [verdict for verdict, _ in verdicts(page)] == ["changed", "same"]
    assert re.search(r"<del>199 0064 0001</del>\s*→\s*<ins>199 0064 0005</ins>", page)


def test_a_roster_that_changed_since_the_preview_is_shown_again_and_not_overwritten(
    head: Visitor, store: Database
) -> None:
    address = brought(head, listed(*TWO))
    with store.begin() as session:
        village = session.scalar(select(Village.id).where(Village.code == VILLAGE))
        neighbour = Household(village_id=village, head="赵六", door="")
        neighbour.phones.append(Phone(number="+8619900640002", kind=PhoneKind.MOBILE))
        session.add(neighbour)
    page = head.post(f"{address}/confirm", of=address, follow_redirects=True).text
    assert "您查看之后名册又有改动" in page
    assert heads(store) == ["赵六"]
    assert "已登记在“赵六”" in page
    assert "您查看之后" not in head.post(f"{address}/confirm", of=address, follow_redirects=True).text
    assert sorted(heads(store)) == ["李二", "王一", "赵六"]


def test_two_taps_on_confirm_write_once(head: Visitor, store: Database) -> None:
    address = brought(head, listed(*TWO))
    for _ in range(2):
        assert head.post(f"{address}/confirm", of=address).status_code == 303
    assert heads(store) == ["王一", "李二"]


def test_rows_in_error_are_downloaded_with_their_reason(head: Visitor) -> None:
    address = brought(head, listed(("1组", "", "19900640001"), ("1组", "李二", "19900640002")))
    answer = head.get(f"{address}/errors.xlsx")
    sheet: Any = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][-1] == "原因"
    assert "没有户主" in rows[1][-1]
    sound = brought(head, listed(*TWO))
    assert head.get(f"{sound}/errors.xlsx").status_code == 404


def test_what_is_to_be_mended_comes_in_the_sheet_as_it_was_and_goes_in_again(head: Visitor, store: Database) -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = "名册"
    for row in [
        ["东街村名册", "", "", "", "", ""],
        ["组别", "门牌号", "姓名", "身份证号", "联系方式", ""],
        ["", "", "", "", "手机", "固话"],
        ["1组", "3-1", "王一", "330000190001010011", "19900640001", ""],
        ["", "3-2", "", "330000190001010022", "19900640002", "88000002"],
        ["", "", "", "", "19900640012", ""],
        ["", "3-3", "张三", "", "1990064000", ""],
        ["2组", "3-4", "李四", "", "19900640004", ""],
    ]:
        sheet.append(row)
    sheet.merge_cells("E2:F2")
    content = io.BytesIO()
    book.save(content)
    address = brought(head, content.getvalue(), "list.xlsx")
    mended = openpyxl.load_workbook(io.BytesIO(head.get(f"{address}/errors.xlsx").data))
    own: Any = mended["名册"]
    rows = [[cell or "" for cell in row] for row in own.iter_rows(values_only=True)]
    assert rows[0][:4] == ["组别", "门牌号", "姓名", "身份证号"]
    assert rows[1][4:] == ["手机", "固话", "原文件行号", "原因"]
    assert [row[:6] for row in rows[2:]] == [
        ["1组", "3-2", "", "330000190001010022", "19900640002", "88000002"],
        ["1组", "", "", "", "19900640012", ""],
        ["1组", "3-3", "张三", "", "1990064000", ""],
    ]
    assert all(row[-1] for row in rows[2:])
    own["C3"], own["E5"] = "赵六", "19900640003"
    own.delete_rows(4)
    back = io.BytesIO()
    mended.save(back)
    head.post(f"{address}/confirm", of=address)
    again = brought(head, back.getvalue(), "mended.xlsx")
    page = head.get(again).text
    assert [row for row in verdicts(page) if row[0] in {"error", "warning"}] == [], page[page.index("逐行") :]
    head.post(f"{again}/confirm", of=again)
    assert sorted(heads(store)) == ["张三", "李四", "王一", "赵六"]


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "list.csv", "没有内容"),
        (b"MZ\x90", "list.exe", "只能读取"),
        (b"junk", "list.xlsx", "不是有效的表格文件"),
        (b"<html><table>", "list.xls", "这是网页"),
        (b"PK\x03\x04", "list.xlsm", "含有宏"),
        (b"0" * 10_000_001, "list.csv", "10MB"),
    ],
)
def test_what_is_no_list_is_refused_in_words(
    head: Visitor, store: Database, content: bytes, name: str, reason: str
) -> None:
    answer = bring(head, content, name)
    page = head.get(answer.location).text if answer.status_code == 303 else answer.text
    assert reason in page
    assert heads(store) == []


def test_a_body_beyond_all_measure_is_refused_before_it_is_read(head: Visitor) -> None:
    answer = bring(head, b"0" * 12_000_000, "list.csv")
    assert (answer.status_code, "内容太大" in answer.text) == (413, True)


def test_a_list_is_its_bringers_alone_and_only_for_a_day(head: Visitor, signed_in: SignedIn, store: Database) -> None:
    address = brought(head, listed(*TWO))
    admin = signed_in(AccountRole.ADMIN)
    for path in (address, f"{address}/progress", f"{address}/errors.xlsx", "/imports/guessed"):
        assert admin.get(path).status_code == 404
    assert admin.post(f"{address}/confirm").status_code == 404
    assert head.get(f"/villages/{OTHER_VILLAGE}/import").status_code == 404
    for role in (AccountRole.OPERATOR, AccountRole.LIAISON):
        assert signed_in(role).get(IMPORT).status_code == 403
    with store.begin() as session:
        session.execute(update(Upload).values(expires_at=Upload.created_at))
    assert head.get(address).status_code == 404
    brought(head, listed(*TWO))
    with store.begin() as session:
        assert session.scalar(select(func.count(Upload.id))) == 1, "what has expired is gone"


# Large lists


LARGE_LIST = listed(
    *((f"{at // 10}组", f"王{at}", f"1990064{at:04},{'很长的备注' * 40}") for at in range(400)),
    heading="联防组,户主,电话,备注",
)


def test_a_large_list_goes_to_the_bulk_worker_and_its_page_shows_how_far_it_is(
    head: Visitor, web: Flask, store: Database
) -> None:
    waiting: list[int] = []

    def enlist(upload_id: int) -> bool:
        waiting.append(upload_id)
        return True

    web.extensions["enlist_upload"] = enlist
    address = brought(head, LARGE_LIST)
    assert "正在排队" in head.get(address).text
    assert "HX-Redirect" not in head.get(f"{address}/progress").headers
    with web.app_context():
        jobs.work_on_upload(waiting[0])
    assert head.get(f"{address}/progress").headers["HX-Redirect"] == address
    assert "400" in head.get(address).text
    assert head.get(f"{address}?page=4").text.count('class="verdict ') == 100
    with web.app_context():
        jobs.work_on_upload(waiting[0])
    head.post(f"{address}/confirm", of=address)
    with web.app_context():
        jobs.work_on_upload(waiting[1])
    assert "新增400户" in head.get(address).text
    assert len(heads(store)) == 400


def test_a_list_that_no_worker_takes_is_looked_through_by_the_page_that_asks(
    head: Visitor, web: Flask, store: Database
) -> None:
    web.extensions["enlist_upload"] = lambda upload_id: True
    address = brought(head, LARGE_LIST)
    with store.begin() as session:
        upload = session.scalars(select(Upload)).one()
        upload.asked_at -= timedelta(seconds=30)
        other = uploads.keep_upload(
            session, UploadKind.ROSTER, "a.csv", b"a", Author("x", Source.COMMAND), upload.asked_at
        )
        other.taken_at = upload.asked_at + timedelta(seconds=30)
    assert "正在排队" in head.get(address).text, "it waits behind another one, which somebody is at work on"
    with store.begin() as session:
        session.delete(session.get_one(Upload, other.id))
    assert head.get(address, follow_redirects=True).text.count('class="verdict ') == 100
    with store.begin() as session:
        assert session.scalar(select(Upload.state)) is UploadState.READY


def test_a_list_that_somebody_works_on_is_left_to_them(head: Visitor, web: Flask, store: Database) -> None:
    web.extensions["enlist_upload"] = lambda upload_id: True
    brought(head, LARGE_LIST)
    with store.begin() as session:
        upload = session.scalars(select(Upload)).one()
        upload.taken_at = upload.asked_at
        number = upload.id
    with web.app_context():
        jobs.work_on_upload(number)
    with store.begin() as session:
        assert session.scalar(select(Upload.state)) is UploadState.READING


def test_a_real_worker_looks_a_list_through_and_writes_it_while_its_page_shows_how_far_it_is(
    head: Visitor, web: Flask, store: Database, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk = get_queue(BULK, Redis.from_url(redis_url))
    bulk.delete()
    address = brought(head, LARGE_LIST)
    assert "正在排队" in head.get(address).text, "Redis has it, and nobody has taken it yet"
    shown: list[str] = []
    tell = jobs._tell

    def tell_and_look(database: Database, upload_id: int, percent: int | None) -> None:
        tell(database, upload_id, percent)
        if percent is not None:  # a sign of life, which comes where the machine is slow
            shown.append(head.get(address if len(shown) % 2 else f"{address}/progress").text)

    monkeypatch.setattr(jobs, "_tell", tell_and_look)
    assert work_through(web, bulk) == 1
    assert all('<progress class="bar" max="100" value="' in page for page in shown)
    assert [percents(page) for page in shown] == [[percent] for percent in (30, 40, 49, 62, 76, 85)]
    assert all("正在查看" in page for page in shown)
    assert len(verdicts(head.get(address).text)) == 100
    assert heads(store) == []

    shown.clear()
    head.post(f"{address}/confirm", of=address)
    assert "正在排队" in head.get(address).text
    assert work_through(web, bulk) == 1
    assert all("正在写入" in page for page in shown)
    told = [15, 20, 25, 32, 40] if store.is_sqlite else [15, 20, 25, 32, 40, 45, 55, 60, 70, 80, 90, 95]
    assert [percents(page) for page in shown] == [[percent] for percent in told]
    assert "新增400户" in head.get(address).text
    assert len(heads(store)) == 400


def work_through(web: Flask, bulk: Queue) -> int:
    """What RQ's own worker finds in the queue; how many jobs that was, all of them done."""
    waiting = len(bulk)
    worker = SimpleWorker([bulk], connection=bulk.connection, serializer=JSONSerializer)
    with web.app_context():
        worker.work(burst=True, logging_level="WARNING")
    assert (len(bulk), bulk.failed_job_registry.count) == (0, 0)
    return waiting


def percents(page: str) -> list[int]:
    return [int(found) for found in re.findall(r"(\d+) ?%</p>", page)]


@pytest.mark.parametrize("state", [UploadState.READING, UploadState.WRITING])
def test_a_list_whose_worker_has_died_says_so_and_is_tried_again(
    head: Visitor, web: Flask, store: Database, state: UploadState
) -> None:
    address = brought(head, LARGE_LIST)
    web.extensions["enlist_upload"] = lambda upload_id: True
    with store.begin() as session:
        upload = session.scalars(select(Upload)).one()
        upload.state, upload.taken_at, upload.progress = state, read_clock(session) - timedelta(seconds=20), 60
    assert "60" in head.get(address).text, "it may still be at work"
    with store.begin() as session:
        upload = session.scalars(select(Upload)).one()
        upload.taken_at = read_clock(session) - timedelta(seconds=31)
    assert head.get(f"{address}/progress").headers["HX-Redirect"] == address
    page = head.get(address).text
    assert "已中断" in page
    assert "重试" in page
    assert heads(store) == []
    web.extensions["enlist_upload"] = lambda upload_id: False
    assert head.post(f"{address}/again", of=address).location == address
    head.post(f"{address}/confirm", of=address)
    assert len(heads(store)) == 400


def test_work_on_a_list_that_fails_leaves_it_to_be_tried_again(
    head: Visitor, web: Flask, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.extensions["enlist_upload"] = lambda upload_id: True
    address = brought(head, LARGE_LIST)
    with monkeypatch.context() as broken, web.app_context():
        broken.setattr(RosterLists, "look", lambda *given, **named: 1 / 0)
        with store.begin() as session:
            number = session.scalars(select(Upload.id)).one()
        with pytest.raises(ZeroDivisionError):
            jobs.work_on_upload(number)
    assert "已中断" in head.get(address).text
    web.extensions["enlist_upload"] = lambda upload_id: False
    head.post(f"{address}/again", of=address)
    assert len(verdicts(head.get(address).text)) == 100


def test_whoever_works_on_a_list_gives_signs_of_life(
    head: Visitor, web: Flask, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SIGN_OF_LIFE", timedelta(milliseconds=10))
    signs = threading.Event()
    tell = jobs._tell

    def note(database: Database, upload_id: int, percent: int | None) -> None:
        tell(database, upload_id, percent)
        if percent is None:
            signs.set()

    monkeypatch.setattr(jobs, "_tell", note)
    look = RosterLists.look

    def slowly(*given: Any, **named: Any) -> Any:
        assert signs.wait(5)
        return look(*given, **named)

    monkeypatch.setattr(RosterLists, "look", slowly)
    web.extensions["enlist_upload"] = lambda upload_id: False
    assert verdicts(head.get(brought(head, LARGE_LIST)).text)[0] == ("new", "0组 王0")
