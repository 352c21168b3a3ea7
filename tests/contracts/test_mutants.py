"""`make mutants` tries each fault in a fork: what one does to PostgreSQL must not make tests in the next one fail."""

from __future__ import annotations

import pytest

from tests.support.servers import Broom, PostgresServer
from tools.mutants.forks import run_in_fork


# Of Python 3.12 and later, in a worker that has threads.
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_forks_one_after_the_other_find_postgresql_as_it_was(
    postgres_server: PostgresServer, request: pytest.FixtureRequest
) -> None:
    broom: Broom = request.getfixturevalue("_broom")
    broom.empty()

    def use() -> str:
        # The driver has a statement prepared by the server at its sixth time.
        for _ in range(7):
            broom.empty()
        with postgres_server.connect("town") as connection:
            connection.execute("CREATE SCHEMA of_a_fork")
            connection.execute("CREATE DATABASE of_a_fork")
        return "done"

    assert [run_in_fork(use, 60) for _ in range(2)] == ["done", "done"]
