"""What is said and asked on a call, as TwiML. Words come from `rules.wording`; no rule lives here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

# Language and voice belong together: Twilio refuses one without the other, and knows no plain "zh".
VOICES = {"zh": ("cmn-CN", "Polly.Zhiyu"), "en": ("en-GB", "Polly.Amy")}
CONTENT_TYPE = "text/xml; charset=utf-8"
LONGEST = 4_000
"""Signs of a document that travels inside the request for a call."""
ALONE_FOR = 4
"""Seconds of silence between two things that somebody hears who is alone in a room."""
# What no XML may hold, not even written otherwise: one such sign in a name, and the whole call is silent.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ACTION = "joint-defence-action"
_THEN = "joint-defence-then"
Line = tuple[str, str]
"""A text and its language."""


def _say(parent: VoiceResponse | Gather, text: str, language: str) -> None:
    spoken, voice = VOICES.get(language, VOICES["zh"])
    parent.say(_NO_XML.sub(" ", text), language=spoken, voice=voice)


def say(lines: Iterable[Line]) -> str:
    """Say (text, language) lines, then hang up."""
    response = VoiceResponse()
    for text, language in lines:
        _say(response, text, language)
    response.hangup()
    return str(response)


def tell(text: str, language: str) -> str:
    """Say a text twice, then hang up. One that is too long to travel with the call is said once, or cut."""
    for lines in ([(text, language)] * 2, [(text, language)]):
        document = say(lines)
        if len(document) <= LONGEST:
            return document
    return tell(text[: len(text) * 3 // 4], language)


def say_farewell(lines: Iterable[Line], *, action: str) -> str:
    """Say last (text, language) lines, then hang up; a key pressed while they sound still goes to `action`."""
    response = VoiceResponse()
    gather = Gather(input="dtmf", finish_on_key="", num_digits=1, timeout=1, action=action, method="POST")
    for text, language in lines:
        _say(gather, text, language)
    response.append(gather)
    response.hangup()
    return str(response)


def ask(lines: Iterable[Line], *, action: str, then: str, keys: int, timeout: int, hears: str = "") -> str:
    """Say lines (none: wait in silence) and wait for keys, which go to `action`; without any the call goes to `then`.

    finishOnKey is empty: with Twilio's default "#" ends the input and "#9" arrives as nothing. `hears`: the language
    whose words count as well, where the carrier recognises speech; empty: keys alone.
    """
    response = VoiceResponse()
    gather = Gather(
        input="dtmf speech" if hears else "dtmf",
        finish_on_key="",
        num_digits=keys,
        timeout=timeout,
        action=action,
        method="POST",
        **({"language": VOICES.get(hears, VOICES["zh"])[0], "speech_timeout": "auto"} if hears else {}),
    )
    for text, language in lines:
        _say(gather, text, language)
    response.append(gather)
    response.redirect(then, method="POST")
    return str(response)


def write_conference(
    lines: Iterable[Line], room: str, *, then: str, alone: str, leads: bool = True, ends_with_us: bool = False
) -> str:
    """Say lines, then open the line to everybody in the room; the star key, or its end, leads to `then`.

    Until somebody else is in it, what `alone` answers is heard. `leads`: those who wait there may talk from then on.
    `ends_with_us`: the room ends when this line leaves it.
    """
    response = VoiceResponse()
    for text, language in lines:
        _say(response, text, language)
    dial = Dial(hangup_on_star=True, action=then, method="POST")
    dial.conference(
        room,
        start_conference_on_enter=leads,
        end_conference_on_exit=ends_with_us,
        beep=True,
        wait_url=alone,
        wait_method="POST",
    )
    response.append(dial)
    return str(response)


def wait_alone(lines: Iterable[Line], *, then: str) -> str:
    """What somebody hears who is alone in a room; `then` is asked for more. No other verbs are taken there."""
    response = VoiceResponse()
    for text, language in lines:
        _say(response, text, language)
    response.pause(length=ALONE_FOR)
    response.redirect(then, method="POST")
    return str(response)


def write_announcement(sentences: tuple[str, ...], keys: str, language: str, *, action: str, then: str) -> str:
    """An alarm call: the sentences, how to answer, and both again; a key goes to `action`, silence to `then`.

    A key counts while the announcement still speaks. Everything needed is in here: our own server is asked only
    after it has been said twice, so that a callee hears who and where though it be down.
    """
    return _add_announcement(sentences, keys, language).replace(_ACTION, action).replace(_THEN, then)


@lru_cache(maxsize=256)
def _add_announcement(sentences: tuple[str, ...], keys: str, language: str) -> str:
    # Built once an alarm and language; only the addresses differ between its calls.
    response = VoiceResponse()
    gather = Gather(input="dtmf", finish_on_key="", num_digits=1, timeout=6, action=_ACTION, method="POST")
    for _ in range(2):
        _say(gather, "".join(sentences), language)
        # Each ends with a stop, and that is pause enough: not every carrier takes a <Pause> in here.
        _say(gather, keys, language)
    response.append(gather)
    response.redirect(_THEN, method="POST")
    return str(response)


def write_text(body: str | None) -> str:
    """Answer a message with a line, or with nothing."""
    response = MessagingResponse()
    if body:
        response.message(_NO_XML.sub(" ", body))
    return str(response)
