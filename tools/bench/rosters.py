"""The rosters' pages of one village in the county: how long the server takes for each, through the app itself.

A page is asked for by somebody signed in, once unmeasured and then some times over; templates, queries and all count,
the network does not. The lists are brought in, looked through and written in the request, where no worker takes them.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from statistics import median

import psutil
import xlsxwriter
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from config.database import Database, read_clock
from config.settings import Settings
from groups.accounts.accounts import create_account
from groups.accounts.passwords import hash_password
from groups.models.accounts import Account, AccountRole
from tests.support.servers import RedisServer
from tools.bench import page
from tools.bench.county import head_of
from tools.bench.roster_pages import VILLAGE, of_a_head, of_a_liaison, of_an_admin

RUNS = 7
PAGE_SECONDS = 0.1
LISTED = 20_000
HEADING = "The rosters' pages"
_PASSWORD = "seven camphor trees"


@dataclass(frozen=True, slots=True)
class Timed:
    """A page, the middle and the fastest of its times in seconds, and how long it may take.

    Of what is done once there is the most memory its process had meanwhile, too, in megabytes.
    """

    page: str
    middle: float
    fastest: float
    target: float
    megabytes: float | None = None


def measure_rosters(url: str) -> list[Timed]:
    """Ask for every page in the county at this address, then bring in a roster and a carrier's list."""
    with app_over(url) as app:
        head = signed_in(app, "head")
        liaison, admin = signed_in(app, "liaison"), signed_in(app, "admin")
        asked = ((head, of_a_head()), (liaison, of_a_liaison()), (admin, of_an_admin()))
        timed = [_ask(client, name, address) for client, pages in asked for name, address in pages]
        timed.append(_print(head))
        timed += _import(head)
        timed += _enrol(liaison)
        return [*timed, _ask(admin, "audit after that import", "/audit")]


def as_text(timed: list[Timed]) -> str:
    """A line a page."""
    return "\n".join(
        f"{one.page}: {_short(one.middle)}, fastest {_short(one.fastest)} {_size(one)} (may take {_short(one.target)}"
        f"{'' if one.middle < one.target else ': MISSED'})"
        for one in timed
    )


def write(timed: list[Timed], load: float) -> None:
    """The last part of docs/bench.md."""
    missed = [one.page for one in timed if one.middle >= one.target]
    page.put(
        HEADING,
        "`make bench ARGS='--rosters --write'` writes this part: one village of a county of "
        "3,000 villages, 1,000,000 households with a phone\neach, and 1,000,000 changes. Server time of a page, "
        f"asked of the app by somebody signed in, the middle of {RUNS};\nlists once, in the request. PostgreSQL with "
        f"the settings of the tests, on a machine of two cores. Its load average before the\nstart: {load:.1f}. "
        "Memory is the most that the asking process had meanwhile, with all that it has loaded.\n\n"
        "| page | took | fastest | may take | memory |\n"
        "|---|--:|--:|--:|--:|\n"
        + "".join(
            f"| {one.page} | {_short(one.middle)} | {_short(one.fastest)} | {_short(one.target)} | {_size(one)} |\n"
            for one in timed
        )
        + (f"\nMissed: {', '.join(missed)}.\n" if missed else ""),
    )


def load_now() -> float:
    """What else the machine is doing: the load average of the last minute."""
    return os.getloadavg()[0]


def _ask(client: FlaskClient, page: str, address: str, target: float = PAGE_SECONDS) -> Timed:
    took = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        answer = client.get(address, headers={"Accept": "text/html"})
        took.append(time.perf_counter() - started)
        assert answer.status_code in {200, 303}, (address, answer.status_code)
    return Timed(page, median(took[1:]), min(took[1:]), target)


def _print(head: FlaskClient) -> Timed:
    """The village's directory, which has more than 300 households. The first one also loads what sets it."""

    def ask() -> bool:
        return bool(head.get(f"/villages/V{VILLAGE}/directory.pdf").data.startswith(b"%PDF"))

    return _once(ask, "directory of 334 households as a PDF, the first of a process", 2)


