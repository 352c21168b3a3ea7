"""How carriers with the same API differ, as far as an application notices: which one this network behaves as.

Twilio        passes over a verb that it does not know, tells of every event that was asked for, filters its lists
SignalWire    signs with a signing key of its own, under its own header too; its API stands under /api/laml as well
Somleng       ends the call at a verb that it does not know, without a word; tells once, at the end; its lists are the
              whole account's, whatever is asked; of a call's order it reads only To, From, what is said and whom to
              tell; a call that is over cannot be ended again (21220)

The sources are the carriers' own documents, and somleng-switch's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

VOICE_VERBS = frozenset({"Say", "Play", "Pause", "Gather", "Dial", "Redirect", "Hangup", "Reject"})
_NESTED: Mapping[str, frozenset[str]] = {
    "Gather": frozenset({"Say", "Play", "Pause"}),
    "Dial": frozenset({"Number", "Conference"}),
    "Message": frozenset({"Body", "Media"}),
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """A carrier's ways. `strict`: a verb that is not known ends the call."""

    name: str
    voice_verbs: frozenset[str]
    nested: Mapping[str, frozenset[str]]
    strict: bool = False
    tells_the_end_only: bool = False
    counts_callbacks: bool = True
    filters_lists: bool = True
    takes_every_option: bool = True
    ends_twice: bool = True
    prefixed_ids: bool = True
    signs_as_signalwire: bool = False
    roots: tuple[str, ...] = ("",)


TWILIO = Dialect("twilio", VOICE_VERBS, _NESTED)
DIALECTS: Mapping[str, Dialect] = {
    TWILIO.name: TWILIO,
    "signalwire": Dialect(
        "signalwire",
        VOICE_VERBS,
        _NESTED,
        prefixed_ids=False,
        signs_as_signalwire=True,
        roots=("", "/api/laml"),
    ),
    "somleng": Dialect(
        "somleng",
        VOICE_VERBS - {"Pause"},
        {"Gather": frozenset({"Say", "Play"}), "Dial": frozenset({"Number"}), "Message": frozenset({"Body", "Media"})},
        strict=True,
        tells_the_end_only=True,
        counts_callbacks=False,
        filters_lists=False,
        takes_every_option=False,
        ends_twice=False,
        prefixed_ids=False,
    ),
}
