"""What every webhook has in common: the signature, the size, and an answer that is never a 500."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from flask import Response, abort, current_app, request
from werkzeug.exceptions import HTTPException

from joint_defense.carriers import twiml
from joint_defense.carriers.inbound import SIGNATURE_HEADER, BrokenForm
from joint_defense.rules import wording
from joint_defense.runtime import Runtime
from joint_defense.waking import Waker

LARGEST_BODY = 64 * 1024
View = Callable[..., Response]

log = structlog.stdlib.get_logger(__name__)


def runtime() -> Runtime:
    """This process's runtime."""
    found: Runtime = current_app.extensions["runtime"]
    return found


def waker() -> Waker:
    """What wakes the workers."""
    found: Waker = current_app.extensions["waker"]
    return found


def check_signature() -> None:
    """Stop a request that the carrier did not sign: 403, and nothing else happens. Too large a body: 413."""
    request.max_content_length = LARGEST_BODY
    request.max_form_memory_size = LARGEST_BODY
    target = request.full_path if request.query_string else request.path
    form = {name: request.form.getlist(name) for name in request.form}
    if not runtime().signatures.hold(target, form, request.headers.get(SIGNATURE_HEADER, "")):
        log.warning("signature_refused", path=request.path)
        abort(403)


def answer(xml: str, status: int = 200) -> Response:
    """A TwiML answer."""
    return Response(xml, status=status, content_type=twiml.CONTENT_TYPE)


def never_silent(view: View) -> View:
    """For calls: whatever fails inside, the caller hears to dial 110, and the log has an id."""
    return _never_silent(view, lambda: twiml.say([(wording.BROKEN["zh"], "zh"), (wording.BROKEN["en"], "en")]))


def never_silent_by_text(view: View) -> View:
    """The same for messages."""
    return _never_silent(view, lambda: twiml.text(wording.BROKEN_TEXT))


def _never_silent(view: View, sentence: Callable[[], str]) -> View:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Response:
        try:
            return view(*args, **kwargs)
        except HTTPException:
            raise
        except BrokenForm as error:
            # Signed by the carrier, so somebody may be on the line: a sentence helps, a 400 would not be heard.
            log.warning("form_refused", path=request.path, reason=str(error))
        except Exception:
            log.exception("webhook_failed", path=request.path, failure_id=secrets.token_hex(4))
        return answer(sentence())

    return guarded
