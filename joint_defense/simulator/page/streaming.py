"""What changes on a page, as server-sent events.

screen      {"number", "state", "behaviour", "html"}: a handset's screen, drawn anew
heard       {"number", "text", "language"}: a sentence begins to sound
people      {}: there are other handsets to see now
After the line was cut every screen comes once more, so that nothing is missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from joint_defense.simulator.events import Change, as_event
from joint_defense.simulator.network import Handset, Network
from joint_defense.simulator.page.drawing import draw_screen
from joint_defense.simulator.page.hands import behaviour_of
from joint_defense.simulator.page.village import Look, find_shown

# A ring of ten handsets comes as dozens of changes at once: the eye needs one picture of them.
SECONDS_BETWEEN_PICTURES = 0.05


async def stream(network: Network, look: Look, language: str) -> AsyncGenerator[str]:
    """The events of a page, until whoever reads them goes away or the network ends."""
    numbers = find_shown(network, look).numbers
    touched = set(numbers)
    async with aclosing(network.events.changes()) as batches:
        async for changes in batches:
            told = [event for change in changes if (event := _sentence(change, numbers))]
            for kind, view in changes:
                if kind in {"phone_book", "reset"} or view.get("handset", view.get("number")) not in numbers:
                    now = find_shown(network, look).numbers
                    if now != numbers or kind == "phone_book":
                        numbers = now
                        told.append(as_event("people", {}))
                touched.add(str(view.get("handset", view.get("number", ""))))
            told += [_screen(network, number, look, language) for number in sorted(touched & numbers)]
            touched.clear()
            yield "".join(told) or ": alive\n\n"
            await asyncio.sleep(SECONDS_BETWEEN_PICTURES)


def _sentence(change: Change, numbers: frozenset[str]) -> str:
    kind, view = change
    if kind != "heard" or view["handset"] not in numbers or view["verb"] != "Say":
        return ""
    language = "zh-CN" if view["language"].startswith(("cmn", "zh")) else view["language"]
    return as_event("heard", {"number": view["handset"], "text": view["text"], "language": language})


def _screen(network: Network, number: str, look: Look, language: str) -> str:
    screen, html = draw_screen(network, number, look, language)
    behaviour = behaviour_of(network.handsets.get(number) or Handset(number))
    return as_event("screen", {"number": number, "state": screen.state, "behaviour": behaviour, "html": html})
