"""The release has one number."""

from __future__ import annotations

import tomllib

from config.release import RELEASE
from tests.contracts.sources import ROOT


def test_the_release_that_the_service_names_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == RELEASE
