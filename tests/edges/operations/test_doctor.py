"""The doctor sees what is wrong, says what to do, and is content where all is well."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import click
import pytest
from click.testing import Result
from flask.cli import FlaskGroup
from werkzeug.serving import make_server

from app import create_app
from config.database import Database, read_clock
from groups.models.accounts import Account, AccountRole
from joint_defense.processes import heartbeats
from joint_defense.processes.heartbeats import Role
from tests.conftest import MakeSettings, fresh_database
from tests.support.handsets import Network
from tests.support.ports import free_port

OURS = "+8657412345678"
SID, TOKEN = "AC" + "0" * 32, "a-token-of-the-tests"


@pytest.fixture(params=["postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """As a town has it."""
    return fresh_database(request)


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network.launch(account_sid=SID, auth_token=TOKEN, numbers=[OURS], speed=50) as started:
        yield started


@pytest.fixture
def served(settings: MakeSettings) -> Iterator[str]:
    """The address at which our web answers, as a proxy would show it."""
    port = free_port()
    app = create_app(settings(public_base_url=f"http://127.0.0.1:{port}"))
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["runtime"].close()


@pytest.fixture
def make_type(settings: MakeSettings) -> Iterator[Callable[..., Callable[..., Result]]]:
    """Types commands under settings of a test."""
    apps = []

    def make(**changes: Any) -> Callable[..., Result]:
        with click.Context(FlaskGroup()):
            app = create_app(settings(**changes))
        apps.append(app)
        return lambda *words: app.test_cli_runner().invoke(args=list(words))

    yield make
    for app in apps:
        app.extensions["runtime"].close()


def findings(done: Result) -> dict[str, list[tuple[str, str]]]:
    """By what was looked at: how bad, and in which words."""
    found: dict[str, list[tuple[str, str]]] = {}
    for each in json.loads(done.stdout):
        assert each["zh"]
        found.setdefault(each["of"], []).append((each["grade"], each["en"]))
    return found


def test_numbers_that_lead_elsewhere_are_pointed_at_us_and_a_test_call_rings(
    database: Database, make_type: Callable[..., Callable[..., Result]], network: Network, served: str
) -> None:
    with database.begin() as session:
        for role in (Role.WORKER, Role.CLOCK):
            heartbeats.beat(session, f"here:1:{role}", role, read_clock(session))
        distant = Account(name="远方", phone="+12025550123", role=AccountRole.OPERATOR, password_hash="x")
        distant.created_at = read_clock(session)
        session.add(distant)
    run = make_type(twilio_api_base_url=network.url, public_base_url=served)
    before = run("doctor", "--json")
    assert before.exit_code == 1
    found = findings(before)
    assert found["carrier carrier"][1][0] == "error"
    assert found["countries"] == [("warning", "1 number(s) in countries that are not called: +12****0123")]
    assert "does not lead to us" in found["carrier carrier"][1][1]

    mended = run("doctor", "--fix-webhooks", "--json")
    found = findings(mended)
    # The tests' own server waits for no disk, and that is told.
    errors = [words for grades in found.values() for grade, words in grades if grade == "error"]
    assert [words.split()[0] for words in errors] == ["fsync", "synchronous_commit"], errors
    assert found["public address"] == [("ok", f"{served} takes the carrier's requests only")]
    assert "now leads to us" in found["carrier carrier"][1][1]
    assert found["migrations"] == [("ok", "up to date")]

    refused = run("doctor", "--call", "+12025550123")
    assert refused.exit_code == 1
    assert "only numbers that begin with +86 are called → COUNTRIES" in refused.output
    called = run("doctor", "--call", "13900000001")
    assert "✓ test call" in called.output
    assert network.handset("+8613900000001").wait_for_call().to == "+8613900000001"


def test_what_is_down_is_a_line_each_and_the_others_are_looked_at_all_the_same(
    make_type: Callable[..., Callable[..., Result]],
) -> None:
    nobody = free_port()
    run = make_type(
        database_url=f"postgresql://nobody@127.0.0.1:{nobody}/none",
        redis_url=f"redis://127.0.0.1:{nobody}",
        public_base_url=f"http://127.0.0.1:{nobody}",
        twilio_api_base_url=f"http://127.0.0.1:{nobody}",
        twilio_auth_token="another-token",
    )
    done = run("doctor")
    assert done.exit_code == 1
    for part in ("database", "redis", "public address", "carrier carrier"):
        assert f"✗ {part}:" in done.stdout, done.stdout
    assert "Traceback" not in done.output


def test_a_wrong_token_and_a_strangers_address_are_told_apart(
    make_type: Callable[..., Callable[..., Result]], network: Network, served: str
) -> None:
    run = make_type(twilio_api_base_url=network.url, public_base_url=served, twilio_auth_token="another-token")
    found = findings(run("doctor", "--json"))
    assert found["public address"][0][1].startswith("a signed request is refused")
    assert found["carrier carrier"] == [("error", "refuses us or is silent: 20003")]


@pytest.mark.parametrize("name", ["doctor", "version"])
def test_help_is_there(make_type: Callable[..., Callable[..., Result]], name: str) -> None:
    assert make_type()(name, "--help").exit_code == 0
