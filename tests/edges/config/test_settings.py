"""Settings: each missing or malformed variable is one line that names it, and none tells a secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.carriers import takes_replies
from config.settings import SettingsError, load, make_environment

ROOT = Path(__file__).parents[3]
SECRET = "hush-hush-hush-hush"
GOOD = {
    "DATABASE_URL": f"postgresql://town:{SECRET}@db.example.org:5432/town",
    "REDIS_URL": f"redis://:{SECRET}@cache.example.org:6379/0",
    "SECRET_KEY": SECRET,
    "PUBLIC_BASE_URL": "https://town.example.org",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": f"{SECRET}-new, {SECRET}-old",
    "TWILIO_FROM_NUMBER": "+8657412345678",
}
REQUIRED = tuple(GOOD)


def test_what_is_needed_is_enough_and_the_rest_has_defaults() -> None:
    settings = load(GOOD)
    assert settings.database_url == f"postgresql+psycopg://town:{SECRET}@db.example.org:5432/town"
    assert settings.twilio_auth_token == (f"{SECRET}-new", f"{SECRET}-old")
    assert settings.twilio_from_number == ("+8657412345678",)
    assert (settings.merge_window, settings.alarms_per_hour, settings.nobody_after) == (180, 6, 60)
    assert str(settings.zone) == "Asia/Shanghai"
    assert not settings.carrier_is_simulator


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_setting_is_named_in_one_line(name: str, value: str | None) -> None:
    given = {key: each for key, each in GOOD.items() if key != name} | ({name: value} if value is not None else {})
    with pytest.raises(SettingsError) as refusal:
        load(given)
    assert str(refusal.value) == f"{name} is missing"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("DATABASE_URL", each) for each in ("mysql://x/y", "postgres", "postgresql://", "sqlite://town.sqlite")),
        ("DATABASE_URL", f"postgresql://town:{SECRET}@db:port/town"),
        *(
            ("REDIS_URL", each)
            for each in ("cache:6379", "http://cache", f"redis://:{SECRET}@cache:port/0", "redis://")
        ),
        *(("PUBLIC_BASE_URL", each) for each in ("town.example.org", "ftp://town", "https://", "http://town:port")),
        *(("PUBLIC_BASE_URL", each) for each in ("https://town.example.org/?a=b", "https://town#x", "http://[::1")),
        *(("TWILIO_API_BASE_URL", each) for each in ("api.twilio.com", "https://", "http://127.0.0.1:99999")),
        *(("TWILIO_FROM_NUMBER", each) for each in ("057412345678", "+", "+0123456", "+86574,abc", ",")),
        ("DIRECT_NUMBERS", "110"),
        ("TWILIO_AUTH_TOKEN", ","),
        *(("TIMEZONE", each) for each in ("Mars/Olympus", "../etc/passwd", "Asia")),
        *(("CALLS_PER_SECOND", each) for each in ("fast", "-1", "nan")),
        *(("CONCURRENT_CALLS", each) for each in ("1.5", "-1", "2,3")),
        *(("REDIAL_AFTER", each) for each in ("-5", "15,soon", ",")),
        *(("TWILIO_TEXT_FROM", each) for each in ("10657501234567", "a name too long", "十户联防", "+86")),
        *(("SMS_SEGMENTS_PER_SECOND", each) for each in ("1,5", "-0.1")),
        *(("ALARMS_PER_HOUR", each) for each in ("0", "1.5", "-3")),
        *(("MERGE_WINDOW", each) for each in ("-1", "3 min")),
        *(("NOBODY_AFTER", each) for each in ("0", "soon")),
        *(("CARRIER_TIMEOUT", each) for each in ("0", "-1")),
        *(("RING_TIMEOUT", each) for each in ("4", "601")),
        *(("PORT", each) for each in ("0", "65536", "http")),
        *(("REQUESTS_IN_FLIGHT", each) for each in ("0", "1001")),
        *(("LOG_LEVEL", each) for each in ("LOUD", "info")),
        *(("DEFAULT_REGION", each) for each in ("cn", "CHN")),
        ("DEFAULT_AREA_CODE", "0574x"),
        ("SECRET_KEY", "short"),
    ],
)
def test_a_malformed_setting_is_named_in_one_line_that_tells_no_secret(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(GOOD | {name: value})
    line = str(refusal.value)
    assert line.startswith(f"{name} ")
    assert "\n" not in line
    assert SECRET not in line


def test_a_limit_is_the_accounts_or_one_for_each_number_in_their_order() -> None:
    two = GOOD | {"TWILIO_FROM_NUMBER": "+8657412345678,+8657412345679"}
    (whole,), (each,) = (
        load(two | {"CALLS_PER_SECOND": "0.5"}).accounts,
        load(two | {"CALLS_PER_SECOND": "1, 5"}).accounts,
    )
    assert (whole.call_rate, set(whole.call_rates.values())) == (0.5, {0})
    assert (each.call_rate, each.call_rates) == (0, {"+8657412345678": 1, "+8657412345679": 5})
    (both,) = load(
        two | {"CONCURRENT_CALLS": "3", "NUMBER_CONCURRENT_CALLS": "2", "NUMBER_CALLS_PER_SECOND": "1"}
    ).accounts
    assert (both.held_calls_in_all, set(both.held_calls.values()), set(both.call_rates.values())) == (3, {2}, {1})
    with pytest.raises(SettingsError, match=r"^CALLS_PER_SECOND must be one number, or one for each of the 2 senders$"):
        load(two | {"CALLS_PER_SECOND": "1,2,3"})


@pytest.mark.parametrize("sender", ["MG" + "0" * 32, "Joint Def", "+8657400000000", "95559"])
def test_texts_may_come_from_a_service_a_name_a_short_code_or_another_number(sender: str) -> None:
    (account,) = load(GOOD | {"TWILIO_TEXT_FROM": sender, "SMS_SEGMENTS_PER_SECOND": "3"}).accounts
    assert (account.texting, account.from_number) == ((sender,), ("+8657412345678",))
    assert account.text_rates == {sender: 3}


FIRST = {
    "name": "main",
    "account_sid": "AC1",
    "auth_token": f"{SECRET}-1,{SECRET}-2",
    "api_base_url": "https://one.example.cn/",
    "from_number": "+8657412345678",
    "dialect": "somleng",
}
SECOND = {"account_sid": "AC2", "auth_token": SECRET, "from_number": ["+8657412345679"], "texts": False, "weight": 0}
WITHOUT = {name: value for name, value in GOOD.items() if not name.startswith("TWILIO_")}


def test_a_list_of_carriers_takes_the_place_of_one() -> None:
    settings = load(WITHOUT | {"CARRIERS": json.dumps([FIRST, SECOND])})
    first, second = settings.accounts
    assert (first.name, first.address, first.auth_token) == (
        "main",
        "https://one.example.cn",
        (f"{SECRET}-1", f"{SECRET}-2"),
    )
    assert (second.name, second.weight, second.calls, second.texts) == ("carrier-2", 0, True, False)
    assert settings.twilio_from_number == first.from_number
    assert settings.own_numbers == {"+8657412345678", "+8657412345679"}
    assert not settings.carrier_is_simulator
    assert SECRET not in repr(settings)
    loopback = [each | {"api_base_url": "http://127.0.0.1:1"} for each in (FIRST, SECOND)]
    assert load(WITHOUT | {"CARRIERS": json.dumps(loopback)}).carrier_is_simulator
    assert not load(WITHOUT | {"CARRIERS": json.dumps([loopback[0], SECOND])}).carrier_is_simulator


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("[", "must be a list in JSON"),
        ("{}", "must be a list of accounts in JSON"),
        (json.dumps([FIRST | {"account_sid": ""}]), "account 1: account_sid"),
        (json.dumps([FIRST, {"account_sid": "AC2"}]), "account 2: auth_token is missing"),
        (json.dumps([FIRST | {"colour": "red"}]), "account 1: colour"),
        (json.dumps([FIRST | {"api_base_url": "one.example.cn"}]), "account 1: must be an http"),
        (json.dumps([FIRST | {"dialect": "klingon"}]), "account 1: dialect"),
        (json.dumps([FIRST | {"weight": -1}]), "account 1: weight"),
        (json.dumps([FIRST, FIRST | {"name": "other"}]), "two accounts have the same account_sid"),
        (json.dumps([FIRST, SECOND | {"from_number": "+8657412345678"}]), "two accounts have the same number"),
        (json.dumps([FIRST | {"texts": False}, SECOND]), "no account takes calls, or none takes texts"),
    ],
)
def test_a_list_of_carriers_that_cannot_be_is_named_in_one_line_that_tells_no_secret(given: str, words: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(WITHOUT | {"CARRIERS": given})
    assert str(refusal.value).startswith(f"CARRIERS {words}")
    assert "\n" not in str(refusal.value)
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_database_addresses_work_as_hosts_hand_them_out(scheme: str) -> None:
    address = f"{scheme}://u:p@h/d?sslmode=require"
    assert load(GOOD | {"DATABASE_URL": address}).database_url == "postgresql+psycopg://u:p@h/d?sslmode=require"


@pytest.mark.parametrize(
    ("address", "simulator"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://localhost:8080/", True),
        ("http://[::1]:8080", True),
        ("https://api.twilio.com", False),
        ("https://127.0.0.1.example.org", False),
        ("https://localhost.example.org", False),
        ("https://10.0.0.5:8080", False),
        ("https://space.signalwire.com/api/laml", False),
    ],
)
def test_only_a_loopback_address_counts_as_a_simulator(address: str, simulator: bool) -> None:
    settings = load(GOOD | {"TWILIO_API_BASE_URL": address})
    assert settings.carrier_is_simulator is simulator
    assert settings.twilio_api_base_url == address.rstrip("/")


def test_a_short_secret_will_do_for_the_simulator_only() -> None:
    assert load(GOOD | {"SECRET_KEY": "demo", "TWILIO_API_BASE_URL": "http://127.0.0.1:8080"}).carrier_is_simulator
    with pytest.raises(SettingsError, match="SECRET_KEY must have at least 16 characters with a live carrier"):
        load(GOOD | {"SECRET_KEY": "demo"})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"PUBLIC_BASE_URL": "http://town.example.org"}, "PUBLIC_BASE_URL must begin with https://"),
        ({"TWILIO_API_BASE_URL": "http://10.0.0.5:8080"}, "TWILIO_API_BASE_URL must begin with https://"),
    ],
)
def test_a_live_carrier_is_spoken_to_and_speaks_to_us_over_tls(given: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        load(GOOD | given)


def test_secrets_are_not_shown_with_the_settings() -> None:
    assert SECRET not in repr(load(GOOD))


def test_a_process_does_not_start_without_its_settings_and_says_one_line() -> None:
    environment = make_environment({name: each for name, each in GOOD.items() if name != "REDIS_URL"})
    for command in (
        [sys.executable, "-m", "flask", "--app", "app", "alarm", "list"],
        [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "app:create_app()"],
    ):
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode != 0
        lines = [line for line in done.stderr.strip().splitlines() if line]
        assert len(lines) == 1, done.stderr
        assert "REDIS_URL is missing" in lines[0]
        assert SECRET not in done.stdout + done.stderr


def test_processes_we_start_get_the_given_settings_and_no_stray_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLS_PER_SECOND", "99")
    monkeypatch.setenv("FLASK_DEBUG", "1")
    environment = make_environment(GOOD)
    assert environment["DATABASE_URL"] == GOOD["DATABASE_URL"]
    assert "CALLS_PER_SECOND" not in environment
    assert "FLASK_DEBUG" not in environment
    assert environment["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


@pytest.mark.parametrize(
    ("sender", "takes"),
    [("+8657412345678", True), ("10690", True), (f"MG{'a' * 32}", True), ("JointDef", False), ("MG", False)],
)
def test_a_text_from_a_name_cannot_be_replied_to(sender: str, takes: bool) -> None:
    assert takes_replies(sender) is takes
