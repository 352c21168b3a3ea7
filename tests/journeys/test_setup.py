"""`make setup` as a newcomer meets it: interrupted, without a network, done at last, and then never in the way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.contracts.sources import ROOT

LOCK = "six==1.17.0 --hash=sha256:4721f391ed90541fddacab5a8947aa0d3dc7d27b2e1e8eda2be8970586c3d274\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    shutil.copy(ROOT / "config" / "setup_venv.py", tmp_path / "config")
    for name in ("requirements.lock", "requirements-dev.lock"):
        (tmp_path / name).write_text(LOCK)
    return tmp_path


def _start(project: Path) -> subprocess.Popen[str]:
    # Nothing listens there: a machine without a network.
    offline = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    return subprocess.Popen(
        [sys.executable, "-I", "config/tools/setup_venv.py", "requirements-dev.lock"],
        cwd=project,
        env=os.environ | offline,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _run(project: Path) -> tuple[int, str, str]:
    setup = _start(project)
    output, errors = setup.communicate(timeout=100)
    return setup.returncode, output, errors


def test_an_interrupted_setup_is_taken_up_a_missing_network_named_and_a_complete_one_left_alone(project: Path) -> None:
    killed = _start(project)
    deadline = time.monotonic() + 60
    while not (project / ".venv" / "bin").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    killed.kill()
    killed.communicate()

    code, _, errors = _run(project)
    assert code == 1
    assert errors.count("\n") == 1
    assert "is there a network?" in errors
    assert "var/setup.log" in errors
    assert "six" in (project / "var" / "setup.log").read_text()

    for name in ("requirements.lock", "requirements-dev.lock"):
        (project / name).write_text("# nothing to install, so that no network is needed\n")
    assert _run(project)[0::2] == (0, "")

    log = project / "var" / "setup.log"
    done = log.stat().st_mtime_ns
    assert _run(project) == (0, "", "")
    assert log.stat().st_mtime_ns == done, "nothing was looked at, let alone installed"


def test_an_environment_that_is_only_linked_to_is_left_as_it_is(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "kept").write_text("somebody's")
    (project / ".venv").symlink_to(elsewhere)
    (project / "requirements-dev.lock").write_text("# nothing to install\n")

    code, output, _ = _run(project)
    assert (code, str(elsewhere) in output) == (0, True)
    assert [each.name for each in elsewhere.iterdir()] == ["kept"]
    assert not (project / ".venv").is_symlink()
