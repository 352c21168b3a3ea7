from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from config.database import Database, read_clock
from tests.conftest import MakeSettings
from tests.edges.web.conftest import VILLAGE, Visitor, open_app
from tests.edges.web.scenes import raise_from, settle_group


@pytest.fixture
def web(settings: MakeSettings) -> Iterator[Flask]:
    """A carrier that takes a call a second."""
    app = open_app(settings(calls_per_second=1))
    yield app
    app.extensions["runtime"].close()


def test_while_households_wait_for_their_first_ring_the_page_says_when_the_last_one_has_it(
    store: Database, operator: Visitor
) -> None:
    with store.begin() as session:
        settle_group(session, VILLAGE)
        incident_id = raise_from(session, 1, read_clock(session))
    page = operator.get(f"/incidents/{incident_id}").text
    assert re.search(r"还有\d+家待拨，最后一家响铃约在 <time [^>]+>\d\d:\d\d:\d\d</time>", page)
    operator.speak_english()
    assert "households are still to be rung, the last at about" in operator.get(f"/incidents/{incident_id}").text
