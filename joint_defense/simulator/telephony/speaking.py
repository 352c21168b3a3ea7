"""Say, Play and Pause: what sounds in a handset, and for how long."""

from __future__ import annotations

from itertools import count
from urllib.parse import urljoin

from joint_defense.simulator.network.network import Leg
from joint_defense.simulator.network.wire import measure_speech
from joint_defense.simulator.telephony.twiml import Verb

SOUNDING = frozenset({"Say", "Play", "Pause"})
# How long a recording is, is not known here: nothing is fetched.
SECONDS_OF_A_RECORDING = 5.0
SECONDS_BETWEEN_REPEATS = 0.2
MOST_LOOPS = 1000


async def play_sound(leg: Leg, verb: Verb, base: str, *, interruptible: bool) -> None:
    """Let a verb sound, as often as it asks for; loop="0" is until the call ends. A key ends it if it may."""
    if verb.name == "Pause":
        await leg.sound(leg.hear("Pause", ""), verb.number("length", 1), interruptible)
        return
    loops = int(verb.number("loop", 1))
    for _ in range(min(loops, MOST_LOOPS)) if loops else count():
        if interruptible and leg.digits:
            return
        if verb.name == "Say":
            heard = leg.hear("Say", verb.text, verb.get("language", "en-US"), verb.get("voice", "alice"))
            await leg.sound(heard, measure_speech(verb.text) + verb.pause, interruptible)
        else:
            heard = leg.hear("Play", urljoin(base, verb.text) if verb.text else verb.get("digits"))
            await leg.sound(heard, SECONDS_OF_A_RECORDING if verb.text else 1.0, interruptible)
        await leg.network.sleep(SECONDS_BETWEEN_REPEATS if loops != 1 else 0)
