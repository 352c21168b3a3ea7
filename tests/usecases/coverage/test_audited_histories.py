"""An auditor's recount: histories drawn by lot, with moves, backdating, undo and corrections, counted three times.

`make histories` plays more of them.
"""

from __future__ import annotations

import pytest

from config.database import Database
from tests.conftest import examples
from tests.support.histories import played
from tests.support.recount import recount

HISTORIES = 6


# Six histories, each on one database: two of three of them cost a second less.
@pytest.mark.parametrize(
    ("database_url", "seed"),
    [("sqlite" if seed % 3 else "postgresql", seed) for seed in range(examples(HISTORIES))],
    indirect=["database_url"],
)
def test_an_independent_recount_of_a_hostile_history_finds_no_difference(database: Database, seed: int) -> None:
    assert recount(played(database, seed)) > 1
