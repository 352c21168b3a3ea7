"""What every webhook has in common: the signature, the size, and an answer that is never a 500."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import structlog
from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import HTTPException

from config.database import is_away
from groups import directory
from joint_defense.carriers import twiml
from joint_defense.carriers.port import SIGNATURE_HEADERS, BrokenForm
from joint_defense.processes.runtime import get_runtime
from joint_defense.rules.wording import calls, written

LARGEST_BODY = 64 * 1024
LANGUAGES = ("zh", "en")
"""What is said to somebody whose language is not known."""

log = structlog.stdlib.get_logger(__name__)


def check_signature() -> None:
    """Stop a request that the carrier did not sign: 403, and nothing else happens. Too large a body: 413."""
    request.max_content_length = LARGEST_BODY
    request.max_form_memory_size = LARGEST_BODY
    target = request.full_path if request.query_string else request.path
    # Before the form, which would leave nothing of it.
    body = request.get_data()
    signatures = [request.headers.get(header, "") for header in SIGNATURE_HEADERS]
    if not get_runtime().signatures.hold(target, request.form, body, signatures):
        log.warning("signature_refused", path=request.path)
        abort(403)


def make_address(path: str) -> str:
    """The public address of one of our paths. Always whole: a document that came inside a request has no address of
    its own, and a path alone would lose the one that PUBLIC_BASE_URL has.
    """
    return get_runtime().settings.public_base_url + path


def read_line_account() -> str:
    """The carrier's account that holds this line, by its webhook; "" where we have one alone, whatever it is called.

    Nobody is connected across two accounts, be they of one carrier.
    """
    return request.form.get("AccountSid", "")[:64] if len(get_runtime().settings.accounts) > 1 else ""


def has_conference() -> bool:
    """Whether the carrier of this line can connect several calls with each other."""
    return get_runtime().find_dialect(read_line_account()).conference


def has_speech() -> bool:
    """Whether the carrier of this line recognises what is said."""
    return get_runtime().find_dialect(read_line_account()).speech


def answer(xml: str, status: int = 200) -> Response:
    """A TwiML answer."""
    return Response(xml, status=status, content_type=twiml.CONTENT_TYPE)


def describe_cause(error: Exception) -> dict[str, Any]:
    """For the log: the database is away, which passes, or something is broken, which somebody has to look at."""
    if isinstance(error, HTTPException):
        raise error  # a refusal of ours, and no failure
    if is_away(error):
        return {"cause": "away", "error": type(error).__name__}
    return {"cause": "broken", "error": type(error).__name__, "failure_id": secrets.token_hex(4), "exc_info": error}


def answer_every_error(blueprint: Blueprint, sentence: Callable[[], str]) -> None:
    """Whatever fails inside this blueprint, the caller gets the sentence instead of a 500, and the log has an id."""

    def speak(error: Exception) -> Response | HTTPException:
        if isinstance(error, HTTPException):
            return error
        if isinstance(error, BrokenForm):
            # Signed by the carrier, so somebody may be on the line: a sentence helps, a 400 would not be heard.
            log.warning("form_refused", path=request.path, reason=str(error))
        else:
            log.error("webhook_failed", path=request.path, failure_id=secrets.token_hex(4), exc_info=error)
        return answer(sentence())

    blueprint.register_error_handler(Exception, speak)


def answer_broken_call() -> str:
    """What a caller hears when we fail."""
    return twiml.say([(calls.BROKEN[each], each) for each in LANGUAGES])


def answer_broken_text() -> str:
    """What a sender reads when we fail."""
    return answer_text(request.form.get("From", ""), written.BROKEN_TEXT).get_data(as_text=True)


def answer_text(sender: str, words: str | None) -> Response:
    """The line that a text is answered with; None: no line.

    To a country that is not texted no answer goes either. What was written is taken in all the same.
    """
    runtime = get_runtime()
    number = runtime.read_number(sender)
    may_answer = not number or directory.is_called(number, runtime.settings.countries)
    return answer(twiml.write_text(words if may_answer else None))
