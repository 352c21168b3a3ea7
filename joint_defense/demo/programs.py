"""Programs started by us: they never outlive us, write to a log of their own, and are ended as a family.

What keeps a demo from running.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_POLL = 0.02


@dataclass
class Program:
    """A running program: `name` for people, `log` for what it wrote, `stop_signal` for a polite end."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals = field(default=signal.SIGTERM)

    @property
    def pid(self) -> int:
        """Its process id, which is its family's (process group's) as well."""
        return self.popen.pid

    @property
    def running(self) -> bool:
        return self.popen.poll() is None

    def read_last_words(self, lines: int = 5) -> str:
        """The end of its log: why it stopped, as a rule."""
        text = self.log.read_text(errors="replace").strip() if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def send(self, sign: signal.Signals) -> None:
        """Send a signal to the program alone."""
        with suppress(ProcessLookupError):
            self.popen.send_signal(sign)

    def kill(self) -> None:
        """End it and its children at once, as a crash or a power cut would."""
        kill_family(self.pid)
        self.popen.wait()


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
    user: str | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Program:
    """Start a program in a session of its own, so that Ctrl-C reaches only us and we end it in order.

    When we die, even by kill -9, the kernel sends it `stop_signal` (Linux; the thread that called us counts as us).
    Its environment is `environ` and nothing else, our own when None. `user`: run as this user; we must be root.
    """
    with log.open("ab") as output:
        popen = subprocess.Popen(  # noqa: S603 - commands come from our own code and our own Procfile
            [*_make_leash(stop_signal, user), *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environ is None else dict(environ),
            cwd=directory,
            start_new_session=True,
        )
    return Program(name, popen, log, stop_signal)


def stop(programs: Iterable[Program], *, grace: float = 10.0) -> list[Program]:
    """Ask all of them to end, wait up to `grace` seconds, and kill what is left, children included.

    Returns those that had to be killed.
    """
    family = list(programs)
    for program in family:
        program.send(program.stop_signal)
    deadline = time.monotonic() + grace
    while any(program.running for program in family) and time.monotonic() < deadline:
        time.sleep(_POLL)
    stubborn = [program for program in family if program.running]
    for program in family:
        program.kill()
    return stubborn


def kill_family(pid: int) -> None:
    """End a process group at once."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def read_birth(pid: int) -> str:
    """When a process was started, in the kernel's ticks since boot: with its id it is unmistakable. Empty if gone."""
    try:
        # The second field is the program's name in parentheses, which may hold anything.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _make_leash(stop_signal: signal.Signals, user: str | None) -> list[str]:
    # A change of user clears the parent-death signal, so one tool must do both, in the right order: util-linux's
    # setpriv, which every Debian has. Where it is missing (macOS), only an orderly end of ours ends the others.
    tool = shutil.which("setpriv")
    if user is not None:
        if tool is None:
            raise FileNotFoundError("setpriv (util-linux) is missing: a server cannot be started as another user")
        as_user = [f"--reuid={user}", f"--regid={_find_group(user)}", "--clear-groups"]
    else:
        as_user = []
    return [tool, *as_user, "--pdeathsig", stop_signal.name, "--"] if tool else []


def _find_group(user: str) -> str:
    import pwd  # noqa: PLC0415 - not everywhere, and only needed here

    return str(pwd.getpwnam(user).pw_gid)


class DemoTrouble(Exception):
    """The demo cannot start or go on. The message is for people, one line as a rule, and says what to do."""
