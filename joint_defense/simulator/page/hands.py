"""What a person does with a handset: call, press, answer, hang up, text; and how it behaves when nobody holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from joint_defense.simulator.network.network import Handset, Network
from joint_defense.simulator.network.scripts import BadScript, Press, read_digits, read_script
from joint_defense.simulator.telephony.exchange import Exchange, HandsetBusy
from joint_defense.simulator.telephony.texting import Texting

HELP_KEYS = "#9"
SECONDS_UNTIL_PRESSED = 0.5
LONGEST_TEXT = 500
SCRIPTED = "scripted"
"""A behaviour that is none of the page's: a test or a demonstration has set it."""
BY_HAND = "by_hand"


def _make_pick_up(keys: str, stays: float) -> dict[str, Any]:
    press = [{"after": 6, "digits": keys}] if keys else []
    return {"calls": [{"do": "answer", "after": 4, "press": press, "hang_up_after": stays}]}


_SCRIPTS = {
    BY_HAND: {"calls": [{"do": "manual"}]},
    "comes": _make_pick_up("1", 25),
    "cannot_come": _make_pick_up("2", 25),
    "listens_only": _make_pick_up("", 12),
    "busy": {"calls": [{"do": "busy"}]},
    # A text waits at the carrier until the phone is switched on again, which the page does not show.
    "off": {"calls": [{"do": "off"}], "texts": {"do": "sent_only"}},
    "no_answer": {"calls": [{"do": "no_answer"}]},
    "voicemail": {"calls": [{"do": "voicemail"}]},
    "no_such_number": {"calls": [{"do": "failed"}], "texts": {"do": "undelivered", "error_code": 30005}},
}
_BEHAVIOURS = {name: read_script(script) for name, script in _SCRIPTS.items()}
BEHAVIOURS = tuple(_BEHAVIOURS)
"""What a handset can be set to, by name."""


class CannotDo(Exception):
    """The handset is not in that state, or what is asked makes no sense. `word` names the sentence in `words`."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


def find_behaviour(handset: Handset) -> str:
    """The name of what a handset does when it is rung."""
    if handset.scripted is None:
        return BY_HAND
    return next((name for name, script in _BEHAVIOURS.items() if script == handset.script), SCRIPTED)


class Hands:
    """Everything that can be done with a handset on the page."""

    def __init__(self, network: Network, exchange: Exchange, texting: Texting) -> None:
        self._network = network
        self._exchange = exchange
        self._texting = texting

    async def use(self, number: str, doing: str, given: Mapping[str, str]) -> None:
        """Do something with a handset; `given` is the form. Raises CannotDo."""
        try:
            match doing:
                case "help":
                    await self._call_for_help(number)
                case "answer":
                    self._answer_or_call(number)
                case "hangup":
                    self._hang_up(number)
                case "press":
                    await self._press(number, given.get("digits", ""))
                case "text":
                    await self._text(number, given.get("body", ""))
                case "behave":
                    self._behave(number, given.get("behaviour", ""))
                case _:
                    raise CannotDo("unknown_action")
        except HandsetBusy:
            # The other side was quicker: the call ended, or the phone began to ring, since we looked.
            raise CannotDo("not_now") from None

    async def _call_for_help(self, number: str) -> None:
        match self._find_state(number):
            case "idle":
                self._call(number, (Press(SECONDS_UNTIL_PRESSED, HELP_KEYS),))
            case "in_call":
                await self._exchange.get_leg(number).play_keys(HELP_KEYS)
            case "ringing":
                raise CannotDo("rings_now")
            case _:
                raise CannotDo("not_connected")

    def _answer_or_call(self, number: str) -> None:
        match self._find_state(number):
            case "ringing":
                self._exchange.pick_up(number)
            case "idle":
                self._call(number, ())
            case _:
                raise CannotDo("in_call_already")

    def _hang_up(self, number: str) -> None:
        if self._find_state(number) == "idle":
            raise CannotDo("in_no_call")
        self._exchange.put_down(number)

    async def _press(self, number: str, digits: str) -> None:
        try:
            keys = read_digits(digits)
        except BadScript:
            raise CannotDo("no_such_key") from None
        match self._find_state(number):
            case "in_call":
                await self._exchange.get_leg(number).play_keys(keys)
            case "idle":
                raise CannotDo("call_first")
            case "ringing":
                raise CannotDo("rings_now")
            case _:
                raise CannotDo("not_connected")

    async def _text(self, number: str, body: str) -> None:
        words = body.strip()
        if not words:
            raise CannotDo("empty_text")
        if len(words) > LONGEST_TEXT:
            raise CannotDo("long_text")
        # The blanks around it go along: whoever types on a small keyboard leaves some.
        await self._texting.text(number, self._network.options.numbers[0], body)

    def _behave(self, number: str, behaviour: str) -> None:
        if behaviour not in _BEHAVIOURS:
            raise CannotDo("unknown_action")
        handset = self._network.handset(number)
        handset.script, handset.scripted, handset.attempts = _BEHAVIOURS[behaviour], _SCRIPTS[behaviour], 0
        self._network.show_handset(number)

    def _call(self, number: str, press: tuple[Press, ...]) -> None:
        if not self._network.options.voice_url:
            raise CannotDo("nobody_answers")
        self._exchange.dial_in(number, self._network.options.numbers[0], press, None)

    def _find_state(self, number: str) -> str:
        handset = self._network.handsets.get(number)
        return handset.state if handset is not None else "idle"
