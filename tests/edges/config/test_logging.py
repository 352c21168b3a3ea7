"""Logs: JSON lines in which no phone number can be read."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import text as sql
from sqlalchemy.exc import StatementError

from config.database import Database
from config.logging import configure, mask_numbers


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    root.handlers[:], root.level = before[0], before[1]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+8613805740001", "+86138****0001"),
        ("8613805740001", "86138****0001"),
        ("13805740001", "1380****0001"),
        ("057488805255", "05748****5255"),
        ("to=+8613805740001, from=+8657412345678", "to=+86138****0001, from=+86574****5678"),
        ("To:+8613805740001", "To:+86138****0001"),
        ("The number +8613805740001 is not valid.", "The number +86138****0001 is not valid."),
        ("call to 13805740001.", "call to 1380****0001."),
        ("('+8613805740001',)", "('+86138****0001',)"),
        ("sms:+8613805740001:x", "sms:+86138****0001:x"),
        ("张三13805740001李四", "张三1380****0001李四"),
        ("/sim/handsets/+8613805740001/dial", "/sim/handsets/+86138****0001/dial"),
        ("+441632960961", "+44163****0961"),
    ],
)
def test_a_number_is_masked_wherever_it_stands(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        *("", "110", "2026-11-23T21:07:03.123456Z", "incident 123456", "took 0.1234567890123 s", "127.0.0.1:8000"),
        *("CA0123456789abcdef0123456789abcdef", "AC00000000000000000000000000000001", "1763856000.1234567"),
    ],
)
def test_what_is_no_number_is_left_alone(text: str) -> None:
    assert mask_numbers(text) == text


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_every_record_is_a_json_line_with_its_numbers_masked(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO")
    log = structlog.stdlib.get_logger("tests")
    log.info("rung", number="+8613805740001", numbers=["13805740001"], form={"From": "+8613805740001"}, count=3)
    logging.getLogger("elsewhere").warning("called %s", "+8613805740001")
    log.debug("unheard")
    first, second = lines(capsys)
    assert (first["event"], first["level"], first["logger"], first["count"]) == ("rung", "info", "tests", 3)
    assert "event" in second
    assert "13805740001" not in json.dumps([first, second])


def test_a_failure_is_logged_with_its_traceback_and_without_its_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO")
    try:
        raise ValueError("[parameters: {'number': '+8613805740001', 'other': '+8613805740002'}]")
    except ValueError:
        structlog.stdlib.get_logger("tests").exception("failed", failure_id="abcd1234")
    (record,) = lines(capsys)
    assert "Traceback" in str(record["exception"])
    assert record["failure_id"] == "abcd1234"
    assert "1380574" not in json.dumps(record)


def test_a_database_error_is_logged_without_its_values_and_without_the_row_that_it_quotes(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("INFO")
    given = {"head": "王建国", "door": "12号\n后门"}
    statements = (
        "SELECT :head || :door FROM no_such_table",
        "INSERT INTO households (head, door) VALUES (:head, :door)",
    )
    for statement in statements:
        try:
            with database.begin() as session:
                session.execute(sql(statement), given)
        except StatementError:
            structlog.stdlib.get_logger("tests").exception("failed")
    told = lines(capsys)
    assert ["no_such_table" in str(told[0]), "null" in str(told[1]).lower()] == [True, True]
    assert [each for each in given.values() for part in each.split("\n") if part in str(told)] == []
    assert ["INSERT INTO households" in str(told[1]), len(told)] == [True, 2]
