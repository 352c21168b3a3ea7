"""`make demo` as whoever runs it meets it: a real run, and what may be in its way."""

from __future__ import annotations

import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest
import requests

from tests.support.ports import free_port
from tests.support.servers import PostgresServer

# Python, two web workers, worker, bulk, clock, simulator and Redis have to start, on two cores that tests share.
STARTED_WITHIN = 90


class Demo:
    """A running `python -m joint_defense.demo` with a home and ports of its own."""

    def __init__(self, home: Path, *arguments: str, port: int | None = None, sim_port: int | None = None) -> None:
        self.home = home
        self.said = ""
        command = [sys.executable, "-m", "joint_defense.demo", "--home", str(home), *arguments]
        command += ["--port", str(port or free_port()), "--sim-port", str(sim_port or free_port())]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def read_until(self, words: str) -> str:
        """The line that holds these words."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if words in line:
                return line
        assert self.process.stderr is not None
        pytest.fail(f"the demo ended without saying {words!r}: {self.process.stderr.read()}")

    def read_box(self) -> str:
        """The box, which is the last that is said. What came before it is in `said`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if "┌" in line:
                break
        lines = []
        for line in self.process.stdout:
            if line.startswith("└"):
                break
            lines.append(line)
        return "".join(lines)

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self) -> tuple[str, str]:
        """Everything it still says until it ends."""
        output, errors = self.process.communicate(timeout=STARTED_WITHIN)
        return output, errors


@contextmanager
def running(home: Path, *arguments: str, port: int | None = None, sim_port: int | None = None) -> Iterator[Demo]:
    demo = Demo(home, *arguments, port=port, sim_port=sim_port)
    try:
        yield demo
    finally:
        demo.process.kill()
        demo.process.communicate()


