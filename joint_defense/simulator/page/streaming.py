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

from joint_defense.simulator.network.events import Change, as_event
from joint_defense.simulator.network.network import Handset, Network
from joint_defense.simulator.page.drawing import draw_screen
from joint_defense.simulator.page.hands import find_behaviour
from joint_defense.simulator.page.village import Look, find_shown

# A ring of ten handsets comes as dozens of changes at once: the eye needs one picture of them.
SECONDS_BETWEEN_PICTURES = 0.05


async def stream(network: Network, look: Look, language: str, version: str = "") -> AsyncGenerator[str]:
    """The events of a page, until whoever reads them goes away or the network ends.

    `version` is that of the handsets the page was made with: they may have changed before its line stood.
    """
    shown = find_shown(network, look)
    numbers, touched = shown.numbers, set(shown.numbers)
    async with aclosing(network.events.changes()) as batches:
        async for changes in batches:
            told = [event for change in changes if (event := _write_sentence(change, numbers))]
            concerned = {str(view.get("handset", view.get("number", ""))) for _, view in changes}
            touched |= concerned
            if not concerned <= numbers or version != shown.version:
                shown = find_shown(network, look)
                if version != shown.version:
                    version, numbers = shown.version, shown.numbers
                    told.append(as_event("people", {}))
            told += [_draw_screen(network, number, look, language) for number in sorted(touched & numbers)]
            touched.clear()
            yield "".join(told) or ": alive\n\n"
            await asyncio.sleep(SECONDS_BETWEEN_PICTURES)


def _write_sentence(change: Change, numbers: frozenset[str]) -> str:
    kind, view = change
    if kind != "heard" or view["handset"] not in numbers or view["verb"] != "Say":
        return ""
    language = "zh-CN" if view["language"].startswith(("cmn", "zh")) else view["language"]
    return as_event("heard", {"number": view["handset"], "text": view["text"], "language": language})


def _draw_screen(network: Network, number: str, look: Look, language: str) -> str:
    screen, html = draw_screen(network, number, look, language)
    behaviour = find_behaviour(network.handsets.get(number) or Handset(number))
    return as_event("screen", {"number": number, "state": screen.state, "behaviour": behaviour, "html": html})
