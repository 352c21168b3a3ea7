"""The line of whoever called for help: it is held, and they hear who is coming.

Each answer of ours ends in a question, and each question comes back here with what the caller has heard so far in its
address; nothing of the conversation is kept in this process.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

import structlog
from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from config.database import read_clock
from groups import directory
from joint_defense.alarms import closing, held_alarms, news_on_line, words_passed_on
from joint_defense.alarms.held_alarms import ReleasedBy
from joint_defense.alarms.intake import IntakeResult, Outcome
from joint_defense.carriers import twiml
from joint_defense.carriers.port import InboundCall, read_call
from joint_defense.carriers.twiml import Line
from joint_defense.delivery.tracking import Requests, read_requests
from joint_defense.incidents import conference
from joint_defense.incidents.answers import lock_incident
from joint_defense.models.incidents import Alert
from joint_defense.processes.runtime import get_runtime
from joint_defense.processes.stand_in import WAKER
from joint_defense.rules.triggers import Category
from joint_defense.rules.understanding.meanings import Meaning, Writer
from joint_defense.rules.understanding.understand import understand
from joint_defense.rules.wording import calls
from joint_defense.upkeep import device_tests
from joint_defense.webhooks.common import (
    LANGUAGES,
    answer,
    answer_broken_call,
    answer_every_error,
    check_signature,
    describe_cause,
    has_conference,
    has_speech,
    make_address,
    read_line_account,
)

waiting = Blueprint("waiting", __name__, url_prefix="/voice")
waiting.before_request(check_signature)
answer_every_error(waiting, answer_broken_call)

NEWS_EVERY = 4
"""Seconds a caller waits in silence before we look for news again."""
NEWS_FIRST = 2
"""Seconds after the first answer: whether their neighbours are being rung by now."""
SILENT_EVERY = 10

UNSENT_AFTER = timedelta(seconds=2)
"""So long after an alarm a caller hears that nothing has left for their neighbours yet."""
UNSENT_SAID_EVERY = 4
"""At every so many looks for news a caller hears again that nobody could be rung yet."""

log = structlog.stdlib.get_logger(__name__)


def tell_raised(raised: IntakeResult) -> Response:
    """What a caller hears once the alarm is on record, whatever became of it."""
    if raised.outcome is Outcome.STRANGER:
        return answer(to_stranger())
    if raised.outcome is Outcome.MUTED:
        return answer(twiml.say([] if raised.silent else [(calls.MUTED[raised.language], raised.language)]))
    if raised.outcome is Outcome.FLOOD or raised.alert_id is None:
        return answer(twiml.say([] if raised.silent else [(calls.FLOOD[raised.language], raised.language)]))
    return hold_the_line(raised)


def to_stranger() -> str:
    """What somebody hears who is on no list."""
    return twiml.say([(calls.STRANGER[each], each) for each in LANGUAGES])


def hold_the_line(raised: IntakeResult) -> Response:
    """The first answer to an alarm: how many are to be rung, what it is about, and please hold.

    That they are being rung is said at the next question, once a request for it is on its way: nobody waits for that
    here.
    """
    language = raised.language
    if raised.release_key:
        said = calls.say_alarm_held(raised.households, raised.release_key, language)
        return _ask(_make_address(raised.alert_id or 0, 0, 0, 0), [(said, language)], silent=raised.silent, held=1)
    if raised.outcome is Outcome.JOINED:
        said = calls.say_alarm_joined(raised.households, language)
    else:
        said = calls.say_alarm_raised(raised.phones, raised.households, language)
    lines = [] if raised.silent else [(said, language), (calls.CATEGORY_PROMPT[language], language)]
    unsent = int(bool(raised.households) and not raised.silent)
    return _ask(
        _make_address(raised.alert_id or 0, 0, 0, 0), lines, silent=raised.silent, wait=NEWS_FIRST, unsent=unsent
    )


@waiting.post("/wait/<int:alert_id>/<int:told>/<int:warned>")
@waiting.post("/wait/<int:alert_id>/<int:told>/<int:warned>/<int:widened>")
def wait(alert_id: int, told: int, warned: int, widened: int = 0) -> Response:
    """The caller holds the line, or pressed a key: a category, or the star that takes it all back.

    `told` is the last acknowledgement they have heard of, `warned` how often they heard that nobody answers, `widened`
    the last step of widening they have heard of. `?star=1` says that the key before this was a star, `?left=1` that
    they come out of the conference: a star has led there, or the last neighbour has hung up. `?unsent=` counts how
    often they have been asked since nothing had left for their neighbours, as far as is known. `?held=1`
    says that only their leader was being rung.
    """
    call = read_call(request.form, get_runtime().read_number)
    try:
        return _wait(call, alert_id, told, warned, widened)
    except Exception as error:
        # The alarm is on record all the same: the line is held, and the news comes when the database is back.
        log.error("waiting_without_database", alert_id=alert_id, **describe_cause(error))
        lines = [(calls.HOLD_ON[each], each) for each in LANGUAGES] if call.keys else []
        return _ask(_make_address(alert_id, told, warned, widened), lines, silent=False)


def _wait(call: InboundCall, alert_id: int, told: int, warned: int, widened: int) -> Response:
    with get_runtime().database.begin() as session:
        now = read_clock(session)
        alert = session.get(Alert, alert_id)
        if alert is None or not _is_of_this_house(session, alert, call):
            return answer(twiml.say([(calls.NOT_RUNG["zh"], "zh")]))
        if request.form.get("CallStatus") == "completed":
            news_on_line.note_caller_gone(session, alert, now)
            return answer(twiml.say([]))
        if request.args.get("left") == "1":
            conference.note_caller_came_out(session, alert.incident_id, now)
        alert.line_account = read_line_account()
        lines, starred = _take_key(session, alert, call.keys or "")
        _take_words(session, alert, call.speech)
        session.flush()
        patience = get_runtime().patience
        told_now = news_on_line.gather_news(
            session, alert, told, warned, now, patience, may_join=not starred, widened=widened
        )
        incident_id = alert.incident_id
        unsent = _read_count(request.args.get("unsent", ""))
        if unsent and not told_now.closed:
            said, unsent = _say_requests(session, alert, unsent, now, is_news=bool(told_now.sentences))
            lines = [*lines, *said]
        held = int(alert.incident.held_until is not None)
        if request.args.get("held") == "1" and not held and not told_now.closed:
            more = (calls.HELD_NO_MORE, calls.CATEGORY_PROMPT)
            lines = [*lines, *((each[alert.language], alert.language) for each in more)]
    if call.keys or call.speech:
        WAKER.of().wake(incident_id)
    return _say_news(alert_id, told_now, lines, starred, {"unsent": unsent, "held": held})


@waiting.post("/alone-there/<int:alert_id>/<int:told>/<int:warned>")
@waiting.post("/alone-there/<int:alert_id>/<int:told>/<int:warned>/<int:widened>")
def wait_in_room(alert_id: int, told: int, warned: int, widened: int = 0) -> Response:
    """The caller is alone in the conference: the neighbour has hung up again, or is not in it yet. The news goes on
    there. No key but the star is heard, which leads back.
    """
    call = read_call(request.form, get_runtime().read_number)
    with get_runtime().database.begin() as session:
        now = read_clock(session)
        alert = session.get(Alert, alert_id)
        if alert is None or not _is_of_this_house(session, alert, call):
            return answer(twiml.say([(calls.NOT_RUNG["zh"], "zh")]))
        conference.note_empty(session, alert.incident_id, alert.line_account, now)
        found = news_on_line.gather_news(
            session, alert, told, warned, now, get_runtime().patience, may_join=False, widened=widened
        )
    said = [*found.sentences, *([] if found.closed else [calls.ALONE_IN_ROOM[found.language]])]
    then = _make_address(alert_id, found.told, found.warned, found.widened, way="alone-there")
    return answer(twiml.wait_alone([(sentence, found.language) for sentence in said], then=then))


def _read_count(given: str) -> int:
    return int(given) if given.isdecimal() and len(given) < 5 else 0


def _say_requests(
    session: Session, alert: Alert, unsent: int, now: datetime, *, is_news: bool
) -> tuple[list[Line], int]:
    """Whether the neighbours are being rung by now, to a caller who was told that they are to be; and how often they
    have asked so far, 0 once something has left. `is_news`: they hear who comes, and need not hear that phones ring.
    """
    language = alert.language
    requests = read_requests(session, alert.incident_id)
    if requests in {Requests.RINGING, Requests.MADE}:
        rings = requests is Requests.RINGING and not is_news
        return ([(calls.BEING_RUNG[language], language)] if rings else []), 0
    if requests is Requests.LEAVING or now - alert.raised_at < UNSENT_AFTER:
        return [], unsent
    words = calls.PERHAPS_RUNG if requests is Requests.UNKNOWN else calls.NOT_RUNG_YET
    return ([(words[language], language)] if unsent % UNSENT_SAID_EVERY == 1 else []), unsent + 1


def _is_of_this_house(session: Session, alert: Alert, call: InboundCall) -> bool:
    """Whether a phone may speak for this voice: the one that called first, or another of its household. It is the one
    that is called where we rang it for another alarm, and it raised its own there.
    """
    if alert.number in {call.caller, call.called}:
        return True
    caller = directory.find_caller(session, call.caller)
    return caller is not None and caller.household_id == alert.household_id


def _take_key(session: Session, alert: Alert, key: str) -> tuple[list[Line], bool]:
    """What is said to a key, and whether it was the first of two stars."""
    now = read_clock(session)
    if key == "*" and request.args.get("star") == "1":
        closing.withdraw(session, alert, now)
        return [], False
    if not key and request.args.get("left") == "1":
        return [(calls.BACK_FROM_TALK[alert.language], alert.language)], True
    if key == "*":
        return [(calls.STAR_AGAIN[alert.language], alert.language)], True
    incident = alert.incident
    if key and key == incident.release_key:
        held_alarms.release(
            session, lock_incident(session, incident.id), ReleasedBy.KEY, now, name=alert.household_name
        )
        return [], False
    if key and incident.held_until is not None:
        return [(calls.say_wrong_key(incident.release_key, alert.language), alert.language)], False
    if key in calls.CATEGORY_KEYS:
        category = calls.CATEGORY_KEYS[key]
        closing.name_category(session, alert, category, now)
        return [(calls.say_category_noted(category, alert.language), alert.language)], False
    return ([(calls.CATEGORY_WRONG_KEY[alert.language], alert.language)] if key else []), False


def _take_words(session: Session, alert: Alert, spoken: str) -> None:
    """What a caller says on the line goes the way of what a caller writes, by the same rules."""
    if not spoken or alert.incident.closed_at is not None:
        return
    now = read_clock(session)
    found = understand(spoken, Writer.CALLER)
    words_passed_on.note_words(session, alert.incident_id, alert.household_name, found.words, now, by_caller=True)
    if found.meaning in {Meaning.TAKEN_BACK, Meaning.SOLVED}:
        # Heard wrong, it would call back those who are on their way: it takes the key that says so.
        return
    if found.category is not Category.UNSPECIFIED and alert.incident.category is Category.UNSPECIFIED:
        closing.name_category(session, alert, found.category, now)
    session.flush()
    words_passed_on.pass_on(session, alert.incident_id, now)


def _say_news(
    alert_id: int, found: news_on_line.News, lines: list[Line], starred: bool, kept: dict[str, int]
) -> Response:
    said = [] if found.silent else lines + [(sentence, found.language) for sentence in found.sentences]
    if found.closed:
        return answer(twiml.say(said))
    if found.joined and has_conference():
        said.append((calls.say_caller_joins(found.joined, found.language), found.language))
        # The star key leads out of there, or that nobody else is left: next comes another star, or the news.
        then = _make_address(alert_id, found.told, found.warned, found.widened) + "?left=1"
        alone = _make_address(alert_id, found.told, found.warned, found.widened, way="alone-there")
        return answer(twiml.write_conference(said, name_room(found.incident_id), then=then, alone=alone, leads=False))
    then = _make_address(alert_id, found.told, found.warned, found.widened)
    return _ask(then, said, silent=found.silent, starred=starred, hears=found.language, **kept)


def name_room(incident_id: int) -> str:
    """The conference of an incident."""
    return f"incident-{incident_id}"


def _ask(
    then: str,
    lines: list[Line],
    *,
    silent: bool,
    starred: bool = False,
    hears: str = "",
    wait: int = NEWS_EVERY,
    **counts: int,
) -> Response:
    """`hears`: the language whose words count as well, where the carrier recognises speech. `wait`: seconds of silence
    after which they ask again.
    """
    kept = {name: count for name, count in counts.items() if count}
    return answer(
        twiml.ask(
            lines,
            action=_with(then, **kept, **({"star": 1} if starred else {})),
            then=_with(then, **kept),
            keys=1,
            timeout=SILENT_EVERY if silent else wait,
            hears=hears if hears and has_speech() and not silent else "",
        )
    )


def _with(address: str, **query: int) -> str:
    return address + (f"?{urlencode(query)}" if query else "")


def _make_address(alert_id: int, told: int, warned: int, widened: int, *, way: str = "wait") -> str:
    return make_address(f"/voice/{way}/{alert_id}/{told}/{warned}" + (f"/{widened}" if widened else ""))


@waiting.post("/ended")
def end_line() -> Response:
    """The carrier's word that a call to our number is over (optional: set it as the number's status callback)."""
    call = read_call(request.form, get_runtime().read_number)
    with get_runtime().database.begin() as session:
        news_on_line.hang_up(session, call.sid, read_clock(session))
        device_tests.hurry(session, call.sid, read_clock(session))
    return Response(status=204)
