"""What was taken from others stands here as it was published; what a browser loads of it is light."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.tools import vendor

ENTRIES = json.loads(vendor.LOCK.read_text())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_every_vendored_file_is_what_the_lock_says(entry: dict[str, object]) -> None:
    vendor.check(entry)
    assert entry["licence"]
    assert str(entry["archive"]).startswith("sha512-")


def test_every_vendored_file_stands_in_the_lock() -> None:
    locked = {vendor.find_home(entry) / Path(name).name for entry in ENTRIES for name in entry["files"]}
    twins = {path.with_name(path.name + ending) for path in locked for ending in (".br", ".gz")}
    for folder in {vendor.find_home(entry) for entry in ENTRIES}:
        for path in folder.iterdir():
            assert path in locked | twins, f"{path} is in no lock"


def test_a_changed_file_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"body{}"
    entry = {"name": "x", "version": "1", "into": "y", "files": {"package/x.css": vendor.hash_content(content)}}
    folder = tmp_path / "y" / "x-1"
    folder.mkdir(parents=True)
    (folder / "x.css").write_bytes(content + b"!")
    monkeypatch.setattr(vendor, "ROOT", tmp_path)

    with pytest.raises(vendor.Mismatch, match=r"x\.css is missing or was changed"):
        vendor.check(entry)
