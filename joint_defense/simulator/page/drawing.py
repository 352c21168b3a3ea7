"""The page as HTML: the whole of it, and a screen by itself."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from joint_defense.simulator.network.network import Handset, Network
from joint_defense.simulator.page.hands import BEHAVIOURS, SCRIPTED, find_behaviour
from joint_defense.simulator.page.village import Look, Screen, Shown, find_shown, make_screen
from joint_defense.simulator.page.words import ENGLISH, TAGS, find_word

_TEMPLATES = Path(__file__).parent / "templates"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
STATE_ICONS = {"idle": "phone", "ringing": "ringing", "dialing": "out", "in_call": "talk"}


def group_digits(number: str) -> str:
    """A number as people read it: +86 138 0574 0001, +86 574 8888 9999."""
    if not number.startswith("+86") or len(number) < 10:
        return number
    rest = number[3:]
    parts = (rest[:-8], rest[-8:-4], rest[-4:])
    return " ".join(("+86", *(part for part in parts if part)))


def link_addresses(body: str) -> Markup:
    """A text in which addresses can be tapped, as a handset shows it."""
    parts = _ADDRESS.split(body)
    link = Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>')
    return Markup("").join(link.format(part) if nth % 2 else part for nth, part in enumerate(parts))


_ADDRESS = re.compile(r"(https?://[^\s\u3000-\u303f\uff00-\uffef]+)")
_ENVIRONMENT.filters.update(grouped=group_digits, linked=link_addresses)


def draw_page(network: Network, look: Look, language: str, said: str = "", said_at: str = "", typed: str = "") -> str:
    """The whole page. `said` names what could not be done at the handset `said_at`; `typed` was no number."""
    shown = find_shown(network, look)
    return _ENVIRONMENT.get_template("page.html").render(
        _list_words(language),
        look=look,
        shown=shown,
        villages=network.phone_book.villages,
        screens={number: make_screen(network, number, alone=bool(look.number)) for number in shown.numbers},
        behaviours={number: _find_behaviour(network, number) for number in shown.numbers},
        all_behaviours=BEHAVIOURS,
        scripted=SCRIPTED,
        names=_list_names(network, shown, language),
        said=said,
        said_at=said_at,
        typed=typed,
    )


def draw_screen(network: Network, number: str, look: Look, language: str) -> tuple[Screen, str]:
    """One handset's screen, and its HTML."""
    screen = make_screen(network, number, alone=bool(look.number))
    template = _ENVIRONMENT.get_template("screen.html")
    return screen, template.render(_list_words(language), screen=screen, alone=bool(look.number))


def _list_words(language: str) -> dict[str, Any]:
    return {
        "w": partial(find_word, language=language),
        "tag": TAGS[language],
        "english": language == ENGLISH,
        "icons": STATE_ICONS,
    }


def _list_names(network: Network, shown: Shown, language: str) -> dict[str, str]:
    """What each handset is called."""
    return {phone.number: phone.household or find_word("unknown", language) for phone in (*shown.phones, *shown.others)}


def _find_behaviour(network: Network, number: str) -> str:
    return find_behaviour(network.handsets.get(number) or Handset(number))
