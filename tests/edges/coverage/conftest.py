"""The figures in their formats, on PostgreSQL."""

from __future__ import annotations

import pytest

from tests.conftest import fresh_database


@pytest.fixture(params=["postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """As a town has it; that SQLite serves every command and page too, test_everything_on_sqlite holds."""
    return fresh_database(request)
