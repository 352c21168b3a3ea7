"""TwiML as data: reading a document, and what the carrier's schema allows in it.

What cannot be read stops the call (BadTwiml). What the schema does not know is passed over and noted as a warning; in
a strict dialect it becomes a verb that is refused once its turn comes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from joint_defense.simulator.network.dialects import TWILIO, Dialect

LARGEST_DOCUMENT = 64 * 1024
LONGEST_SPEECH = 4096

_SPEECH_MARKUP = frozenset(
    {"break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w", "mark", "speak"}
)
_HTTP = frozenset({"action", "method"})
_CALLBACK = frozenset({"statusCallback", "statusCallbackMethod", "statusCallbackEvent"})
_ATTRIBUTES: dict[str, frozenset[str]] = {
    "Response": frozenset(),
    "Say": frozenset({"voice", "language", "loop"}),
    "Play": frozenset({"loop", "digits"}),
    "Pause": frozenset({"length"}),
    "Gather": _HTTP
    | {"input", "numDigits", "minDigits", "maxDigits", "finishOnKey", "timeout", "actionOnEmptyResult", "language"}
    | {"speechTimeout", "speechModel", "hints", "profanityFilter", "enhanced", "bargeIn", "dtmfDetection"}
    | {"partialResultCallback", "partialResultCallbackMethod"},
    "Dial": _HTTP | {"timeout", "timeLimit", "callerId", "hangupOnStar", "answerOnBridge", "record", "ringTone"},
    "Number": _CALLBACK | {"url", "method", "sendDigits", "machineDetection"},
    "Conference": _CALLBACK
    | {"startConferenceOnEnter", "endConferenceOnExit", "beep", "muted", "waitUrl", "waitMethod", "maxParticipants"}
    | {"participantLabel", "record", "region", "trim", "coach", "jitterBufferSize"},
    "Redirect": frozenset({"method"}),
    "Hangup": frozenset(),
    "Reject": frozenset({"reason"}),
    "Message": _HTTP | {"to", "from", "statusCallback"},
    "Body": frozenset(),
    "Media": frozenset(),
}
REFUSED = "refused"
"""The name of a verb that a strict dialect does not know; its text says why."""
MESSAGE_VERBS = frozenset({"Message", "Redirect"})

# The languages of the standard voices, as far as this service speaks; `zh` alone is none of them.
LANGUAGES = frozenset(
    {"cmn-CN", "zh-CN", "zh-HK", "zh-TW", "yue-HK", "yue-CN", "cmn-TW", "en-US", "en-GB", "en-AU", "en-IN", "en-CA"}
    | {"de-DE", "fr-FR", "es-ES", "es-MX", "it-IT", "ja-JP", "ko-KR", "pt-BR", "pt-PT", "ru-RU", "arb", "tr-TR"}
)
_VOICE = re.compile(r"man|woman|alice|(Polly|Google|ElevenLabs)\.[\w.-]+")


class BadTwiml(Exception):
    """The document stops the call. `code` as the carrier's error log counts."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb or noun with its text and what is nested in it. `pause` is silence that speech markup asks for."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: tuple[Verb, ...] = ()
    pause: float = 0.0

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def number(self, name: str, default: float) -> float:
        """A numeric attribute; the default where it is missing or is not a number."""
        try:
            value = float(self.attributes[name])
        except (KeyError, ValueError):
            return default
        return value if value >= 0 else default

    def flag(self, name: str, default: bool) -> bool:
        return self.attributes.get(name, str(default)).strip().lower() == "true"


@dataclass(frozen=True, slots=True)
class Document:
    """The verbs of a document in order, and the schema's warnings (code, sentence)."""

    verbs: tuple[Verb, ...]
    warnings: tuple[tuple[int, str], ...] = ()


def read_twiml(source: str, verbs: frozenset[str] | None = None, dialect: Dialect = TWILIO) -> Document:
    """The document in `source`, of which `verbs` are understood (the dialect's for calls, by default).

    Raises BadTwiml.
    """
    if len(source.encode()) > LARGEST_DOCUMENT:
        raise BadTwiml(11750, "TwiML response body too large")
    if "<!DOCTYPE" in source[:1000]:
        raise BadTwiml(12100, "Document parse failure: a document type is not taken")
    try:
        # Entities, the danger of this parser, are shut out with the document type above.
        root = ElementTree.fromstring(source.strip())  # noqa: S314
    except ElementTree.ParseError as error:
        raise BadTwiml(12100, f"Document parse failure: {error}") from None
    if root.tag != "Response":
        raise BadTwiml(12100, f"Document parse failure: the root is <{root.tag}>, not <Response>")
    warnings: list[tuple[int, str]] = []
    allowed = dialect.voice_verbs if verbs is None else verbs
    return Document(tuple(_read_children(root, allowed, warnings, dialect)), tuple(warnings))


def _read_children(
    parent: Element, allowed: frozenset[str], warnings: list[tuple[int, str]], dialect: Dialect
) -> list[Verb]:
    known = []
    for element in parent:
        if element.tag in allowed:
            known.append(_read_verb(element, warnings, dialect))
        elif dialect.strict:
            known.append(Verb(REFUSED, text=f"<{element.tag}> is not allowed in <{parent.tag}>"))
        else:
            warnings.append((12200, f"Schema validation warning: <{element.tag}> is not allowed in <{parent.tag}>"))
    return known


def _read_verb(element: Element, warnings: list[tuple[int, str]], dialect: Dialect) -> Verb:
    name = element.tag
    for attribute in element.attrib:
        if attribute not in _ATTRIBUTES[name]:
            warnings.append((12200, f"Schema validation warning: {attribute} is not allowed in <{name}>"))
    attributes = {key: value for key, value in element.attrib.items() if key in _ATTRIBUTES[name]}
    if name == "Say":
        return _read_speech(element, attributes, warnings)
    children = tuple(_read_children(element, dialect.nested.get(name, frozenset()), warnings, dialect))
    refused = next((child for child in children if child.name == REFUSED), None)
    if refused is not None:
        # What stands inside is looked at before anything of it sounds.
        return refused
    return Verb(name, attributes, (element.text or "").strip(), children)


def _read_speech(element: Element, attributes: dict[str, str], warnings: list[tuple[int, str]]) -> Verb:
    pause = 0.0
    for inner in element.iter():
        if inner is not element and inner.tag not in _SPEECH_MARKUP and not inner.tag.startswith("amazon:"):
            warnings.append((12200, f"Schema validation warning: <{inner.tag}> is not allowed in <Say>"))
        if inner.tag == "break":
            pause += _read_span(inner.get("time", "1s"))
    text = " ".join("".join(element.itertext()).split())
    if not text:
        warnings.append((13520, "Say: Invalid text"))
    if len(text) > LONGEST_SPEECH:
        raise BadTwiml(13520, "Say: Invalid text: over 4096 characters")
    language, voice = attributes.get("language"), attributes.get("voice")
    if language is not None and language not in LANGUAGES:
        warnings.append((13512, f"Say: Invalid language attribute: {language}"))
    if voice is not None and not _VOICE.fullmatch(voice):
        warnings.append((13511, f"Say: Invalid voice attribute: {voice}"))
    return Verb("Say", attributes, text, (), pause)


def _read_span(value: str) -> float:
    match = re.fullmatch(r"([0-9.]+)(ms|s)", value.strip())
    return float(match[1]) / (1000 if match[2] == "ms" else 1) if match else 1.0
