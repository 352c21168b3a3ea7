"""Make .venv hold exactly what lock files say: `python3 -I config/tools/setup_venv.py requirements.lock …`.

Runs on the system's Python with nothing installed. It makes .venv, pip installs uv as requirements-uv.lock pins it, and
uv installs the rest, each file's hash compared. A second run compares the locks and is done; one that was interrupted,
or failed for want of a network, is taken up by the next. What the programs say goes to var/setup.log; people get one
line.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = ROOT / "var" / "setup.log"
UV_LOCK = ROOT / "requirements-uv.lock"
SYSTEM_PACKAGES = Path(__file__).with_name("system_packages.py")
OLDEST_PYTHON = (3, 11)

# A setting of pip's -> the same of uv's, which reads none of pip's own.
_PIPS_TO_UVS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}
_NO_NETWORK = (
    r"NewConnectionError|NameResolutionError|timed out|ProxyError|Could not resolve|dns error|client error \(Connect\)"
)


class SetupFailed(Exception):
    """What is in the way, in one line."""


def install(locks: Sequence[Path]) -> None:
    """Bring .venv up to date with these lock files. Raises SetupFailed."""
    if all(is_installed(lock) for lock in locks):
        return
    if sys.version_info < OLDEST_PYTHON:
        raise SetupFailed(f"Python 3.11 or later is needed, this is {sys.version.split()[0]} ({sys.executable})")
    LOG.write_bytes(b"")
    if not _check_venv():
        _make_venv()
    names = {name for lock in locks for name in re.findall(r"^([^\s=]+)==", lock.read_text(), re.MULTILINE)}
    print(f"setup: installing {len(names)} packages into .venv, details in {LOG.relative_to(ROOT)}", flush=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--retries", "2"]
    uv = [str(VENV / "bin" / "uv"), "pip", "sync", "--python", str(PYTHON), "--allow-empty-requirements"]
    _run([*pip, "--require-hashes", "-r", str(UV_LOCK)], "the packages could not be installed")
    for stamp in VENV.glob(".installed-*"):
        stamp.unlink()
    only_these = [*uv, "--require-hashes", "--only-binary", ":all:", "--compile-bytecode", *map(str, locks)]
    _run(only_these, "the packages could not be installed", make_uv_environment(os.environ, _read_pip_settings()))
    for lock in locks:
        _name_stamp(lock).write_text(_hash_lock(lock))


def is_installed(lock: Path) -> bool:
    """Whether .venv was completed from this very lock file, at this very place, and still has its Python."""
    stamp = _name_stamp(lock)
    return PYTHON.exists() and stamp.exists() and stamp.read_text() == _hash_lock(lock)


def make_uv_environment(environ: Mapping[str, str], pip_settings: str) -> dict[str, str]:
    """The environment for uv: where pip is told to look for packages, uv looks too. What uv is told itself comes first.

    `pip_settings` is what `pip config list` prints. Folders that do not exist are left out: pip passes over them, uv
    would stop.
    """
    settings = dict(line.split("=", 1) for line in pip_settings.splitlines() if "=" in line)
    made = {name: value for name, value in environ.items() if name != "UV_NO_VERIFY_HASHES"}
    made["UV_PYTHON_DOWNLOADS"] = "never"
    # A mirror may lack a release that another index has; which file is right, the hash says.
    made.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    for option, name in _PIPS_TO_UVS.items():
        told = [settings.get(f"{section}.{option}") for section in (":env:", "install", "global")]
        words = str(ast.literal_eval(next(filter(None, told), "''"))).split()
        if option in {"find-links", "extra-index-url"}:
            words = [word for word in words if _exists(word)]
        if words:
            made.setdefault(name, ("," if option == "find-links" else " ").join(words))
    return made


def _exists(place: str) -> bool:
    parts = urlsplit(place)
    return parts.scheme not in {"", "file"} or Path(unquote(parts.path)).exists()


def _read_pip_settings() -> str:
    command = [str(PYTHON), "-m", "pip", "config", "list"]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stdout  # noqa: S603


def _check_venv() -> bool:
    # Its scripts name its place: one that was moved, or whose Python was replaced, is made anew.
    place = VENV / ".place"
    here = place.exists() and place.read_text() == _find_place()
    return here and _succeeds([str(PYTHON), "-m", "pip", "--version"])


def _make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        # Debian keeps half of Python's venv module in a package of its own.
        ended = subprocess.run([sys.executable, "-I", str(SYSTEM_PACKAGES), "python3-venv"], check=False)  # noqa: S603
        if ended.returncode != 0:
            raise SetupFailed("without Python's venv module there is no .venv")
    if VENV.is_symlink():
        # --clear would follow it, and empty an environment that is somebody else's.
        print(f"setup: .venv was a link to {VENV.readlink()}, which is left as it is", flush=True)
        VENV.unlink()
    _run([sys.executable, "-m", "venv", "--clear", str(VENV)], ".venv could not be made")
    (VENV / ".place").write_text(_find_place())


def _run(command: list[str], failure: str, environ: Mapping[str, str] | None = None) -> None:
    if not _succeeds(command, environ):
        raise SetupFailed(f"{failure}: {_find_reason()}; details in {LOG.relative_to(ROOT)}")


def _succeeds(command: list[str], environ: Mapping[str, str] | None = None) -> bool:
    with LOG.open("ab") as log:
        log.write(f"$ {' '.join(command)}\n".encode())
        log.flush()
        try:
            ended = subprocess.run(  # noqa: S603 - our own commands
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environ, check=False, close_fds=False
            )
        except OSError as error:
            log.write(f"ERROR: {error}\n".encode())
            return False
    return ended.returncode == 0


def _find_reason() -> str:
    """Why the log says it failed: the network if it was the network, else the last error."""
    text = LOG.read_text(errors="replace")
    if re.search(_NO_NETWORK, text):
        return "the package index does not answer (is there a network?)"
    errors = re.findall(r"^(?:ERROR|E|Error|error):\s*(.+(?:\n\s+cause: .+)*)", text, re.MULTILINE)
    return re.sub(r"\s+", " ", errors[-1])[:160] if errors else "no reason given"


def _find_place() -> str:
    return f"{VENV} {os.path.realpath(sys.executable)} {sys.version}"


def _hash_lock(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes() + UV_LOCK.read_bytes() + _find_place().encode()).hexdigest()


def _name_stamp(lock: Path) -> Path:
    return VENV / f".installed-{lock.stem}"


def main(locks: Sequence[str]) -> int:
    """Install, one at a time; 0 when .venv is complete, else a line on standard error and 1."""
    LOG.parent.mkdir(exist_ok=True)
    with (LOG.parent / "setup.lock").open("w") as turn:
        # Handed down to pip and uv: where only we are killed, the next run waits until they have ended too.
        os.set_inheritable(turn.fileno(), True)
        fcntl.flock(turn, fcntl.LOCK_EX)
        try:
            install([ROOT / lock for lock in locks])
        except SetupFailed as failure:
            print(f"setup: {failure}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("setup: interrupted; the next run takes it up", file=sys.stderr)
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
