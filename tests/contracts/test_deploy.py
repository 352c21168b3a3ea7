"""What installs the service says of it what is true: its processes, its settings, where things are."""

from __future__ import annotations

import re
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


def test_an_alert_is_about_a_figure_that_there_is() -> None:
    rules = (DEPLOY / "prometheus/alerts.yml").read_text(encoding="utf-8")
    named = set(re.findall(rf"{PREFIX}\w+", rules))
    written = "".join(path.read_text("utf-8") for path in (ROOT / "joint_defense/processes").glob("metrics.py"))
    assert named
    assert {name for name in named if name.removeprefix(PREFIX) not in written} == set()


def test_the_scripts_are_sound_and_say_what_they_would_do() -> None:
    for script in ("install.sh", "joint-defence"):
        subprocess.run(["bash", "-n", DEPLOY / script], check=True)
    named = re.findall(r"\$HERE/deploy/([\w./-]+)", (DEPLOY / "install.sh").read_text(encoding="utf-8"))
    assert {name for name in named if not (DEPLOY / name.rstrip("/")).exists()} == set()
