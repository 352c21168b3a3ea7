"""What each carrier takes in a TwiML document, by its own documents: verbs, what may stand inside them, attributes.

Twilio's reference, SignalWire's cXML reference, and somleng-switch's source, which is its reference. Written down here
once more and not taken from the simulator, so that a mistake has to be made twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

Verbs = Mapping[str, tuple[frozenset[str], frozenset[str]]]
"""Of each element what may stand inside it, and its attributes."""


def _verb(inside: str = "", attributes: str = "") -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(inside.split()), frozenset(attributes.split())


_GATHER = "action method timeout finishOnKey numDigits actionOnEmptyResult"
_MESSAGING: Verbs = {"Message": _verb("Body Media", "action method to from statusCallback"), "Body": _verb()}
TWILIO: Verbs = {
    "Response": _verb("Say Play Pause Gather Dial Redirect Hangup Reject Record Enqueue Leave Connect Message"),
    "Say": _verb("", "voice language loop"),
    "Play": _verb("", "loop digits"),
    "Pause": _verb("", "length"),
    "Gather": _verb("Say Play Pause", _GATHER + " input speechTimeout hints language bargeIn"),
    "Dial": _verb("Number Sip Client Conference Queue", "action method timeout timeLimit callerId hangupOnStar record"),
    "Conference": _verb("", "startConferenceOnEnter endConferenceOnExit beep muted waitUrl waitMethod maxParticipants"),
    "Redirect": _verb("", "method"),
    "Hangup": _verb(),
    "Reject": _verb("", "reason"),
    **_MESSAGING,
}
SIGNALWIRE: Verbs = {
    **TWILIO,
    "Response": _verb("Say Play Pause Gather Dial Redirect Hangup Reject Record Enqueue Leave Connect Message"),
    "Dial": _verb("Number Sip Verto Conference Queue", "action method timeout timeLimit callerId hangupOnStar record"),
}
SOMLENG: Verbs = {
    "Response": _verb("Say Play Gather Dial Redirect Hangup Reject Record Connect Message"),
    "Say": _verb("", "voice language loop"),
    "Play": _verb("", "loop"),
    # `input` is not read, and dtmf is all there is.
    "Gather": _verb("Say Play", _GATHER + " input"),
    "Dial": _verb("Number Sip", "action method timeout callerId"),
    "Redirect": _verb("", "method"),
    "Hangup": _verb(),
    "Reject": _verb("", "reason"),
    **_MESSAGING,
}
CARRIERS: Mapping[str, Verbs] = {"twilio": TWILIO, "signalwire": SIGNALWIRE, "somleng": SOMLENG}
UNDERSTOOD_BY = {"common": tuple(CARRIERS)} | {name: (name,) for name in CARRIERS}
"""By CARRIER_DIALECT, who has to understand what we say."""
LARGEST = 64 * 1024
LONGEST_SPEECH = 4096


def check(document: str, dialect: str = "common") -> None:
    """AssertionError where a carrier that this dialect stands for would not carry out the document."""
    found = [f"{carrier}: {problem}" for carrier in UNDERSTOOD_BY[dialect] for problem in problems(document, carrier)]
    assert found == [], document


def problems(document: str, carrier: str) -> list[str]:
    """What this carrier would stumble over."""
    root = ElementTree.fromstring(document)  # noqa: S314 - our own
    if root.tag != "Response" or len(document.encode()) > LARGEST:
        return ["no document, or too large"]
    return list(_problems(root, CARRIERS[carrier]))


def _problems(element: Element, verbs: Verbs) -> Iterator[str]:
    inside, attributes = verbs[element.tag]
    for unknown in sorted(set(element.attrib) - attributes):
        yield f"<{element.tag}> has no {unknown}"
    for name in ("action", "method"):
        value = element.attrib.get(name, "")
        if name == "action" and value and not value.startswith(("http://", "https://")):
            yield f"<{element.tag}> leads to {value}, which is no whole address"
    if element.tag == "Redirect" and not (element.text or "").startswith(("http://", "https://")):
        yield f"<Redirect> leads to {element.text}, which is no whole address"
    if element.tag == "Say":
        yield from _speech(element)
    for child in element:
        if child.tag in inside:
            yield from _problems(child, verbs)
        else:
            yield f"<{child.tag}> is not allowed in <{element.tag}>"


def _speech(element: Element) -> Iterator[str]:
    if not (element.text or "").strip():
        yield "<Say> says nothing"
    if len(element.text or "") > LONGEST_SPEECH:
        yield "<Say> says too much at once"
    if not (element.get("language") and element.get("voice")):
        yield "<Say> has a language without a voice, or the other way round"
