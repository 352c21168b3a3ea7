"""Vendored files: other people's CSS, scripts and schemas, kept in this repository as they were published.

    python -m config.tools.vendor            fetch what vendor.lock.json names, if it is what the lock says
    python -m config.tools.vendor --pin      the same, and write the hashes into the lock (after a change of version)
    python -m config.tools.vendor --check    compare the files that stand here with the lock; needs no network

An entry "from" npm or pypi is unpacked as it was published. One "from" debian is made out of an installed Debian
package by a recipe, a module of ours: `source` is its file (whose hash is `archive`), `tools` what it needs.
An entry's files land in `<into>/<name>-<version>/`. What a browser loads is compressed beside it, so that the web
server need not: `.br` and `.gz`.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import brotli

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "vendor.lock.json"
SERVED = "groups/web/static/vendor"


class Mismatch(Exception):
    """Something is not what the lock says; the message names it."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Vendored files.")
    parser.add_argument("--pin", action="store_true", help="write what was fetched into the lock")
    parser.add_argument("--check", action="store_true", help="compare what stands here with the lock")
    arguments = parser.parse_args()
    entries = json.loads(LOCK.read_text())
    try:
        for entry in entries:
            if arguments.check:
                check(entry)
            else:
                fetch(entry, pin=arguments.pin)
    except Mismatch as error:
        sys.exit(f"vendor: {error}")
    if arguments.pin:
        LOCK.write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n")


def hash_content(content: bytes) -> str:
    """The hash as npm writes it: `sha512-` and base64."""
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def find_home(entry: dict[str, Any]) -> Path:
    """Where an entry's files stand."""
    return ROOT / str(entry["into"]) / f"{entry['name']}-{entry['version']}"


def check(entry: dict[str, Any]) -> None:
    """Raises Mismatch unless every file of the entry stands here unchanged, its compressed twins too."""
    for name, expected in entry["files"].items():
        path = find_home(entry) / PurePosixPath(name).name
        if not path.is_file() or hash_content(path.read_bytes()) != expected:
            raise Mismatch(f"{path.relative_to(ROOT)} is missing or was changed: run python -m config.tools.vendor")
        for twin, unpack in _list_twins(entry, path):
            if not twin.is_file() or unpack(twin.read_bytes()) != path.read_bytes():
                raise Mismatch(
                    f"{twin.relative_to(ROOT)} is not its file, compressed: run python -m config.tools.vendor"
                )


def fetch(entry: dict[str, Any], *, pin: bool) -> None:
    """Download the entry's archive and unpack its files. Raises Mismatch where a hash is not the lock's."""
    if entry["from"] == "debian":
        _make(entry, pin=pin)
        return
    with tempfile.TemporaryDirectory() as folder:
        archive = _download(entry, Path(folder))
        _verify(entry, "archive", hash_content(archive.read_bytes()), pin, archive.name)
        target = find_home(entry)
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for name in entry["files"]:
            content = _read(archive, name)
            _verify(entry["files"], name, hash_content(content), pin, name)
            path = target / PurePosixPath(name).name
            path.write_bytes(content)
            _compress(entry, path, content)


def _make(entry: dict[str, Any], *, pin: bool) -> None:
    """Make the entry's file out of a Debian package's, and put the package's licence beside it."""
    source = Path(entry["source"]["file"])
    if not source.is_file():
        raise Mismatch(f"{source} is missing: apt-get install {entry['source']['package']}")
    _verify(entry, "archive", hash_content(source.read_bytes()), pin, str(source))
    made, licence = (find_home(entry) / name for name in entry["files"])
    made.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "bin" / "python"
        for command in (
            [sys.executable, "-m", "venv", folder],
            [python, "-m", "pip", "install", "--quiet", *entry["tools"]],
            [python, "-m", entry["recipe"], source, made],
        ):
            subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 # names are the lock's
    shutil.copyfile(entry["source"]["licence"], licence)
    for path in (made, licence):
        _verify(entry["files"], path.name, hash_content(path.read_bytes()), pin, path.name)


def _download(entry: dict[str, Any], folder: Path) -> Path:
    name, version = entry["name"], entry["version"]
    command = (
        ["npm", "pack", "--silent", f"{name}@{version}"]
        if entry["from"] == "npm"
        else [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"{name}=={version}"]
    )
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 # names are the lock's
    return next(folder.iterdir())


def _verify(kept: dict[str, Any], key: str, found: str, pin: bool, name: str) -> None:
    if pin:
        kept[key] = found
    elif kept[key] != found:
        raise Mismatch(f"{name} is not what the lock says")


def _read(archive: Path, name: str) -> bytes:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(name)
    with tarfile.open(archive) as tarball:
        member = tarball.extractfile(name)
        if member is None:
            raise Mismatch(f"{archive.name} has no {name}")
        return member.read()


def _list_twins(entry: dict[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    if entry["into"] == SERVED and path.suffix in {".css", ".js"}:
        yield path.with_name(path.name + ".br"), brotli.decompress
        yield path.with_name(path.name + ".gz"), gzip.decompress


def _compress(entry: dict[str, Any], path: Path, content: bytes) -> None:
    for twin, unpack in _list_twins(entry, path):
        pack = brotli.compress if unpack is brotli.decompress else lambda raw: gzip.compress(raw, mtime=0)
        twin.write_bytes(pack(content))


if __name__ == "__main__":
    main()
