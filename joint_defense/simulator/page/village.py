"""What the page shows: which handsets somebody looks at, and what stands on each one's screen."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from joint_defense.simulator.network.network import Handset, Network
from joint_defense.simulator.network.phone_book import Group, Listed, Village
from joint_defense.simulator.network.records import Call, CallStatus, Heard, Message
from joint_defense.simulator.network.wire import is_number, measure_speech
from joint_defense.simulator.telephony.ringing import SWITCHED_OFF

MOST_OTHERS = 12
LINES_SHOWN, TEXTS_SHOWN = 8, 3
"""Of the last call and the last texts, on a screen among others; a handset looked at alone shows them all."""


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody has chosen: a village's code, a group by its place from 1, one number alone, numbers only."""

    village: str = ""
    group: int = 1
    number: str = ""
    numbers_only: bool = False

    @property
    def query(self) -> str:
        """The same in an address."""
        chosen = {"village": self.village, "group": str(self.group)} if self.village else {}
        chosen |= {"number": self.number} if self.number else {}
        chosen |= {"view": "numbers"} if self.numbers_only else {}
        return urlencode(chosen)


def read_look(query: Mapping[str, str]) -> Look:
    """What an address asks for; whatever in it makes no sense is left out."""
    group = query.get("group", "")
    number = "".join(query.get("number", "").split())
    # A plus sign in an address that somebody typed arrives as a blank.
    number = f"+{number}" if number[:1].isdigit() else number
    return Look(
        village=query.get("village", ""),
        group=int(group) if group.isascii() and group.isdigit() and len(group) < 5 else 1,
        number=number if is_number(number) else "",
        numbers_only=query.get("view") == "numbers",
    )


@dataclass(frozen=True, slots=True)
class Line:
    """Something heard. `began_ms` and `lasts_ms` are set while it sounds, in our time."""

    verb: str
    text: str
    language: str
    began_ms: int | None = None
    lasts_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """A call as its screen shows it. `outcome` is empty while it goes on."""

    incoming: bool
    other: str
    outcome: str
    lines: tuple[Line, ...]
    pressed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Screen:
    """What stands on a handset: its state (as `Handset.state` has it, or how its last call ended)."""

    state: str
    word: str
    talks: tuple[Talk, ...]
    texts: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """The handsets of a look: the village and group they are from (None: there is no phone book), and all others."""

    village: Village | None
    group: Group | None
    phones: tuple[Listed, ...]
    others: tuple[Listed, ...]

    @property
    def numbers(self) -> frozenset[str]:
        """All that can be seen."""
        return frozenset(phone.number for phone in (*self.phones, *self.others))

    @property
    def version(self) -> str:
        """A word that changes with who is to be seen, and with what is said of them."""
        return hashlib.sha256(repr((self.phones, self.others)).encode()).hexdigest()[:16]


def find_shown(network: Network, look: Look) -> Shown:
    """The handsets that a look is at; the first village and group where it names none."""
    villages = network.phone_book.villages
    village = next((each for each in villages if each.code == look.village), villages[0] if villages else None)
    groups = village.groups if village is not None else ()
    group = groups[look.group - 1] if 0 < look.group <= len(groups) else next(iter(groups), None)
    if look.number:
        alone = network.phone_book.find(look.number) or Listed(look.number, "")
        return Shown(village, group, (alone,), ())
    return Shown(village, group, group.phones if group else (), _list_others(network))


def _list_others(network: Network) -> tuple[Listed, ...]:
    """The handsets in no phone book that have been used, the newest first."""
    found: list[Listed] = []
    for number in reversed(network.handsets):
        used = network.handsets[number]
        if number not in network.phone_book and (used.calls or used.messages or used.scripted is not None):
            found.append(Listed(number, used.name))
        if len(found) == MOST_OTHERS:
            break
    return tuple(found)


def make_screen(network: Network, number: str, *, alone: bool = False) -> Screen:
    """What stands on a handset's screen now; `alone` with everything it remembers."""
    handset = network.handsets.get(number) or Handset(number)
    calls, texts = list(handset.calls), list(handset.messages)
    state = handset.state
    current = handset.leg.call if handset.leg is not None else None
    # A call that waits at the carrier, or found the line busy, is no talk; but how the last one ended is told.
    over = [call for call in calls if call.over]
    word = state if current is not None or not over else _find_outcome(over[-1])
    if state == "in_call" and current is not None and current.voicemail:
        word = "voicemail_now"
    shown = [call for call in calls if call is current or call.over]
    talks = shown if alone else [current or shown[-1]] if shown else []
    return Screen(
        state,
        word,
        tuple(_talk(network, call, None if alone else LINES_SHOWN) for call in talks),
        tuple(texts if alone else texts[-TEXTS_SHOWN:]),
    )


def _talk(network: Network, call: Call, most: int | None) -> Talk:
    heard = [each for each in call.heard if each.verb != "Pause"]
    sounding = call.heard[-1] if call.heard and not call.over and not call.heard[-1].complete else None
    lines = [_make_line(network, each, each is sounding) for each in (heard if most is None else heard[-most:])]
    return Talk(
        not call.inbound,
        call.to if call.inbound else call.sender,
        _find_outcome(call) if call.over else "",
        tuple(lines),
        tuple(call.pressed),
    )


def _make_line(network: Network, heard: Heard, sounding: bool) -> Line:
    # The carrier's names for Mandarin are not those of the web.
    language = "zh-CN" if heard.language.startswith(("cmn", "zh")) else heard.language
    if not sounding or heard.verb != "Say":
        return Line(heard.verb, heard.text, language)
    lasts = network.real(measure_speech(heard.text)) * 1000
    return Line(heard.verb, heard.text, language, round((time.time() - heard.at) * 1000), round(lasts))


def _find_outcome(call: Call) -> str:
    """How a call ended, as `words` names it."""
    if call.sip_code == SWITCHED_OFF:
        return "was_off"
    if call.status is CallStatus.COMPLETED and call.voicemail:
        return "was_voicemail"
    return {
        CallStatus.COMPLETED: "hung_up",
        CallStatus.BUSY: "was_busy",
        CallStatus.NO_ANSWER: "missed",
        CallStatus.CANCELED: "stopped_ringing",
        CallStatus.FAILED: "was_unreachable",
    }.get(call.status, "hung_up")
