"""What is said and asked on a call, as TwiML. Words come from `rules.wording`; no rule lives here."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Gather, VoiceResponse

# Language and voice belong together: Twilio refuses one without the other, and knows no plain "zh".
VOICES = {"zh": ("cmn-CN", "Polly.Zhiyu"), "en": ("en-GB", "Polly.Amy")}
CONTENT_TYPE = "text/xml; charset=utf-8"
_ACTION = "joint-defence-action"


def _say(parent: VoiceResponse | Gather, text: str, language: str) -> None:
    spoken, voice = VOICES.get(language, VOICES["zh"])
    parent.say(text, language=spoken, voice=voice)


def say(lines: Iterable[tuple[str, str]]) -> str:
    """Say (text, language) lines, then hang up."""
    response = VoiceResponse()
    for text, language in lines:
        _say(response, text, language)
    response.hangup()
    return str(response)


def ask(text: str, language: str, *, action: str, then: str, keys: int, timeout: int) -> str:
    """Say a line and wait for keys, which go to `action`; without any, the call goes on at `then`.

    finishOnKey is empty: with Twilio's default "#" ends the input and "#9" arrives as nothing.
    """
    response = VoiceResponse()
    gather = Gather(input="dtmf", finish_on_key="", num_digits=keys, timeout=timeout, action=action, method="POST")
    _say(gather, text, language)
    response.append(gather)
    response.redirect(then, method="POST")
    return str(response)


def announcement(sentences: tuple[str, ...], keys: str, no_key: str, language: str, action: str) -> str:
    """An alarm call: the sentences, how to answer, and both again; the key goes to `action`, an absolute address.

    A key counts while the announcement still speaks.
    """
    return _announcement(sentences, keys, no_key, language).replace(_ACTION, action)


@lru_cache(maxsize=256)
def _announcement(sentences: tuple[str, ...], keys: str, no_key: str, language: str) -> str:
    # Built once an alarm and language; only the action differs between its calls.
    response = VoiceResponse()
    gather = Gather(input="dtmf", finish_on_key="", num_digits=1, timeout=8, action=_ACTION, method="POST")
    for _ in range(2):
        _say(gather, "".join(sentences), language)
        _say(gather, keys, language)
        gather.pause(length=1)
    response.append(gather)
    _say(response, no_key, language)
    return str(response)


def text(body: str | None) -> str:
    """Answer a message with a line, or with nothing."""
    response = MessagingResponse()
    if body:
        response.message(body)
    return str(response)