def _import(head: FlaskClient) -> list[Timed]:
    people = [(f"{row // 10}组", f"王{row:05}", f"1370{row:07}") for row in range(LISTED)]
    file = _workbook(("组别", "户主", "手机"), people)
    brought = ""

    def look() -> bool:
        nonlocal brought
        done, brought = _bring(head, f"/villages/V{VILLAGE}/import", file)
        return done

    looked = _once(look, f"preview of {LISTED:,} rows", 10)
    pages = [_ask(head, "that preview's page", brought), _ask(head, "its hundredth page", f"{brought}?page=100")]

    def confirm() -> bool:
        token = _token(head, brought)
        head.post(f"{brought}/confirm", data={"csrf_token": token})
        return "verdict-new" in head.get(brought).text and "/confirm" not in head.get(brought).text

    written = _once(confirm, f"import of {LISTED:,} rows, written", 20)
    return [looked, *pages, written]


def _enrol(liaison: FlaskClient) -> list[Timed]:
    # Every fiftieth household: of those that have ended, of those that go on, and of all villages.
    homes = [1 + 50 * row for row in range(LISTED)]
    people = [(f"199{home:08}", head_of(home), "平安联防#9按键", "2026-11-20") for home in homes]
    file = _workbook(("号码", "姓名", "套餐", "开通日期"), people)
    brought = ""

    def look() -> bool:
        nonlocal brought
        done, brought = _bring(liaison, "/enrolment/lists", file)
        return done

    looked = _once(look, f"carrier's list of {LISTED:,} rows, looked through", 20)

    def confirm() -> bool:
        token = _token(liaison, brought)
        liaison.post(f"{brought}/confirm", data={"csrf_token": token})
        return "/progress" not in liaison.get(brought).text

    return [looked, _once(confirm, f"carrier's list of {LISTED:,} rows, written", 20)]


def _once(do: Callable[[], bool], page: str, target: float) -> Timed:
    with _memory() as most:
        started = time.perf_counter()
        assert do(), page
        took = time.perf_counter() - started
    return Timed(page, took, took, target, max(most))


@contextmanager
def _memory() -> Iterator[list[float]]:
    """What this process has in memory, in megabytes, looked at fifty times a second."""
    process, seen, over = psutil.Process(), [0.0], threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            seen.append(process.memory_info().rss / 1e6)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield seen
    finally:
        over.set()
        looking.join()


def _bring(client: FlaskClient, address: str, file: bytes) -> tuple[bool, str]:
    """Whether the page of what was looked through came, and its address."""
    form = {"csrf_token": _token(client, address), "file": (BytesIO(file), "list.xlsx")}
    place = client.post(address, data=form, headers={"Accept": "text/html"}).location
    return place is not None and client.get(place).status_code == 200, place or ""


def _workbook(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> bytes:
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([heading, *rows]):
            sheet.write_row(number, 0, row)
    return content.getvalue()


@contextmanager
def app_over(url: str) -> Iterator[Flask]:
    """The app over the county, with an account of each role."""
    with RedisServer() as redis, tempfile.TemporaryDirectory(prefix="jd-bench-") as home:
        app = create_app(
            Settings.model_validate(
                {
                    "database_url": url,
                    "redis_url": redis.url,
                    "secret_key": "a-secret-key-of-the-bench",
                    "public_base_url": "http://127.0.0.1:8000",
                    "twilio_account_sid": "AC" + "0" * 32,
                    "twilio_auth_token": "a-token-of-the-bench",
                    "twilio_api_base_url": "http://127.0.0.1:9",
                    "twilio_from_number": "+8657412345678",
                    "state_dir": home,
                }
            )
        )
        app.extensions["enlist_upload"] = lambda _: False
        database: Database = app.extensions["database"]
        with database.begin() as session:
            known = session.scalar(select(Account.id).where(Account.name == "liaison"))
            if known is None:  # the figures' pages were asked for before
                _accounts(session)
        try:
            yield app
        finally:
            app.extensions["runtime"].close()


def _accounts(session: Session) -> None:
    secret, now = hash_password(_PASSWORD), read_clock(session)
    create_account(session, "head", AccountRole.VILLAGE_HEAD, secret, now, village_code=f"V{VILLAGE}")
    create_account(session, "liaison", AccountRole.LIAISON, secret, now)
    create_account(session, "admin", AccountRole.ADMIN, secret, now)


def signed_in(app: Flask, name: str) -> FlaskClient:
    """Somebody with the account of this name."""
    client = app.test_client()
    form = {"csrf_token": _token(client, "/sign-in"), "login": name, "password": _PASSWORD}
    assert client.post("/sign-in", data=form).status_code == 303
    return client


def _token(client: FlaskClient, address: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)
    assert found is not None, address
    return found[1]


def _short(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _size(one: Timed) -> str:
    return "" if one.megabytes is None else f"{one.megabytes:.0f} MB"
