"""A village on each database, empty but for its group."""

from __future__ import annotations

import pytest

from config.database import Database
from tests.support.factories import Town


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)
