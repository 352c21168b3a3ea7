"""Make .venv hold exactly what a lock file says: `python3 -I config/tools/setup_venv.py requirements.lock`.

Runs on the system's Python with nothing installed (-I: the modules beside it are not for it). A second run compares
hashes and is done; one that was interrupted, or failed for want of a network, is taken up by the next. What pip says
goes to var/setup.log; people get one line.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
LOG = ROOT / "var" / "setup.log"
RUNTIME_LOCK = ROOT / "requirements.lock"
OLDEST_PYTHON = (3, 11)


class SetupFailed(Exception):
    """What is in the way, in one line."""


def install(lock: Path) -> None:
    """Bring .venv up to date with this lock file. Raises SetupFailed."""
    if is_installed(lock):
        return
    if sys.version_info < OLDEST_PYTHON:
        raise SetupFailed(f"Python 3.11 or later is needed, this is {sys.version.split()[0]} ({sys.executable})")
    LOG.write_bytes(b"")
    if not _venv_works():
        _make_venv()
    pins = _pins(lock)
    print(f"setup: installing {len(pins)} packages into .venv, details in {LOG.relative_to(ROOT)}", flush=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    if not _succeeds([*pip, "--retries", "2", "--require-hashes", "-r", str(lock)]):
        raise SetupFailed(f"the packages could not be installed: {_reason()}; details in {LOG.relative_to(ROOT)}")
    _stamp(lock).write_text(_digest(lock))
    if _pins(RUNTIME_LOCK) <= pins:
        _stamp(RUNTIME_LOCK).write_text(_digest(RUNTIME_LOCK))


def is_installed(lock: Path) -> bool:
    """Whether .venv was completed from this very lock file, at this very place, and still has its Python."""
    stamp = _stamp(lock)
    return (VENV / "bin" / "python").exists() and stamp.exists() and stamp.read_text() == _digest(lock)


def _venv_works() -> bool:
    # Its scripts name its place: one that was moved, or whose Python was replaced, is made anew.
    place = VENV / ".place"
    here = place.exists() and place.read_text() == _place()
    return here and _succeeds([str(VENV / "bin" / "python"), "-m", "pip", "--version"])


def _make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        _install_venv_package()
    if VENV.is_symlink():
        # --clear would follow it, and empty an environment that is somebody else's.
        print(f"setup: .venv was a link to {VENV.readlink()}, which is left as it is", flush=True)
        VENV.unlink()
    if not _succeeds([sys.executable, "-m", "venv", "--clear", str(VENV)]):
        raise SetupFailed(f".venv could not be made: {_reason()}; details in {LOG.relative_to(ROOT)}")
    (VENV / ".place").write_text(_place())


def _install_venv_package() -> None:
    """Debian keeps half of Python's venv module in a package of its own."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SetupFailed("Python's venv module is missing: install it (Debian: sudo apt-get install python3-venv)")
    print("setup: installing Debian's python3-venv", flush=True)
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "--no-install-recommends"]
    wanted = [*apt, "install", "python3-venv"]
    if not _succeeds(wanted) and not (_succeeds([*apt, "update"]) and _succeeds(wanted)):
        raise SetupFailed(f"python3-venv could not be installed: {_reason()}; details in {LOG.relative_to(ROOT)}")


def _succeeds(command: list[str]) -> bool:
    with LOG.open("ab") as log:
        log.write(f"$ {' '.join(command)}\n".encode())
        log.flush()
        try:
            ended = subprocess.run(  # noqa: S603 - our own commands
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False, close_fds=False
            )
        except OSError as error:
            log.write(f"ERROR: {error}\n".encode())
            return False
    return ended.returncode == 0


def _reason() -> str:
    """Why the log says it failed: the network if it was the network, else the last error."""
    text = LOG.read_text(errors="replace")
    if re.search(r"NewConnectionError|NameResolutionError|timed out|ProxyError|Could not resolve", text):
        return "the package index does not answer (is there a network?)"
    errors = re.findall(r"^(?:ERROR|E|Error):\s*(.+)", text, re.MULTILINE)
    return str(errors[-1])[:160] if errors else "no reason given"


def _pins(lock: Path) -> set[str]:
    return set(re.findall(r"^([A-Za-z0-9_.-]+(?:\[[^\]]*\])?==\S+)", lock.read_text(), re.MULTILINE))


def _place() -> str:
    return f"{VENV} {os.path.realpath(sys.executable)} {sys.version}"


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes() + _place().encode()).hexdigest()


def _stamp(lock: Path) -> Path:
    return VENV / f".installed-{lock.stem}"


def main(lock: str) -> int:
    """Install, one at a time; 0 when .venv is complete, else a line on standard error and 1."""
    LOG.parent.mkdir(exist_ok=True)
    with (LOG.parent / "setup.lock").open("w") as turn:
        # Handed down to pip: where only we are killed, the next run waits until pip has ended too.
        os.set_inheritable(turn.fileno(), True)
        fcntl.flock(turn, fcntl.LOCK_EX)
        try:
            install(ROOT / lock)
        except SetupFailed as failure:
            print(f"setup: {failure}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("setup: interrupted; the next run takes it up", file=sys.stderr)
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
