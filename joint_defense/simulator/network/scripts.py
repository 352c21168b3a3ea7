"""A handset's script: what the person holding it does when it rings and when a text comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CALL_DOINGS = frozenset({"answer", "busy", "no_answer", "off", "voicemail", "failed", "manual"})
TEXT_DOINGS = frozenset({"deliver", "undelivered", "sent_only", "failed"})
KEYS = frozenset("0123456789*#w")


class BadScript(ValueError):
    """The script cannot be followed. The message is one line that names the part."""


@dataclass(frozen=True, slots=True)
class Press:
    """Keys pressed `after` seconds from the moment both ends are connected; a `w` among them waits half a second."""

    after: float
    digits: str


@dataclass(frozen=True, slots=True)
class CallPlan:
    """What happens to one incoming call. `after` counts from the first ring, `hang_up_after` from the answer.

    `patience`: how many times longer than at the network's speed it rings and waits for a key. Whoever tests by hand,
    or by a script that looks first, is not as fast as the network's time.
    """

    do: str = "no_answer"
    after: float = 2.0
    press: tuple[Press, ...] = ()
    hang_up_after: float | None = None
    says: str | None = None
    error_code: int | None = None
    patience: float = 1.0


@dataclass(frozen=True, slots=True)
class TextPlan:
    """What happens to a text. The reply goes to texts that hold `reply_to`, and never to an answer to a text."""

    do: str = "deliver"
    error_code: int | None = None
    reply: str | None = None
    reply_after: float = 2.0
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """The n-th call is met by the n-th plan, later ones by the last. `refuse_…` are codes the API answers at once."""

    calls: tuple[CallPlan, ...] = (CallPlan(),)
    texts: TextPlan = TextPlan()
    refuse_calls: int | None = None
    refuse_texts: int | None = None

    def plan(self, attempt: int) -> CallPlan:
        """The plan for the `attempt`-th call, counted from 1."""
        return self.calls[min(attempt, len(self.calls)) - 1]


UNSCRIPTED = Script()


def read_script(given: Mapping[str, Any]) -> Script:
    """A script from the control API's JSON. Raises BadScript."""
    _check_names(given, {"name", "calls", "texts", "refuse_calls", "refuse_texts"}, "the script")
    calls = given.get("calls")
    if calls is not None and (not isinstance(calls, list) or not calls):
        raise BadScript("calls must be a list with at least one entry")
    return Script(
        calls=tuple(_read_call(entry) for entry in calls) if calls else UNSCRIPTED.calls,
        texts=_read_text(given.get("texts") or {}),
        refuse_calls=_read_code(given, "refuse_calls"),
        refuse_texts=_read_code(given, "refuse_texts"),
    )


def read_presses(given: object) -> tuple[Press, ...]:
    """Key presses from `[{"after": 0.5, "digits": "#9"}]`. Raises BadScript."""
    if given is None:
        return ()
    if not isinstance(given, list):
        raise BadScript("press must be a list")
    presses = []
    for entry in given:
        _check_names(entry, {"after", "digits"}, "press")
        presses.append(Press(_read_seconds(entry, "after", 0.0), read_digits(entry.get("digits"))))
    return tuple(sorted(presses, key=lambda press: press.after))


def read_digits(given: object) -> str:
    """Keys of a telephone, at least one. Raises BadScript."""
    if not isinstance(given, str) or not given or not KEYS.issuperset(given):
        raise BadScript("digits must be keys of a telephone: 0-9 * # (w waits half a second)")
    return given


def read_seconds(given: Mapping[str, Any], name: str) -> float | None:
    """A span in seconds, or None where it is not given. Raises BadScript."""
    return None if given.get(name) is None else _read_seconds(given, name, 0.0)


def _read_call(entry: object) -> CallPlan:
    known = _check_names(entry, {"do", "after", "press", "hang_up_after", "says", "error_code", "patience"}, "calls")
    do = known.get("do", "answer")
    if do not in CALL_DOINGS:
        raise BadScript(f"calls.do must be one of {', '.join(sorted(CALL_DOINGS))}")
    return CallPlan(
        do=do,
        after=_read_seconds(known, "after", 2.0),
        press=read_presses(known.get("press")),
        hang_up_after=read_seconds(known, "hang_up_after"),
        says=known.get("says"),
        error_code=_read_code(known, "error_code"),
        patience=_read_patience(known),
    )


def _read_text(entry: object) -> TextPlan:
    known = _check_names(entry, {"do", "error_code", "reply", "reply_after", "reply_to"}, "texts")
    do = known.get("do", "deliver")
    if do not in TEXT_DOINGS:
        raise BadScript(f"texts.do must be one of {', '.join(sorted(TEXT_DOINGS))}")
    return TextPlan(
        do=do,
        error_code=_read_code(known, "error_code"),
        reply=known.get("reply"),
        reply_after=_read_seconds(known, "reply_after", 2.0),
        reply_to=str(known.get("reply_to") or ""),
    )


def _check_names(entry: object, names: set[str], where: str) -> Mapping[str, Any]:
    if not isinstance(entry, Mapping):
        raise BadScript(f"{where}: an object is needed")
    if unknown := sorted(set(entry) - names):
        raise BadScript(f"{where}: {unknown[0]} is not known")
    return entry


def _read_seconds(entry: Mapping[str, Any], name: str, default: float) -> float:
    value = entry.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 86_400:
        raise BadScript(f"{name} must be a number of seconds")
    return float(value)


def _read_patience(entry: Mapping[str, Any]) -> float:
    value = entry.get("patience", 1.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 1000:
        raise BadScript("patience must be a number from 1 to 1000")
    return float(value)


def _read_code(entry: Mapping[str, Any], name: str) -> int | None:
    value = entry.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise BadScript(f"{name} must be an error code of the carrier")
    return value
