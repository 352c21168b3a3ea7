"""A running network, and a small application for it to ask."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.edges.simulator.application import Application
from tests.edges.simulator.carrier import ACCOUNT_SID, AUTH_TOKEN, OURS, SECOND, Carrier
from tests.support.handsets import Network

SPEED = 50.0


@pytest.fixture(scope="session")
def _application() -> Iterator[Application]:
    with Application() as application:
        yield application


@pytest.fixture(scope="session")
def _network(_application: Application) -> Iterator[Network]:
    with Network.launch(
        account_sid=ACCOUNT_SID,
        auth_token=AUTH_TOKEN,
        numbers=[OURS, SECOND],
        speed=SPEED,
        options=["--voice-status-url", _application.url("/voice-status")],
    ) as network:
        yield network


@pytest.fixture
def application(_application: Application) -> Application:
    """The application that the network asks, with nothing to say yet."""
    _application.forget()
    return _application


@pytest.fixture
def network(_network: Network, application: Application) -> Iterator[Network]:
    """A network that knows nothing yet, 50 times as fast as life."""
    _network.reset()
    _network.point_at(voice_url=application.url("/voice"), sms_url=application.url("/sms"), voice_fallback_url="")
    yield _network
    _network.reset()


@pytest.fixture
def carrier(network: Network) -> Carrier:
    """The network's REST API."""
    return Carrier(network.url)


@pytest.fixture(scope="session", autouse=True)
def _without_proxies() -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        os.environ.pop(name, None)
