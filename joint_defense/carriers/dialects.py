"""What only some carriers can do. By default we ask for nothing that any of them lacks.

CARRIER_DIALECT names the carrier, and so switches on what it has; the verbs of each are in docs/carriers.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """`conference`: several calls can be connected with each other, so that a neighbour talks to the caller.

    `speech`: what is said while keys are awaited is recognised, and comes as `SpeechResult`.
    """

    conference: bool = False
    speech: bool = False


DIALECTS: Mapping[str, Dialect] = {
    "common": Dialect(),
    "twilio": Dialect(conference=True, speech=True),
    "signalwire": Dialect(conference=True, speech=True),
    "somleng": Dialect(),
}
