"""The scanners: what is found is told, what nobody could look at is never said to be sound."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tools.audit.code import find_unexplained
from tools.audit.packages import NoAdvisories, find_known_flaws, is_affected

HASH = "--hash=sha256:" + "0" * 64


def _advisory(*events: dict[str, str], versions: tuple[str, ...] = (), package: str = "Widgets") -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": [*events]}] if events else []
    affected = {"package": {"ecosystem": "PyPI", "name": package}, "ranges": ranges, "versions": [*versions]}
    return {"id": "PYSEC-1", "aliases": ["CVE-1"], "summary": "It opens doors", "affected": [affected]}


@pytest.mark.parametrize(
    ("advisory", "affected", "sound"),
    [
        (_advisory({"introduced": "0"}, {"fixed": "2.0"}), ["1.0", "2.0rc1"], ["2.0", "2.1"]),
        (_advisory({"introduced": "1.5"}, {"last_affected": "1.9"}), ["1.5", "1.9"], ["1.4", "1.10"]),
        (
            _advisory({"introduced": "3"}, {"fixed": "3.2"}, {"introduced": "1"}, {"fixed": "1.4"}),
            ["1.3", "3.1"],
            ["1.4", "2.0", "3.2"],
        ),
        (_advisory(versions=("1.0", "1.1")), ["1.1"], ["1.2"]),
        (_advisory({"introduced": "0"}, package="other"), [], ["1.0"]),
    ],
)
def test_a_release_is_affected_where_the_advisory_says_so(
    advisory: dict[str, Any], affected: list[str], sound: list[str]
) -> None:
    assert [version for version in affected + sound if is_affected(advisory, "widgets", version)] == affected


def test_a_locked_package_with_a_known_flaw_is_told_from_a_file_of_advisories(tmp_path: Path) -> None:
    for name, line in {"requirements.lock": "widgets==1.0", "requirements-dev.lock": "sound-thing==3.1"}.items():
        (tmp_path / name).write_text(f"{line} {HASH}\n")
    (tmp_path / "requirements-uv.lock").write_text(f"uv==0.1 ; python_version < '3' {HASH}\n")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("PYSEC-1.json", json.dumps(_advisory({"introduced": "0"}, {"fixed": "2.0"})))
    flaws, looked_at = find_known_flaws(tmp_path / "all.zip", tmp_path)
    assert (flaws, looked_at) == (["widgets 1.0: PYSEC-1 CVE-1, mended in 2.0: It opens doors"], 2)


@pytest.mark.parametrize("content", [b"", b"no archive at all"])
def test_without_advisories_nothing_is_said_to_be_sound(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "all.zip").write_bytes(content)
    with pytest.raises(NoAdvisories):
        find_known_flaws(tmp_path / "all.zip", tmp_path)


def test_a_finding_in_our_code_needs_a_reason(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.ruff.lint.per-file-ignores]\n"config/old.py" = ["S324"]\n')
    (tmp_path / "config").mkdir()
    weak = "import hashlib\n\nhashlib.md5(b'')"
    (tmp_path / "config" / "new.py").write_text(f"{weak}\nhashlib.md5(b'1')  # noqa: S324 - a name of a file\n")
    (tmp_path / "config" / "old.py").write_text(weak)
    assert [found.partition(" ")[0] for found in find_unexplained(tmp_path)] == ["config/new.py:3:"]
