"""The locked packages, by pip-audit.

Where advisories are given as a file (OSV's `all.zip` for PyPI), pip-audit's questions are answered from it on
loopback, in OSV's own way: https://google.github.io/osv.dev/post-v1-query/.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-uv.lock")
PATIENCE = 20
"""Seconds that an answer from outside may take."""

Advisory = Mapping[str, Any]


class NoAdvisories(Exception):
    """Nobody could say what is known of a package. The message is one line."""


def find_known_flaws(advisories: Path | None, root: Path = ROOT) -> tuple[list[str], int]:
    """A line for each known flaw of a locked package, and how many packages were looked at. Raises NoAdvisories."""
    if advisories is None:
        return _ask(["--vulnerability-service", "osv"], root)
    with _serve(_read_advisories(advisories)) as address:
        return _ask(["--vulnerability-service", "osv", "--osv-url", address], root)


def _ask(service: Sequence[str], root: Path) -> tuple[list[str], int]:
    locks = [word for name in LOCKS for word in ("--requirement", str(root / name))]
    with tempfile.TemporaryDirectory() as cache:
        command = [
            *(sys.executable, "-m", "pip_audit", *locks, "--require-hashes", "--disable-pip"),
            *("--progress-spinner", "off", "--timeout", str(PATIENCE), "--format", "json", "--cache-dir", cache),
            *service,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
        raise NoAdvisories(last[-300:]) from None
    if skipped := [each["name"] for each in packages if "skip_reason" in each]:
        raise NoAdvisories(f"nothing could be learnt of {len(skipped)} packages, {skipped[0]} among them")
    if not packages:
        raise NoAdvisories("no package was looked at")
    return [_describe(each, flaw) for each in packages for flaw in each["vulns"]], len(packages)


def _describe(package: Mapping[str, Any], flaw: Mapping[str, Any]) -> str:
    mended = ", ".join(flaw["fix_versions"]) or "no release"
    names = " ".join(dict.fromkeys([flaw["id"], *flaw["aliases"]]))
    return f"{package['name']} {package['version']}: {names}, mended in {mended}: {flaw['description'][:120]}"


def _read_advisories(file: Path) -> dict[str, list[Advisory]]:
    """OSV's advisories by the package they are about. Raises NoAdvisories where the file holds none."""
    found: dict[str, list[Advisory]] = {}
    try:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                advisory = json.loads(archive.read(name))
                for affected in advisory.get("affected", ()):
                    package = affected.get("package", {})
                    if package.get("ecosystem") == "PyPI":
                        package["name"] = canonicalize_name(package["name"])  # as pip-audit compares it
                        found.setdefault(package["name"], []).append(advisory)
    except (OSError, ValueError, zipfile.BadZipFile) as trouble:
        raise NoAdvisories(f"{file} cannot be read: {trouble}") from None
    if not found:
        raise NoAdvisories(f"{file} has no advisory for a Python package")
    return found


def is_affected(advisory: Advisory, name: str, version: str) -> bool:
    """Whether this release has the flaw, by the versions that the advisory lists or the ranges it gives."""
    for affected in advisory["affected"]:
        package = affected.get("package", {})
        if package.get("ecosystem") != "PyPI" or canonicalize_name(package["name"]) != name:
            continue
        if version in affected.get("versions", ()):
            return True
        ranges = [each for each in affected.get("ranges", ()) if each["type"] == "ECOSYSTEM"]
        if any(_lies_within(each["events"], version) for each in ranges):
            return True
    return False


def _lies_within(events: Sequence[Mapping[str, str]], version: str) -> bool:
    """OSV's events: affected from `introduced` on, before `fixed`, up to `last_affected`."""
    asked = Version(version)
    begun = False
    for event in sorted(events, key=lambda each: _read_version(next(iter(each.values())))):
        if "introduced" in event and _read_version(event["introduced"]) <= asked:
            begun = True
        if "fixed" in event and _read_version(event["fixed"]) <= asked:
            begun = False
        if "last_affected" in event and _read_version(event["last_affected"]) < asked:
            begun = False
    return begun


def _read_version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        # What Python calls no version orders nothing: as good as the first one, so that a doubt is told.
        return Version("0")


@contextmanager
def _serve(advisories: Mapping[str, Sequence[Advisory]]) -> Iterator[str]:
    """OSV's query, answered on loopback while the block runs; its address."""

    class Query(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = canonicalize_name(asked["package"]["name"])
            known = [each for each in advisories.get(name, ()) if is_affected(each, name, asked["version"])]
            body = json.dumps({"vulns": known} if known else {}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_given: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Query)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
