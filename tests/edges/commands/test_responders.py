"""`responders` and `escalation`, as somebody types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from groups.models.changes import Action, Change
from groups.models.responders import Responder, Team
from tests.edges.conftest import Type

LIST = (
    "墙下陶村巡防值班表,,,\r\n序号,姓名,联系电话,所属队伍,值班时段\r\n"
    "1,何建平,13700000001,治保,周一至周五 18：00-次日6:00\r\n2,郭振华,87999001,巡防队,\r\n"
)


@pytest.fixture
def run(app: Flask) -> Type:
    run: Type = lambda *words: app.test_cli_runner().invoke(args=[str(word) for word in words])  # noqa: E731
    assert run("village", "create", "T01", "墙下陶村").exit_code == 0
    return run


@pytest.fixture
def duty_list(tmp_path: Path) -> Path:
    path = tmp_path / "值班表.csv"
    path.write_bytes(LIST.encode("gb18030"))
    return path


def test_a_duty_list_as_offices_have_it_is_imported_once_and_on_record(run: Type, app: Flask, duty_list: Path) -> None:
    done = run("responders", "import", duty_list, "--village", "T01", "--dry-run")
    assert "nothing written\n新增 2，变更 0，未变 0，有误 0 new 2, changed 0, same 0, error 0" in done.output
    assert "new 2, changed 0" in run("responders", "import", duty_list, "--village", "T01").output
    assert "same 2" in run("responders", "import", duty_list, "--village", "T01").output
    with app.extensions["database"].begin() as session:
        rows = session.scalars(select(Responder).order_by(Responder.id)).all()
        assert [(row.team, row.name, row.number, row.hours, row.may_text) for row in rows] == [
            (Team.SECURITY, "何建平", "+8613700000001", "周一至周五 18:00-06:00", True),
            (Team.PATROL, "郭振华", "+8657487999001", "", False),
        ]
        changes = session.scalars(select(Change).where(Change.action != Action.ADD_VILLAGE))
        assert [change.action for change in changes] == ["edit_responders"] * 2
    listed = run("responders", "list", "--village", "T01").output
    assert "郭振华" in listed
    assert "on duty" in listed
    assert "13700000001" not in listed


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_exported_list_imports_to_the_same(run: Type, duty_list: Path, tmp_path: Path, form: str) -> None:
    run("responders", "import", duty_list, "--village", "T01")
    out = tmp_path / f"out.{form}"
    assert run("responders", "export", "--village", "T01", "--format", form, "--output", out).exit_code == 0
    assert "new 0, changed 0, same 2, error 0" in run("responders", "import", out, "--village", "T01").output


def test_a_list_in_error_is_refused_whole_with_the_row_and_what_is_wrong(run: Type, app: Flask, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    lines = ("姓名,电话,值班时间", "何建平,13700000001,", "郭振华,123,看情况", "何小平,13700000001,")
    wrong.write_text("\n".join(lines), encoding="utf-8")
    done = run("responders", "import", wrong, "--village", "T01")
    assert done.exit_code == 1
    assert "row 3 error 郭振华" in done.output
    assert "看不懂值班时间“看情况”" in done.output
    assert "与第2行相同" in done.output
    with app.extensions["database"].begin() as session:
        assert session.scalars(select(Responder)).all() == []
    wrong.write_text("甲,乙\n1,2\n", encoding="utf-8")
    assert "找不到列：姓名、电话" in run("responders", "import", wrong).output


def test_columns_of_a_duty_list_are_named_to_the_command(run: Type, tmp_path: Path) -> None:
    odd = tmp_path / "odd.csv"
    odd.write_text("甲,乙\n何建平,13700000001\n", encoding="utf-8")
    said = ("--column", "姓名=A", "--column", "电话=B")
    assert "new 1, changed 0" in run("responders", "import", odd, "--village", "T01", *said).output
    assert "is said like" in run("responders", "import", odd, "--village", "T01", "--column", "车牌=A").output


def test_a_policy_is_shown_changed_from_a_file_switched_off_and_inherited(run: Type, tmp_path: Path) -> None:
    shown = run("escalation", "show", "--village", "T01")
    assert [step["after"] for step in json.loads(shown.stdout)["steps"]] == [60, 120, 240]
    assert "built-in" in shown.stderr
    policy = json.loads(shown.stdout)
    policy["steps"][0]["after"] = 30
    own = tmp_path / "policy.json"
    own.write_text(json.dumps(policy), encoding="utf-8")
    assert "version 1" in run("escalation", "set", own, "--by", "陈主任").output
    assert "nothing changed" in run("escalation", "set", own).output
    assert json.loads(run("escalation", "show", "--village", "T01").stdout) == policy
    assert "version 1" in run("escalation", "set", "off", "--village", "T01").output
    assert json.loads(run("escalation", "show", "--village", "T01").stdout)["steps"] == []
    assert "version 2" in run("escalation", "set", "inherit", "--village", "T01").output
    history = run("escalation", "show", "--village", "T01", "--history")
    assert json.loads(history.stdout) == policy
    assert "陈主任" in history.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "不是有效的JSON"),
        ("[]", "steps"),
        ('{"steps": [{"after": 60, "fewer_than": 2, "whom": ["police"]}]}', "whom 须为其中若干"),
    ],
)
def test_what_is_no_policy_is_refused_in_a_line(run: Type, tmp_path: Path, text: str, words: str) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(text, encoding="utf-8")
    done = run("escalation", "set", wrong)
    assert (done.exit_code, words in done.output, len(done.output.splitlines())) == (1, True, 1)
    assert "没有代码" in run("escalation", "set", "off", "--village", "NONE").output
    assert "没有代码" in run("escalation", "show", "--village", "NONE").output
    assert "无法读取" in run("escalation", "set", tmp_path / "none.json").output
