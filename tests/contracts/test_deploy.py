"""What installs the service says of it what is true: its processes, its settings, where things are."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from app import COMMANDS
from config.settings import Settings, WatchSettings, load
from joint_defense.demo.launch import read_procfile
from joint_defense.processes.metrics import PREFIX
from tests.contracts.sources import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())


def read_settings(path: Path) -> dict[str, str]:
    """Every variable that the file names, in force or behind a `#`."""
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE))


def test_the_example_of_settings_has_every_setting_and_its_default() -> None:
    named = read_settings(DEPLOY / "joint-defence.env")
    assert set(named) == {name.upper() for name in Settings.model_fields}
    assert set(read_settings(DEPLOY / "joint-defence-watch.env")) == {
        name.upper() for name in WatchSettings.model_fields
    }
    filled = named | {
        "SECRET_KEY": "x" * 43,
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_FROM_NUMBER": "+8657412345678",
    }
    read, usual = load(filled), load({name: filled[name] for name in _in_force(DEPLOY / "joint-defence.env", filled)})
    assert read == usual, "a line behind a # shows another value than the default"


def _in_force(path: Path, filled: dict[str, str]) -> list[str]:
    return [name for name in filled if re.search(rf"^{name}=", path.read_text(encoding="utf-8"), re.MULTILINE)]


def test_every_process_of_the_procfile_has_a_unit_that_starts_it_so() -> None:
    started = {_command(path) for path in UNITS if path.suffix == ".service"}
    for name, command in read_procfile().items():
        # The migration is the script's, and being nice is the unit's.
        words = [word for word in command if word not in {"nice", "-n", "10"}]
        if name == "release":
            assert "joint-defence db upgrade" in (DEPLOY / "install.sh").read_text(encoding="utf-8")
        else:
            assert tuple(words) in started, name


def _command(path: Path) -> tuple[str, ...]:
    line = re.search(r"^ExecStart=/opt/joint-defence/current/.venv/bin/(.*)$", path.read_text("utf-8"), re.MULTILINE)
    assert line is not None, path
    return tuple(re.sub(r'"', "", line[1]).split())


@pytest.mark.parametrize("path", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.name)
def test_a_unit_runs_as_the_services_user_and_may_do_little(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    for line in ("User=joint-defence", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="):
        assert line in lines
    words = _command(path)
    if words[:3] == ("flask", "--app", "app"):
        assert words[3] in COMMANDS


def test_what_an_alarm_needs_is_started_again_at_once_however_often_it_dies() -> None:
    for path in UNITS:
        unit = path.read_text(encoding="utf-8")
        if "Restart=always" not in unit:
            continue
        assert "\nStartLimitIntervalSec=0\n" in unit.partition("[Service]")[0], path.name
        if path.name.removeprefix("joint-defence-").split(".")[0].rstrip("@") in {"web", "worker", "clock"}:
            # Part of the gap after a power cut.
            assert "\nRestartSec=250ms\n" in unit, path.name


@pytest.mark.parametrize("file", ["prometheus/alerts.yml", "grafana/joint-defence.json"])
def test_an_alert_and_a_panel_are_about_figures_that_there_are(file: str) -> None:
    named = set(re.findall(rf"{PREFIX}\w+", (DEPLOY / file).read_text(encoding="utf-8")))
    written = (ROOT / "joint_defense/processes/metrics.py").read_text("utf-8")
    told = set(re.findall(r'"([a-z_]+)"', written))
    # Two names are put together there: what waits and what is aside, on this machine and by place.
    told |= {f"{name}_by_place" for name in told if name.endswith("_events")} | {"alarms_total"}
    assert len(named) > 5
    assert {name for name in named if name.removeprefix(PREFIX) not in told} == set()


def test_the_dashboard_has_what_grafana_asks_of_one() -> None:
    board = json.loads((DEPLOY / "grafana/joint-defence.json").read_text(encoding="utf-8"))
    assert board["templating"]["list"][0]["type"] == "datasource"
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert all(target["expr"] for panel in board["panels"] for target in panel["targets"])
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
    assert len(set(places)) == len(places)


def test_the_containers_run_what_the_procfile_says_with_settings_that_there_are() -> None:
    compose = (DEPLOY / "container/compose.yml").read_text(encoding="utf-8")
    services = dict(re.findall(r"^  (\w+):\n((?:    .*\n)+)", compose.partition("\nservices:\n")[2], re.MULTILINE))
    for name, command in read_procfile().items():
        (line,) = re.findall(r"^    command: (.*)$", services[name], re.MULTILINE)
        assert shlex.split(line) == list(command), name
        assert "<<: *service" in services[name]
    shared = compose.partition("\nservices:\n")[0]
    given = re.findall(r"^    ([A-Z_]+):", shared, re.MULTILINE)
    assert set(given) <= {name.upper() for name in Settings.model_fields}
    assert "${POSTGRES_PASSWORD:?}" in shared, "no secret stands in the file"
    # What PostgreSQL and Redis are told is what their files say.
    for name, file in (("db", "postgresql"), ("redis", "redis")):
        (line,) = re.findall(r"^    command: (.*)$", services[name], re.MULTILINE)
        said = re.sub(r"[= ]+", " ", (DEPLOY / file / "joint-defence.conf").read_text(encoding="utf-8"))
        for option in re.findall(r"(?:-c |--)([\w-]+[= ]\w+)", line):
            assert re.sub(r"[= ]+", " ", option) in said, option


def test_the_image_holds_what_the_service_needs_and_runs_as_a_user_who_may_do_little() -> None:
    lines = (DEPLOY / "container/Containerfile").read_text(encoding="utf-8").splitlines()
    copied = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]
    assert {name for name in copied if not (ROOT / name).exists()} == set()
    assert {"app.py", "config", "groups", "joint_defense", "migrations", "Procfile"} <= set(copied)
    assert "USER joint-defence" in lines
    assert "make setup-runtime" in "\n".join(lines)
    (command,) = [line.removeprefix("CMD ") for line in lines if line.startswith("CMD ")]
    assert tuple(json.loads(command)) == tuple(read_procfile()["web"])
    set_there = re.findall(r"^(?:ENV|   ) ([A-Z_]+)=", "\n".join(lines), re.MULTILINE)
    others = {"PATH", "LANG", "PYTHONUNBUFFERED"}
    assert set(set_there) - others <= {name.upper() for name in Settings.model_fields}


def test_the_scripts_are_sound_and_say_what_they_would_do() -> None:
    for script in ("install.sh", "joint-defence"):
        subprocess.run(["bash", "-n", DEPLOY / script], check=True)
    named = re.findall(r"\$HERE/deploy/([\w./-]+)", (DEPLOY / "install.sh").read_text(encoding="utf-8"))
    assert {name for name in named if not (DEPLOY / name.rstrip("/")).exists()} == set()
