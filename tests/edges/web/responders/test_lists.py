"""Grids, responders and cameras on the web: kept by the village's own head, on record, taken back, in and out."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.event import listen

from config.database import Database
from groups.models.accounts import AccountRole
from groups.models.changes import Change
from groups.models.responders import Camera, Responder, Team
from groups.models.roster import Grid, Group, Village
from groups.responders.jobs import WatchLists
from groups.uploads import jobs
from tests.edges.web.conftest import OTHER_VILLAGE, VILLAGE, SignedIn, Visitor
from tests.edges.web.scenes import settle_group

LISTS = f"/villages/{VILLAGE}/lists"
HE = {
    "team": "巡防",
    "name": "何建平",
    "number": "137 0000 0001",
    "hours": "周一到周五 18点-次日6点",
    "reach": "只打电话",
    "language": "中文",
}


@pytest.fixture
def head(signed_in: SignedIn) -> Visitor:
    return signed_in(AccountRole.VILLAGE_HEAD)


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def _responders(store: Database) -> list[Responder]:
    with store.begin() as session:
        return list(session.scalars(select(Responder).where(Responder.archived_at.is_(None)).order_by(Responder.id)))


def test_a_head_adds_changes_and_takes_off_a_responder_and_undoes_it(store: Database, head: Visitor) -> None:
    added = head.post(f"{LISTS}/responders", HE, of=LISTS, follow_redirects=True)
    assert "何建平已保存。" in added.text
    (row,) = _responders(store)
    assert (row.team, row.number, row.hours, row.may_call, row.may_text) == (
        Team.PATROL,
        "+8613700000001",
        "周一至周五 18:00-06:00",
        True,
        False,
    )
    assert "137 0000 0001" in _text(head.get(LISTS).text)
    head.speak_english()
    assert "Mon-Fri 18:00-06:00" in _text(head.get(LISTS).text)
    assert 'value="Mon-Fri 18:00-06:00"' in head.get(f"{LISTS}/responders/{row.id}").text
    history = _text(head.get(f"/villages/{VILLAGE}/history").text)
    assert "Team Patrol" in history
    assert "Duty hours Mon-Fri 18:00-06:00" in history
    head.client.delete_cookie("language")
    edited = HE | {"hours": ""}
    page = head.post(f"{LISTS}/responders/{row.id}", edited, of=f"{LISTS}/responders/{row.id}", follow_redirects=True)
    assert "正在值班" in _text(page.text)
    head.post(f"{LISTS}/responders/{row.id}/archive", of=f"{LISTS}/responders/{row.id}")
    assert _responders(store) == []
    with store.begin() as session:
        actions = session.scalars(select(Change).order_by(Change.id)).all()
        assert [(each.action, each.changed_by) for each in actions] == [("edit_responders", "village_head")] * 3
        key = actions[-1].batch
    head.post(f"/villages/{VILLAGE}/history/{key}/undo", of=f"/villages/{VILLAGE}/history")
    assert [each.name for each in _responders(store)] == ["何建平"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"number": "123"}, "number-wrong"),
        ({"hours": "看情况"}, "看不懂值班时间“看情况”"),
        ({"name": " "}, "名称须为1至64个字"),
    ],
)
def test_what_cannot_be_kept_is_said_at_its_field_and_what_was_typed_stays(
    store: Database, head: Visitor, change: dict[str, str], words: str
) -> None:
    answer = head.post(f"{LISTS}/responders", HE | change, of=LISTS)
    assert answer.status_code == 422
    assert words in answer.text
    assert "周一到周五" in answer.text or "hours" in change
    assert _responders(store) == []


def test_the_same_number_is_on_a_list_once(store: Database, head: Visitor) -> None:
    head.post(f"{LISTS}/responders", HE, of=LISTS)
    again = head.post(f"{LISTS}/responders", HE | {"name": "何小平"}, of=LISTS)
    assert (again.status_code, "名单上已有何建平" in again.text) == (422, True)
    assert len(_responders(store)) == 1


def test_a_grid_takes_groups_in_and_its_cameras_are_of_it(store: Database, head: Visitor) -> None:
    with store.begin() as session:
        group_id = settle_group(session, VILLAGE).id
    grids, cameras = f"{LISTS}/grids", f"{LISTS}/cameras"
    grid = {"name": "第1网格", "virtual": "虚拟", "groups": "3组"}
    assert "3组" in head.post(grids, grid, of=grids, follow_redirects=True).text
    camera = {"name": "桥头", "landmark": "大樟树下", "grid": "第1网格"}
    assert "第1网格" in _text(head.post(cameras, camera, of=cameras, follow_redirects=True).text)
    with store.begin() as session:
        grid_id = session.get_one(Group, group_id).grid_id
        assert session.scalars(select(Camera.grid_id)).one() == grid_id is not None
    head.post(f"{grids}/{grid_id}/archive", of=f"{grids}/{grid_id}")
    with store.begin() as session:
        assert session.get_one(Group, group_id).grid_id is None
        assert session.scalars(select(Camera.grid_id)).one() is None


def test_a_file_is_shown_before_it_is_taken_in_and_its_export_changes_nothing(store: Database, head: Visitor) -> None:
    table = "姓名,电话,队伍,值班时间\n何建平,13700000001,治保,每天 18:00-06:00\n郭振华,13700000002,,\n"
    address = f"{LISTS}/responders/import"
    brought = head.post(address, {"file": (io.BytesIO(table.encode("gb18030")), "值班.csv")}, of=LISTS)
    assert "新增" in head.get(brought.location).text
    assert _responders(store) == []
    done = head.post(f"{brought.location}/confirm", of=brought.location, follow_redirects=True)
    assert (done.request.path, "导入" in done.text) == (LISTS, True)
    assert [each.name for each in _responders(store)] == ["何建平", "郭振华"]
    for form in ("csv", "xlsx"):
        out = head.get(f"{LISTS}/responders/export/{form}")
        again = head.post(address, {"file": (io.BytesIO(out.data), f"out.{form}")}, of=LISTS)
        assert head.get(again.location).text.count("未变") == 2
    wrong = head.post(address, {"file": (io.BytesIO("姓名,电话\n何,12\n".encode()), "w.csv")}, of=LISTS)
    assert "没有导入" in head.get(wrong.location).text
    assert "/confirm" not in head.get(wrong.location).text
    refused = head.post(f"{wrong.location}/confirm", of=wrong.location, follow_redirects=True)
    assert "共1行有误" in refused.text
    assert len(_responders(store)) == 2


def test_a_grids_list_puts_groups_into_grids_and_its_export_changes_nothing(store: Database, head: Visitor) -> None:
    with store.begin() as session:
        group_id = settle_group(session, VILLAGE).id
    address = f"{LISTS}/grids/import"
    table = "网格,类型,联防组\n第1网格,虚拟,3组\n第2网格,,\n"
    brought = head.post(address, {"file": (io.BytesIO(table.encode()), "网格.csv")}, of=LISTS).location
    head.post(f"{brought}/confirm", of=brought)
    with store.begin() as session:
        grids = {grid.name: grid.id for grid in session.scalars(select(Grid))}
        assert session.get_one(Group, group_id).grid_id == grids["第1网格"]
    out = head.get(f"{LISTS}/grids/export/csv").data
    assert (
        head.get(head.post(address, {"file": (io.BytesIO(out), "out.csv")}, of=LISTS).location).text.count("未变") == 2
    )
    moved = "网格,联防组\n第2网格,3组\n".encode()
    brought = head.post(address, {"file": (io.BytesIO(moved), "网格.csv")}, of=LISTS).location
    head.post(f"{brought}/confirm", of=brought)
    with store.begin() as session:
        assert session.get_one(Group, group_id).grid_id == grids["第2网格"]
        key = session.scalars(select(Change.batch).order_by(Change.id.desc())).first()
    head.post(f"/villages/{VILLAGE}/history/{key}/undo", of=f"/villages/{VILLAGE}/history")
    with store.begin() as session:
        assert session.get_one(Group, group_id).grid_id == grids["第1网格"]


def test_columns_of_a_duty_list_are_named_where_nobody_could_tell(store: Database, head: Visitor) -> None:
    content = "甲,乙\n何建平,13700000001\n".encode()
    page = head.post(f"{LISTS}/responders/import", {"file": (io.BytesIO(content), "w.csv")}, of=LISTS).location
    assert "找不到列：姓名、电话" in head.get(page).text
    head.post(f"{page}/columns", {"column-0-0": "name", "column-0-1": "number"}, of=page)
    head.post(f"{page}/confirm", of=page)
    assert [each.number for each in _responders(store)] == ["+8613700000001"]


def test_a_list_is_its_bringers_and_its_kinds(store: Database, head: Visitor, signed_in: SignedIn) -> None:
    content = "姓名,电话\n何建平,13700000001\n".encode()
    own = head.post(f"{LISTS}/responders/import", {"file": (io.BytesIO(content), "w.csv")}, of=LISTS).location
    admin = signed_in(AccountRole.ADMIN)
    assert admin.get(own).status_code == 404
    assert signed_in(AccountRole.LIAISON).get(own).status_code == 403
    centre = admin.post("/centre/import", {"file": (io.BytesIO(content), "w.csv")}, of="/centre").location
    assert head.get(centre).status_code == 404
    assert admin.post(f"{centre}/confirm", of=centre).location == "/centre"
    assert [each.village_id for each in _responders(store)] == [None]


def test_a_thousand_responders_are_written_in_a_few_statements(store: Database, head: Visitor, web: Flask) -> None:
    lines = "".join(
        f"何{at},1370000{at:04},{'巡防' if at % 2 else '治保'},周一至周五 18:00-06:00\n" for at in range(1000)
    )
    content = ("姓名,电话,队伍,值班时间\n" + lines).encode()
    waiting: list[int] = []

    def enlist(upload_id: int) -> bool:
        waiting.append(upload_id)
        return True

    web.extensions["enlist_upload"] = enlist
    page = head.post(f"{LISTS}/responders/import", {"file": (io.BytesIO(content), "w.csv")}, of=LISTS).location
    assert waiting, "a file of 50 kB is not read by the page"
    statements: list[str] = []
    listen(store.engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: statements.append(statement))
    with web.app_context():
        jobs.work_on_upload(waiting[0])
        head.post(f"{page}/confirm", of=page)
        statements.clear()
        jobs.work_on_upload(waiting[1])
    assert len(_responders(store)) == 1000
    assert len(statements) < 60


@pytest.mark.parametrize("meant_otherwise", [False, True])
def test_a_list_that_was_judged_before_another_edit_is_judged_again_before_it_is_written(
    store: Database, head: Visitor, monkeypatch: pytest.MonkeyPatch, meant_otherwise: bool
) -> None:
    content = "姓名,电话\n何建平,13700000001\n".encode()
    page = head.post(f"{LISTS}/responders/import", {"file": (io.BytesIO(content), "w.csv")}, of=LISTS).location
    prepare = WatchLists.prepare
    prepared: list[Any] = []

    def edit_behind(self: WatchLists, database: Database, *rest: Any) -> Any:
        found = prepare(self, database, *rest)
        if not prepared:
            with database.begin() as session:
                village = session.scalars(select(Village).where(Village.code == VILLAGE)).one()
                number = "+8613700000001" if meant_otherwise else "+8613700000002"
                session.add(Responder(village_id=village.id, team=Team.GUARDS, name="别人", number=number))
        prepared.append(found)
        return found

    monkeypatch.setattr(WatchLists, "prepare", edit_behind)
    head.post(f"{page}/confirm", of=page)
    found = {(each.name, each.team) for each in _responders(store)}
    if meant_otherwise:
        assert found == {("别人", Team.GUARDS)}, "nobody has said that this one is to be changed"
        assert "名单在此期间有改动" in head.get(page).text or head.get(page).status_code == 200
    else:
        assert found == {("别人", Team.GUARDS), ("何建平", Team.SECURITY)}
    assert len(prepared) >= 2


def test_another_village_is_not_there_for_a_head_and_a_liaison_only_reads(
    store: Database, head: Visitor, signed_in: SignedIn
) -> None:
    with store.begin() as session:
        other = session.scalars(select(Village).where(Village.code == OTHER_VILLAGE)).one()
        row = Responder(village_id=other.id, team=Team.SECURITY, name="罗国庆", number="+8613700000009")
        session.add(row)
        session.flush()
        row_id = row.id
    strange = f"/villages/{OTHER_VILLAGE}/lists"
    assert head.get(strange).status_code == 404
    assert head.get(f"{LISTS}/responders/{row_id}").status_code == 404
    assert head.get(f"{LISTS}/secrets").status_code == 404
    assert head.post(f"{strange}/responders", HE, of=LISTS).status_code == 404
    assert head.post(f"{LISTS}/responders/{row_id}", HE, of=LISTS).status_code == 404
    liaison = signed_in(AccountRole.LIAISON)
    page = liaison.get(strange).text
    assert "罗国庆" in page
    assert "watch" not in page
    assert "移出名单" not in page
    assert liaison.post(f"{strange}/responders", HE).status_code in {403, 404}
    assert signed_in(AccountRole.ADMIN).get(strange).status_code == 200
    assert len(_responders(store)) == 1