def _nobody_is_left(family: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(family, timeout=30)
    return not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def test_on_postgresql_one_alarm_reaches_everybody_once_and_nothing_stays_behind(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    with postgres_server.connect() as connection:
        connection.execute("DROP DATABASE IF EXISTS demo WITH (FORCE)")
        connection.execute("CREATE DATABASE demo")
    home = tmp_path / "demo"
    with running(home, "--once", "--database-url", postgres_server.url("demo")) as demo:
        demo.read_until("up after")
        family = demo.family()
        output, errors = demo.end()
    assert demo.process.returncode == 0, output + errors
    with postgres_server.connect("demo") as connection:
        begun = connection.execute("SELECT begin_on > now()::date - 17 FROM checks_begin").fetchall()
    assert begun == [(True,)], "no dozens of checks that nobody can sign off any more"
    assert "every expected phone was requested exactly once" in output.splitlines()[-1]
    assert "answers: coming" in output
    assert "busy" in output
    assert _nobody_is_left(family)
    _everybody_was_reached(output, home)


def _everybody_was_reached(said: str, home: Path) -> None:
    """Once, and nobody may look at it, nor read a number anywhere."""
    assert "every expected phone was requested exactly once" in said
    assert re.search(r"\+ *[\d.]+ m?s rung {4}\S+家 \d{3}\*{4}\d{4}", said)
    assert re.search(r"\+ *[\d.]+ m?s texted {2}\S+家 \d{3}\*{4}\d{4}", said)
    assert _numbers_in(said) == []
    for log in (home / "logs").iterdir():
        assert _numbers_in(log.read_text()) == [], log.name
    assert home.stat().st_mode & 0o077 == 0


def _numbers_in(text: str) -> list[str]:
    """Telephone numbers of the demo town (mobiles and landlines) that stand in a text unmasked."""
    return re.findall(r"(?:\+86|\b0|\b)(?:1[3-9]\d{9}|574\d{8})\b", text.replace("8657488889999", ""))


def test_a_port_in_use_is_named_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for variable, ports in (("PORT", {"port": port}), ("SIM_PORT", {"sim_port": port})):
            with running(tmp_path / "demo", **ports) as demo:
                output, errors = demo.end()
            assert demo.process.returncode == 1
            assert output == ""
            assert errors.count("\n") == 1
            assert re.match(rf"demo: port {port} for .* cannot be used .*{variable}=", errors)


def test_interrupted_ended_killed_or_stopped_it_leaves_nothing_and_the_next_run_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_API_BASE_URL", "https://api.twilio.com")
    # The folder's name: where somebody's home has a blank, Redis' socket does not lie in it.
    home, port, sim_port = tmp_path / "十户 联防", free_port(), free_port()

    with running(home, port=port, sim_port=sim_port) as interrupted:
        _wait_until(lambda: len(interrupted.family()) >= 3)
        family = interrupted.family()
        interrupted.process.send_signal(signal.SIGTERM)
        _, errors = interrupted.end()
    assert (interrupted.process.returncode, errors) == (0, "")
    assert _nobody_is_left(family)

    with running(home, "--watch", "1", port=port, sim_port=sim_port) as killed:
        box = killed.read_box()
        _everybody_was_reached(killed.said, home)
        password = _password(box)
        _the_operator_may_sign_in(f"http://127.0.0.1:{port}", password)
        page = _address(box, sim_port)
        _the_page_shows_the_group(page, "1组")
        _the_page_follows_a_changed_number(home / "town.sqlite", page)
        family = killed.family()
        _a_second_one_is_refused(home)
        _the_carrier_is_the_simulator(family, sim_port)
        killed.process.kill()
        killed.process.wait()
    assert len(family) >= 7
    assert _nobody_is_left(family)
    for log in (home / "logs").iterdir():
        assert password not in log.read_text(), log.name

    with running(home, "--watch", "1", port=port, sim_port=sim_port) as stopped:
        box = stopped.read_box()
        assert "as shown at the first start" in box
        # The group that has been quiet for longest: the first has had its alarm already.
        _the_page_shows_the_group(_address(box, sim_port), "2组")
        assert str(home / "logs" / "timeline.log") in box
        next(process for process in stopped.family() if process.cmdline()[-1:] == ["clock"]).kill()
        _wait_until(lambda: "clock ended (exit code -9)" in (home / "logs" / "timeline.log").read_text())
        family = stopped.family()
        stopped.process.send_signal(signal.SIGINT)
        output, errors = stopped.end()
    assert (stopped.process.returncode, errors) == (0, "")
    assert output == "stopped\n", "the box stays last until the end"
    assert _nobody_is_left(family)


def test_fresh_forgets_the_town_its_accounts_and_secrets_and_only_for_the_demos_own_database(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    (home / "state" / "spool").mkdir(parents=True)
    (home / "logs").mkdir()
    for name in ("town.sqlite", "town.sqlite-wal", "secret_key", "state/spool/1"):
        (home / name).write_text("an earlier demo's")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        # It stops at the port: before anything is made anew.
        with running(home, "--fresh", port=taken.getsockname()[1]) as demo:
            _, errors = demo.end()
    assert "cannot be used" in errors
    assert [entry.name for entry in home.iterdir() if entry.name not in {"lock", "running"}] == ["logs"]

    with running(home, "--fresh", "--database-url", "postgresql://nobody@127.0.0.1:9/none") as demo:
        _, errors = demo.end()
    assert errors == "demo: FRESH=1 empties the demo's own database only: empty the one of DATABASE_URL yourself\n"


def _password(box: str) -> str:
    found = re.search(r"Password  (\S+)   \(for all four; shown at this start only\)", box)
    assert found, box
    return found[1]


def _address(box: str, port: int) -> str:
    """The address in the box that has this port."""
    found = re.search(rf"http://127\.0\.0\.1:{port}/\S*", box)
    assert found, box
    return found[0]


def _the_operator_may_sign_in(url: str, password: str) -> None:
    with requests.Session() as browser:
        browser.trust_env = False
        page = browser.get(f"{url}/sign-in", timeout=30).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token, page
        form = {"login": "operator", "password": password, "csrf_token": token[1]}
        signed_in = browser.post(f"{url}/sign-in", data=form, headers={"Referer": url}, timeout=30)
        assert signed_in.url.endswith("/incidents"), signed_in.text


def _the_page_shows_the_group(address: str, group: str) -> None:
    page = requests.get(address, timeout=30, proxies={"http": ""}).text
    assert f"墙下陶村 {group}" in page
    assert page.count('<li class="handset"') >= 10


def _the_page_follows_a_changed_number(town: Path, address: str) -> None:
    """The old handset stands at the end of its group from now on, and the new one in its place."""
    new = "+8619900009999"
    before = re.findall(r'data-number="([^"]+)"', requests.get(address, timeout=30, proxies={"http": ""}).text)
    with closing(sqlite3.connect(town, timeout=30)) as roster, roster:
        roster.execute("UPDATE phones SET number = ? WHERE number = ?", (new, before[2]))
    expected = [*before[:2], new, *before[3:], before[2]]
    _wait_until(lambda: re.findall(r'data-number="([^"]+)"', requests.get(address, timeout=30).text) == expected)


def _a_second_one_is_refused(home: Path) -> None:
    with running(home) as second:
        output, errors = second.end()
    assert (second.process.returncode, output) == (1, "")
    assert "a demo is running from this directory already" in errors


def _the_carrier_is_the_simulator(family: list[psutil.Process], sim_port: int) -> None:
    service = [process for process in family if {"app:create_app()", "worker", "clock"} & set(process.cmdline())]
    assert len(service) >= 4
    for process in service:
        assert process.environ()["TWILIO_API_BASE_URL"] == f"http://127.0.0.1:{sim_port}"


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
