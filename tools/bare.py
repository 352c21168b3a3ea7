"""Both commands of README on a machine that has nothing: `make bare`, as root on a Debian or Ubuntu.

Makes a Debian with Python, git and make in a temporary folder, for each way a fresh copy of it with a clone of what is
committed here; runs `make demo ONCE=1` and `make test` in it, then the demo once more without a network; removes all.

    user        an ordinary user without sudo, in a folder with a blank and Chinese in its name. Told what to install
                before any test runs, it has root type that very line.
    root-srv    root, in /srv/p
    root-home   root, in /root/p, where nobody else may look

What is said lands in var/bare/*.log; the closing lines and the times are printed, and kept in var/bare/summary.txt. 0
when every step ended as it should. `make bare STEPS=demo` leaves the tests out, and takes a few minutes: set-up, the
demo, what the user is told of a missing package, and the demo without a network.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / "var" / "bare"
SUMMARY = LOGS / "summary.txt"
RELEASE = "bookworm"
PACKAGES = "python3,python3-venv,git,make,ca-certificates"
USER, USER_ID = "neighbour", 1000
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# How this machine gets at packages is the bare one's way too.
_FILES = ("hosts", "resolv.conf", "pip.conf", "xdg/pip", "uv", "ssl/certs/ca-certificates.crt")
_VARIABLES = re.compile(r"(PIP|UV)_\w+|\w+_proxy|\w+_PROXY|SSL_CERT_\w+|\w+_CA_BUNDLE|LANG")
_CLONE_NEWNET = 0x40000000


class Failed(Exception):
    """A step did not end as it should; the message says which, and where its log is."""


@dataclass(frozen=True)
class Way:
    """Who runs the commands, and where."""

    name: str
    folder: str
    user: str = "root"


WAYS = (
    Way("user", f"/home/{USER}/十户 联防/p", USER),
    Way("root-srv", "/srv/p"),
    Way("root-home", "/root/p"),
)


class Bare:
    """A bare machine in a folder, and the clone in it."""

    def __init__(self, root: Path, way: Way) -> None:
        self.root = root
        self.way = way

    def run(self, step: str, command: str, *, user: str | None = None, network: bool = True, code: int = 0) -> str:
        """Run a command in the clone. What it printed; raises Failed when it ends with another exit code."""
        user = user or self.way.user
        log = LOGS / f"{self.way.name}-{step}.log"
        begun = time.monotonic()
        with log.open("wb") as output:
            ended = subprocess.run(
                ["chroot", f"--userspec={user}:{user}", str(self.root), "sh", "-c", f'cd "$HERE" && {command}'],
                env=self._environment(user),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=None if network else _leave_the_network,
                check=False,
            )
        said = log.read_text(errors="replace")
        last = said.strip().rpartition("\n")[2]
        report(f"{self.way.name:10} {step:16} {time.monotonic() - begun:6.1f} s  exit {ended.returncode}  {last}")
        if ended.returncode != code:
            raise Failed(f"{self.way.name}: {step} ended with {ended.returncode} instead of {code}: {log}")
        return said

    def _environment(self, user: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if _VARIABLES.fullmatch(name)}
        home = "/root" if user == "root" else f"/home/{user}"
        return kept | {"PATH": PATH, "HOME": home, "USER": user, "HERE": self.way.folder}


def report(line: str) -> None:
    """Print a line, and keep it for whoever was not there."""
    print(line, flush=True)
    with SUMMARY.open("a") as kept:
        kept.write(f"{line}\n")


def try_out(bare: Bare, *, tests: bool) -> None:
    """The steps of one way, with the tests or up to them. Raises Failed."""
    demo = f"make demo ONCE=1 PORT={_free_port()} SIM_PORT={_free_port()}"
    bare.run("demo", demo)
    if bare.way.user != "root":
        said = bare.run("test-without", "make test", code=2)
        line = re.search(r"missing: sudo (.+)", said)
        if line is None or " passed" in said:
            raise Failed(f"{bare.way.name}: what is missing was not named before the tests")
        bare.run("packages", f"apt-get update -q && {line[1]} -y", user="root")
    if tests:
        bare.run("test", "make test")
    bare.run("demo-no-network", demo, network=False)


def _free_port() -> int:
    """A port that nobody on this machine listens on: the bare one shares its network."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def machine(base: Path, home: Path, way: Way) -> Iterator[Bare]:
    """A copy of the base with a clone in it, and what a running machine has: /proc, /dev/shm."""
    root = home / way.name
    subprocess.run(["cp", "-a", "--reflink=auto", base, root], check=True)
    mounts = [root / "proc", root / "dev/shm", root / "dev/pts"]
    for mount in mounts:
        mount.mkdir(parents=True, exist_ok=True)
    try:
        for kind, mount in zip(("proc", "tmpfs", "devpts"), mounts, strict=True):
            subprocess.run(["mount", "-t", kind, kind, mount], check=True)
        clone = root / way.folder.lstrip("/")
        subprocess.run(["git", "clone", "--quiet", "--no-local", ROOT, clone], check=True)
        if way.user != "root":
            subprocess.run(["chown", "-R", f"{USER_ID}:{USER_ID}", root / "home" / USER], check=True)
        yield Bare(root, way)
    finally:
        for mount in reversed(mounts):
            subprocess.run(["umount", "--lazy", mount], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(root)


def make_base(base: Path) -> None:
    """A Debian with nothing but Python, git and make, that reaches packages as this machine does."""
    if shutil.which("debootstrap") is None:
        subprocess.run(["apt-get", "install", "-q", "-y", "--no-install-recommends", "debootstrap"], check=True)
    log = LOGS / "debootstrap.log"
    with log.open("wb") as output:
        subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, base],
            stdout=output,
            stderr=subprocess.STDOUT,
            check=True,
        )
    for name in _FILES:
        ours, theirs = Path("/etc", name), base / "etc" / name
        if ours.is_dir():
            shutil.copytree(ours, theirs, dirs_exist_ok=True)
        elif ours.exists():
            theirs.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ours, theirs)
    for ours in Path("/etc/apt/apt.conf.d").iterdir():
        if "Acquire::" in ours.read_text(errors="replace"):
            shutil.copyfile(ours, base / "etc/apt/apt.conf.d" / ours.name)
    subprocess.run(["chroot", base, "useradd", "--create-home", "--uid", str(USER_ID), USER], check=True)


