"""The API for the town's platform: tokens, scopes, pace, tags, errors; and all of it against its own description."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import hypothesis
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from config.database import Database, read_clock
from groups.accounts.api_clients import Scope, create_client, revoke_client
from groups.models.enrolment import Subscription
from groups.models.figures import HouseholdCount
from groups.models.roster import Household, Village
from groups.rules.counting import CountKind
from tests.conftest import examples
from tests.support.factories import home_since

Ask = Callable[..., TestResponse]
DAY = date(2026, 11, 23)


@pytest.fixture
def counted(store: Database) -> None:
    """QX has 3 of 4 households signed up, SJ nobody of 5."""
    with store.begin() as session:
        villages = {village.code: village.id for village in session.query(Village)}
        for code, households in (("QX", 4), ("SJ", 5)):
            counted_on, kind = date(2026, 1, 1), CountKind.RESIDENT
            session.add(
                HouseholdCount(village_id=villages[code], kind=kind, counted_on=counted_on, households=households)
            )
        for number in range(3):
            household = Household(village_id=villages["QX"], head=f"王{number}")
            session.add(household)
            session.flush()
            session.add(Subscription(household_id=household.id, starts_on=date(2026, 2, 1 + number)))
            session.add(home_since(household, date(2026, 1, 1)))


@pytest.fixture
def token(store: Database) -> str:
    with store.begin() as session:
        return create_client(session, "平台", [*Scope], 600, "tests", read_clock(session))[1]


@pytest.fixture
def ask(web: Flask, token: str) -> Ask:
    def get(path: str, headers: dict[str, str] | None = None, **query: str) -> TestResponse:
        given = {"Authorization": f"Bearer {token}"} | (headers or {})
        return web.test_client().get(path, query_string=query, headers=given)

    return get


def code_of(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, told(answer)["error"]["code"]


def told(answer: TestResponse) -> dict[str, Any]:
    assert answer.mimetype == "application/json"
    found: dict[str, Any] = answer.get_json()
    return found


def test_the_platform_reads_the_figures_of_a_day(ask: Ask, counted: None) -> None:
    figures = told(ask("/api/v1/coverage", as_of="2026-02-02"))
    assert figures["town"] == {
        "villages": 2, "villages_started": 1, "households": 9, "subscribed": 2, "coverage": "0.2222",
        "reachable": 0, "groups": 0, "groups_complete": 0, "grouped_a_year_before": 0, "stayed_in_their_group": 0,
    }  # fmt: skip
    assert [(v["code"], v["coverage"], v["started"]) for v in figures["villages"]] == [
        ("QX", "0.5000", True), ("SJ", "0.0000", False),
    ]  # fmt: skip
    assert [v["code"] for v in told(ask("/api/v1/villages"))["villages"]] == ["QX", "SJ"]
    assert "villages" not in told(ask("/api/v1/coverage", level="town"))


def test_figures_are_read_while_somebody_writes(store: Database, ask: Ask, counted: None) -> None:
    with store.begin() as session:
        session.add(Village(code="ZZ", name="新村"))
        session.flush()
        assert told(ask("/api/v1/coverage", as_of="2026-05-02"))["town"]["villages"] == 2
    assert told(ask("/api/v1/coverage", as_of="2026-05-02"))["town"]["villages"] == 3


def test_nobody_reads_without_a_token_of_the_right_scope(web: Flask, store: Database, ask: Ask, counted: None) -> None:
    with store.begin() as session:
        _, other = create_client(session, "只读村居", [Scope.VILLAGES], 60, "tests", read_clock(session))
    assert code_of(ask("/api/v1/coverage", {"Authorization": ""})) == (401, "unauthorized")
    assert ask("/api/v1/coverage", {"Authorization": ""}).headers["WWW-Authenticate"] == "Bearer"
    assert code_of(ask("/api/v1/coverage", {"Authorization": "Bearer jd_nonsense"})) == (401, "unauthorized")
    assert code_of(ask("/api/v1/coverage", {"Authorization": f"Bearer {other}"})) == (403, "forbidden")
    assert ask("/api/v1/villages", {"Authorization": f"Bearer {other}"}).status_code == 200
    with store.begin() as session:
        revoke_client(session, "只读村居", read_clock(session))
    assert code_of(ask("/api/v1/villages", {"Authorization": f"Bearer {other}"})) == (401, "unauthorized")


def test_a_token_is_kept_as_a_digest_only(store: Database, token: str) -> None:
    with store.begin() as session:
        kept = [str(row) for row in session.connection().exec_driver_sql("SELECT * FROM api_clients")]
    assert len(kept) == 1
    assert token not in kept[0]


def test_a_bad_question_gets_its_words_and_status(ask: Ask, counted: None) -> None:
    coverage = "/api/v1/coverage"
    assert code_of(ask(coverage, village="NO")) == (404, "unknown_village")
    assert code_of(ask(coverage, as_of="2025-12-31")) == (422, "nothing_counted")
    assert code_of(ask(coverage, as_of="2026-02-30")) == (422, "invalid_day")
    assert code_of(ask(coverage, **{"from": "2026-03-01", "to": "2026-02-01"})) == (422, "invalid_day")
    assert code_of(ask(coverage, as_of="2199-01-01")) == (422, "invalid_day")
    assert code_of(ask(coverage, denominator="cats")) == (422, "invalid_choice")
    assert code_of(ask(coverage, asof="2026-02-02")) == (422, "invalid_choice")
    assert code_of(ask(coverage, level="")) == (422, "invalid_choice")
    assert code_of(ask("/api/v1/nothing")) == (404, "not_found")


def test_a_client_that_asks_too_often_is_told_to_wait(store: Database, ask: Ask, counted: None) -> None:
    with store.begin() as session:
        _, slow = create_client(session, "慢", [*Scope], 2, "tests", read_clock(session))
    slowly = {"Authorization": f"Bearer {slow}"}
    assert [ask("/api/v1/villages", slowly).status_code for _ in range(2)] == [200, 200]
    refused = ask("/api/v1/villages", slowly)
    assert code_of(refused) == (429, "too_many_requests")
    assert refused.headers["Retry-After"] == "60"
    assert ask("/api/v1/villages").status_code == 200


def test_what_has_not_changed_is_not_sent_again(ask: Ask, counted: None, store: Database) -> None:
    first = ask("/api/v1/coverage", as_of="2026-05-23")
    again = ask("/api/v1/coverage", {"If-None-Match": first.headers["ETag"]}, as_of="2026-05-23")
    assert (again.status_code, again.data) == (304, b"")
    with store.begin() as session:
        session.query(Subscription).order_by(Subscription.id).first().ends_on = date(2026, 3, 1)  # type: ignore[union-attr]
    changed = ask("/api/v1/coverage", {"If-None-Match": first.headers["ETag"]}, as_of="2026-05-23")
    assert changed.status_code == 200
    assert told(changed)["town"]["subscribed"] == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_answer_is_as_the_description_says(web: Flask, token: str, counted: None) -> None:
    # It takes a second to load, in every worker.
    import schemathesis

    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", web)
    # A day is one in form, and may still lie before the first count: that is what 422 is for here.
    schema.config.checks.positive_data_acceptance.expected_statuses = ["2xx", "404", "422", "429"]
    # Every request carries the token; those without one are held above.
    schema.raw_schema.pop("security")
    asked = []

    def check(case: Any) -> None:
        asked.append(case.call_and_validate(headers={"Authorization": f"Bearer {token}"}).status_code)

    steady = hypothesis.settings(
        max_examples=examples(25), suppress_health_check=[*hypothesis.HealthCheck], database=None, derandomize=True
    )
    for result in schema.get_all_operations():
        for mode in schemathesis.GenerationMode:
            operation: Any = result.ok()  # type: ignore[union-attr]
            if mode is schemathesis.GenerationMode.NEGATIVE and operation.path.endswith("/villages"):
                continue  # it asks for nothing that could be wrong
            cases = operation.as_strategy(generation_mode=mode)
            steady(hypothesis.given(case=cases)(check))()
    assert {200, 422} <= set(asked)
    coverage = schema["/api/v1/coverage"]["get"]
    for words in (
        {},
        {"level": "group"},
        {"as_of": "2026-03-01", "from": "2026-02-01", "by": "day"},
        {"as_of": "2026-03-01", "since": "2026-02-01", "known_at": "2026-11-23T10:00:00+08:00"},
    ):
        case = coverage.Case(query=words)
        assert case.call_and_validate(headers={"Authorization": f"Bearer {token}"}).status_code == 200, words
    for query, status in (({"village": "NOBODY"}, 404), ({"village": "\0"}, 400), ({"\0": "x"}, 422)):
        case = coverage.Case(query=query)
        answer = case.call_and_validate(
            headers={"Authorization": f"Bearer {token}"}, excluded_checks=[schemathesis.checks.positive_data_acceptance]
        )
        assert answer.status_code == status, query
