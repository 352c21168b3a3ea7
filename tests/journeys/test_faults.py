"""The quickest acts of `make faults`, once each; `make faults` does all of them twenty times."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tools.faults.acts import FAULTS, POSTGRESQL
from tools.faults.run import perform, stage_on
from tools.faults.stage import Stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with stage_on(POSTGRESQL) as made:
        yield made


@pytest.mark.parametrize("name", [fault.name for fault in FAULTS if fault.quick])
def test_everybody_is_requested_once_whatever_breaks(stage: Stage, name: str) -> None:
    (fault,) = [each for each in FAULTS if each.name == name]
    row = perform(stage, fault, POSTGRESQL, runs=1)
    # How long it took is for `make faults`, on a machine that does nothing else.
    assert [each for each in row.complaints if "without a request" not in each] == []
    assert row.requested == row.expected > 0
