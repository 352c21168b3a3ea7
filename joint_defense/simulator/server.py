"""The network's web server: puts the parts together, and takes them down again."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from joint_defense.simulator.api.control import Control
from joint_defense.simulator.api.guard import allow_only_from_here
from joint_defense.simulator.api.rest import RestApi
from joint_defense.simulator.network.callbacks import Callbacks
from joint_defense.simulator.network.network import Network, Options
from joint_defense.simulator.network.phone_book import PhoneBook
from joint_defense.simulator.network.webhooks import Webhooks
from joint_defense.simulator.page.hands import Hands
from joint_defense.simulator.page.routes import Page
from joint_defense.simulator.telephony.exchange import Exchange
from joint_defense.simulator.telephony.texting import Texting

# Scripts and TwiML are small; what is larger is a mistake.
LARGEST_REQUEST = 256 * 1024


def create_app(options: Options, phone_book: PhoneBook | None = None) -> web.Application:
    """The network as a web application, one account and its numbers."""
    app = web.Application(client_max_size=LARGEST_REQUEST, middlewares=[allow_only_from_here])
    network = Network(options)
    if phone_book is not None:
        network.take_phone_book(phone_book)
    webhooks = Webhooks(network)
    callbacks = Callbacks(network, webhooks)
    exchange = Exchange(network, webhooks, callbacks)
    texting = Texting(network, webhooks, callbacks)
    app.add_routes(RestApi(network, exchange, texting).routes())
    app.add_routes(Control(network, exchange, texting, callbacks).routes())
    app.add_routes(Page(network, Hands(network, exchange, texting)).routes())

    async def run_network(_: web.Application) -> AsyncIterator[None]:
        await webhooks.open()
        yield
        await exchange.stop()
        await texting.stop()
        callbacks.drop_all()
        await webhooks.close()

    async def end_streams(_: web.Application) -> None:
        network.events.close()

    app.cleanup_ctx.append(run_network)
    app.on_shutdown.append(end_streams)
    return app
