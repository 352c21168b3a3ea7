"""Gather: collecting keys while something is said.

The default finishOnKey is `#`, so "#9" ends with nothing in it, and the call goes on with the next verb: a finish key
before any digit makes no request, except with actionOnEmptyResult. finishOnKey="" lets every key count.
"""

from __future__ import annotations

from urllib.parse import urljoin

from joint_defense.simulator.network.network import Fetch, Leg, Step
from joint_defense.simulator.telephony.speaking import play_sound
from joint_defense.simulator.telephony.twiml import BadTwiml, Verb

DEFAULT_TIMEOUT = 5.0
DEFAULT_FINISH = "#"


async def gather(leg: Leg, verb: Verb, base: str) -> Step | None:
    """Where the collected keys go, or None: on with the next verb."""
    takes_keys = "dtmf" in verb.get("input", "dtmf").split()
    for nested in verb.children:
        if takes_keys and leg.digits:
            break
        await play_sound(leg, nested, base, interruptible=takes_keys)
    timeout = verb.number("timeout", DEFAULT_TIMEOUT) * leg.patience
    if takes_keys:
        digits, finish = await _collect(leg, verb, timeout)
    else:
        await leg.network.sleep(timeout)
        digits, finish = "", ""
    if not digits and not verb.flag("actionOnEmptyResult", False):
        return None
    action = urljoin(base, verb.get("action")) or base
    if not action.startswith(("http://", "https://")):
        raise BadTwiml(11100, f"Gather: Invalid action URL: {action or 'none'}")
    extra = (("Digits", digits), ("FinishedOnKey", finish), ("msg", "Gather End"))
    return Fetch(action, verb.get("method", "POST"), extra)


async def _collect(leg: Leg, verb: Verb, wait: float) -> tuple[str, str]:
    """The keys, and the one that ended them. The timeout begins anew after each key."""
    finish = verb.get("finishOnKey", DEFAULT_FINISH)
    most = int(verb.number("numDigits", verb.number("maxDigits", 0)))
    collected = ""
    while await leg.wait_for_key(wait):
        key = leg.digits.popleft()
        if key in finish:
            return collected, key
        collected += key
        if most and len(collected) >= most:
            break
    return collected, ""