def _leave_the_network() -> None:
    """Move this process where there is a loopback and nothing else."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        up_and_running = struct.pack("16sh14x", b"lo", 0x41)
        fcntl.ioctl(control, 0x8914, up_and_running)  # SIOCSIFFLAGS


def _commit() -> str:
    told = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    return told.stdout.strip()


def main(words: list[str]) -> int:
    """Every way, or those that are named; of each all steps, or with `--without-tests` the others."""
    tests = "--without-tests" not in words
    names = [word for word in words if word != "--without-tests"]
    if unknown := set(names) - {way.name for way in WAYS}:
        print(f"bare: no such way: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 1
    if os.geteuid() != 0:
        print("bare: only root can make a bare machine: sudo make bare", file=sys.stderr)
        return 1
    # Told to stop, it still unmounts what it has mounted, and removes all.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    LOGS.mkdir(parents=True, exist_ok=True)
    SUMMARY.write_text(f"{time.strftime('%Y-%m-%d %H:%M')}  {_commit()}\n")
    ways = [way for way in WAYS if not names or way.name in names]
    with tempfile.TemporaryDirectory(prefix="bare-", dir="/var/tmp") as folder:
        home = Path(folder)
        home.chmod(0o755)
        make_base(home / "base")
        for way in ways:
            with machine(home / "base", home, way) as bare:
                try:
                    try_out(bare, tests=tests)
                except Failed as failure:
                    report(f"bare: {failure}")
                    return 1
    passed = "both commands passed" if tests else "the demo passed, the tests were left out"
    report(f"bare: {', '.join(way.name for way in ways)}: {passed}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
