"""Texts: what a message at our number means, what is done about it, and the line it is answered with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from groups import directory
from groups.directory import Caller
from joint_defense.alarms import closing, greeting_answers, held_alarms, overseers, words_passed_on
from joint_defense.alarms.acknowledge import acknowledge
from joint_defense.alarms.held_alarms import ReleasedBy
from joint_defense.alarms.intake import Limits, Outcome, Trigger, raise_alarm
from joint_defense.alarms.news_on_line import name_those
from joint_defense.alarms.wordless_calls import find_told_without_a_word
from joint_defense.incidents import record, service_alerts
from joint_defense.incidents.answers import find_told, lock_incident, read_answers
from joint_defense.incidents.record import note_once
from joint_defense.models.inbound import InboundKind
from joint_defense.models.incidents import Alert, Delivery, Incident
from joint_defense.rules import replies
from joint_defense.rules.number_changes import WantedChange
from joint_defense.rules.replies import Answer
from joint_defense.rules.states import LEADERS, Channel, ClosingOutcome, IncidentKind
from joint_defense.rules.timeline import UpdateKind
from joint_defense.rules.triggers import Category, make_text_key
from joint_defense.rules.understanding.meanings import ANSWERS, Meaning, Question, Understood, Writer
from joint_defense.rules.understanding.questions import asks_nothing_else
from joint_defense.rules.understanding.sender_own_text import find_own_part
from joint_defense.rules.understanding.understand import is_clear_number, understand
from joint_defense.rules.upkeep.service_alerts import is_taken_on
from joint_defense.rules.wording import alarm, calls, written
from joint_defense.rules.wording import drills as drill_words
from joint_defense.rules.wording import service as service_words
from joint_defense.upkeep import drills, number_changes
from joint_defense.upkeep.number_changes import NumberRules

LATE_ANSWER = timedelta(days=1)
"""So long after the all-clear an answer still hears that it is over."""
STRANGER_ANSWERED_EVERY = timedelta(days=1)
HELPED_EVERY = timedelta(hours=1)
"""Between two lines of help to one number."""
NOTED_EVERY = timedelta(minutes=1)
"""Between two lines that say no more than that words were received."""
REPEATED_WITHIN = timedelta(hours=1)
"""The very same text again within this time may come from a machine."""


SETTLED = frozenset({"0", "\uff10"})
"""A leader's text about a call without a word: it has been seen to."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The line to answer with (None: no answer), and the incident that now has something to send."""

    text: str | None
    incident_id: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A message at our number. `sid` is the carrier's id of it."""

    sid: str
    sender: str
    body: str
    opt_out: str = ""
    """STOP or START where the carrier has taken the text for that, and has answered it."""

    @property
    def stops(self) -> bool:
        """Whether the phone wants no more texts."""
        return self.opt_out == "STOP" or (not self.opt_out and replies.is_stop(self.body))

    @property
    def starts(self) -> bool:
        """Whether the phone wants texts again."""
        return self.opt_out == "START" or (not self.opt_out and replies.is_start(self.body))

    @property
    def carrier_key(self) -> str:
        """What makes a repeated webhook a repetition."""
        return make_text_key(self.sid)


@dataclass(frozen=True, slots=True)
class _Sender:
    """Who writes: their phone on the roster, their own open alarm, and the alarm they were told of last."""

    number: str
    caller: Caller | None
    writer: Writer
    alert: Alert | None = None
    told: Delivery | None = None
    others_open: int = 0

    @property
    def language(self) -> str:
        if self.caller is not None:
            return self.caller.language
        return self.told.language if self.told is not None else "zh"

    @property
    def silent(self) -> bool:
        return self.caller is not None and self.caller.silent


def take_message(session: Session, text: Text, now: datetime, limits: Limits | None = None) -> Reply:
    """Do what a text means, and say what to answer. The same text again gets the same answer and changes nothing.

    What a text means depends on who writes: a household with an open alarm of its own, somebody who was told of an
    open alarm, somebody who was just told that it is over, or somebody at rest (`rules.understanding`).
    """
    kept = record.find_kept(session, text.carrier_key)
    if kept is not None:
        return Reply(**kept)
    sender = _find_sender(session, text, now)
    in_trouble = sender.alert is not None or (sender.told is not None and sender.told.incident.closed_at is None)
    change = number_changes.find_change(session, text.sender, text.body, now, bare=not in_trouble)
    if change is not None:
        wanted, rules = change, (limits or Limits()).numbers
        return _answer_once(
            session, text, sender, InboundKind.ANSWER, now, lambda: _change_number(session, sender, wanted, now, rules)
        )
    at_rest = sender.told is None and sender.alert is None
    wordless = find_told_without_a_word(session, text.sender) if at_rest and text.body.strip() in SETTLED else None
    if wordless is not None:
        return _answer_once(
            session, text, sender, InboundKind.ANSWER, now, lambda: _close_by_text(session, sender, wordless, now)
        )
    if not in_trouble and not text.stops:
        greeted = _decide_for_greeted(session, text, sender, now, limits or Limits())
        if greeted is not None:
            return _answer_once(session, text, sender, InboundKind.ANSWER, now, greeted)
    drilled = _find_drill(session, text, sender, now)
    if drilled is not None:
        return _answer_once(
            session, text, sender, InboundKind.ANSWER, now, lambda: _answer_drill(session, sender, drilled, now)
        )
    noticed = None if in_trouble or not is_taken_on(text.body) else service_alerts.find_told(session, text.sender, now)
    if noticed is not None:
        return _answer_once(session, text, sender, InboundKind.ANSWER, now, lambda: _take_on(session, noticed, now))
    if sender.alert is not None and held_alarms.is_key(sender.alert.incident, text.body):
        alert = sender.alert
        return _answer_once(
            session, text, sender, InboundKind.ANSWER, now, lambda: _let_go_to_all(session, sender, alert, now)
        )
    known = sender.caller is not None or (sender.told is not None and sender.told.responder_id is not None)
    found = _understand(session, text, sender, now)
    if known and text.starts and found.meaning in {*ANSWERS, Meaning.ALARM}:
        # A carrier may take "yes" for START: it is the answer as well.
        _start(session, sender)
    elif known and (text.stops or text.starts):
        return _answer_once(
            session, text, sender, InboundKind.ANSWER, now, lambda: _change_texts(session, text, sender, found, now)
        )
    if sender.told is None:
        by_overseer = _decide_for_overseer(session, text, sender, found, now)
        if by_overseer is not None:
            return _answer_once(session, text, sender, InboundKind.TOLD, now, by_overseer)
    if found.meaning is Meaning.ALARM and (sender.caller is not None or sender.told is None):
        return _raise(session, text, sender, found, now, limits)
    kind, act = _decide(session, text, sender, found, now)
    return _answer_once(session, text, sender, kind, now, act)


def _decide_for_greeted(
    session: Session, text: Text, sender: _Sender, now: datetime, limits: Limits
) -> Callable[[], Reply] | None:
    """What is done about an answer to a good morning, or a wish for it; None for a text about something else."""
    act = greeting_answers.decide_on_wish(session, sender.number, text.body, sender.language, now, limits)
    if act is None:
        act = greeting_answers.decide(session, sender.number, text.body, text.carrier_key, now, limits)
    if act is None:
        return None
    done = act
    return lambda: Reply(*done())


def _find_drill(session: Session, text: Text, sender: _Sender, now: datetime) -> Delivery | None:
    """Of somebody who writes a key and was told of no alarm: the drill that asked for it."""
    told_open = sender.told is not None and sender.told.incident.closed_at is None
    if told_open or sender.alert is not None or not is_clear_number(text.body):
        return None
    drilled = drills.find_told(session, text.sender, now)
    if drilled is None or (sender.told is not None and sender.told.incident_id > drilled.incident_id):
        return None
    return drilled


def _answer_drill(session: Session, sender: _Sender, drilled: Delivery, now: datetime) -> Reply:
    drills.take_answer(session, drilled, Channel.SMS, now)
    return Reply(None if sender.silent else drill_words.say_thanks(drilled.language), drilled.incident_id)


def _take_on(session: Session, noticed: Delivery, now: datetime) -> Reply:
    """Whoever looks after the service sees to what they were told of."""
    taken = service_alerts.take_on_by_delivery(session, noticed, now)
    return Reply(service_words.say_taken_on(taken.language, is_open=taken.is_open))


def _change_number(session: Session, sender: _Sender, wanted: WantedChange, now: datetime, rules: NumberRules) -> Reply:
    line, incident_id = number_changes.take_change(session, sender.number, wanted, sender.language, now, rules)
    # Where somebody may be listening while the household calls for help, nothing is answered.
    return Reply(None if sender.silent and sender.alert is not None else line, incident_id)


def _answer_once(
    session: Session, text: Text, sender: _Sender, kind: InboundKind, now: datetime, act: Callable[[], Reply]
) -> Reply:
    """Do it unless this very text is on record; whoever comes second waits here for the first one's answer."""
    event = record.receive(session, text.carrier_key, kind, text.sender, text.body, now)
    if event is None:
        return Reply(**record.find_answer(session, text.carrier_key))
    reply = act()
    event.household_id = None if sender.caller is None else sender.caller.household_id
    event.incident_id = reply.incident_id
    record.keep_answer(event, asdict(reply))
    return reply


def _find_sender(session: Session, text: Text, now: datetime) -> _Sender:
    caller = directory.find_caller(session, text.sender)
    alert = None if caller is None else _find_own_alert(session, caller.household_id)
    told, others_open = find_told(session, text.sender)
    if told is not None and told.incident.closed_at is not None and now - told.incident.closed_at > LATE_ANSWER:
        told = None
    told_open = told is not None and told.incident.closed_at is None
    if alert is not None and not (
        told_open and told is not None and told.incident_id != alert.incident_id and is_clear_number(text.body)
    ):
        writer = Writer.CALLER
    elif told is None:
        writer = Writer.AT_REST
    else:
        writer = Writer.RUNG if told_open else Writer.TOLD_OVER
    return _Sender(text.sender, caller, writer, alert, told, others_open)


def _find_own_alert(session: Session, household_id: int) -> Alert | None:
    return session.scalars(
        select(Alert)
        .join(Incident)
        .where(
            Alert.household_id == household_id,
            Alert.withdrawn_at.is_(None),
            Incident.closed_at.is_(None),
            Incident.kind == IncidentKind.ALARM,
        )
        .order_by(Alert.id.desc())
        .limit(1)
    ).first()


def _understand(session: Session, text: Text, sender: _Sender, now: datetime) -> Understood:
    told = sender.told
    answered = told is not None and told.party in read_answers(session, told.incident_id).parties
    return understand(
        text.body,
        sender.writer,
        leads=told is not None and told.role in LEADERS,
        answered=answered,
        said_before=record.count_same(session, text.sender, text.body, now - REPEATED_WITHIN),
    )


def _decide(
    session: Session, text: Text, sender: _Sender, found: Understood, now: datetime
) -> tuple[InboundKind, Callable[[], Reply]]:
    """As what the text is kept, and what is done about it."""
    if found.meaning is Meaning.MACHINE:
        return InboundKind.MACHINE, lambda: _from_machine(session, sender, found, now)
    if sender.writer is Writer.CALLER and sender.alert is not None:
        alert = sender.alert
        if found.meaning in {Meaning.TAKEN_BACK, Meaning.SOLVED}:
            return InboundKind.ANSWER, lambda: _take_back(session, sender, alert, found, now)
        return InboundKind.TOLD, lambda: _note_callers_words(session, sender, alert, found, now)
    if sender.told is not None and sender.writer is not Writer.AT_REST:
        told = sender.told
        if found.meaning in ANSWERS:
            return InboundKind.ANSWER, lambda: _answer(session, sender, told, found, now)
        if found.meaning is Meaning.ALL_OVER:
            return InboundKind.ANSWER, lambda: _close_by_text(session, sender, told, now)
        return InboundKind.TOLD, lambda: _note_helpers_words(session, sender, told, found, now)
    if sender.caller is None:
        return InboundKind.STRANGER, lambda: Reply(_to_stranger(session, text))
    return InboundKind.HELP, lambda: Reply(_help_if_due(session, sender, now))


def _decide_for_overseer(
    session: Session, text: Text, sender: _Sender, found: Understood, now: datetime
) -> Callable[[], Reply] | None:
    """What is done about a text of an overseer who is rung for nothing at present; None where it is anybody else's."""
    if sender.caller is None and (text.stops or text.starts):
        if not overseers.knows(session, sender.number):
            return None
        return lambda: _change_texts_of_overseer(session, text, sender, now)
    if found.meaning is Meaning.MACHINE or (found.meaning is Meaning.ALARM and sender.caller is not None):
        return None
    told = overseers.find_told(session, sender.number)
    if told is None:
        return None
    return lambda: _note_overseers_words(session, sender, told, found, now)


def _note_overseers_words(session: Session, sender: _Sender, told: Delivery, found: Understood, now: datetime) -> Reply:
    """Words in answer to the text with the link: everybody who watches reads them, and a caller who texts."""
    words_passed_on.note_words(session, told.incident_id, told.household_name, found.words, now, by_caller=False)
    session.flush()
    words_passed_on.pass_on(session, told.incident_id, now)
    is_news = bool(found.words) and not _has_noted_lately(session, sender, now)
    return Reply(written.OVERSEER_NOTED[told.language] if is_news else None, told.incident_id)


def _change_texts_of_overseer(session: Session, text: Text, sender: _Sender, now: datetime) -> Reply:
    """STOP and START of a phone that is in no household."""
    overseers.change_texts(session, sender.number, now, stop=text.stops)
    line = written.STOPPED_FOR_OVERSEER if text.stops else written.STARTED
    return Reply(None if text.opt_out else line[sender.language])


def _start(session: Session, sender: _Sender) -> None:
    phones = [] if sender.caller is None else [sender.caller.phone_id]
    responder_id = None if phones or sender.told is None else sender.told.responder_id
    directory.clear_refused(session, phones, [] if responder_id is None else [responder_id], text=True)


def _change_texts(session: Session, text: Text, sender: _Sender, found: Understood, now: datetime) -> Reply:
    """STOP and START, kept by us whatever the carrier does; calls go on. Said where the carrier has not said it.

    A carrier may take "cancel" for STOP: from a caller it takes the alarm back as well.
    """
    phone_id = None if sender.caller is None else sender.caller.phone_id
    responder_id = None if phone_id is not None or sender.told is None else sender.told.responder_id
    if text.starts:
        _start(session, sender)
        return Reply(None if text.opt_out or sender.silent else written.STARTED[sender.language])
    directory.mark_refused(
        session, phone_id=phone_id, responder_id=responder_id, text=True, code=directory.OPTED_OUT, now=now
    )
    incident_id = None
    takes_back = sender.writer is Writer.CALLER and found.meaning in {Meaning.TAKEN_BACK, Meaning.SOLVED}
    if sender.alert is not None and takes_back:
        incident_id = _take_back(session, sender, sender.alert, found, now).incident_id
    return Reply(None if text.opt_out or sender.silent else written.STOPPED[sender.language], incident_id)


def _from_machine(session: Session, sender: _Sender, found: Understood, now: datetime) -> Reply:
    """An automatic reply concludes nothing; answered, two machines would talk for ever. The board shows it."""
    told = sender.told
    if told is not None and sender.writer is Writer.RUNG and found.words:
        note_once(
            session, told.incident_id, UpdateKind.MACHINE, now, household=told.household_name, text=found.words[:300]
        )
    return Reply(None)


def _let_go_to_all(session: Session, sender: _Sender, alert: Alert, now: datetime) -> Reply:
    """The key that a caller was asked for while only the leader was rung."""
    incident = lock_incident(session, alert.incident_id)
    held_alarms.release(session, incident, ReleasedBy.KEY, now, name=alert.household_name)
    return Reply(written.RELEASED[sender.language], alert.incident_id)


def _take_back(session: Session, sender: _Sender, alert: Alert, found: Understood, now: datetime) -> Reply:
    outcome = ClosingOutcome.HELPED if found.meaning is Meaning.SOLVED else ClosingOutcome.FALSE_ALARM
    words_passed_on.note_words(session, alert.incident_id, alert.household_name, found.words, now, by_caller=True)
    closed = closing.withdraw(session, alert, now, outcome)
    return Reply(None if sender.silent else written.reply_withdrawn(closed, sender.language), alert.incident_id)


def _note_callers_words(session: Session, sender: _Sender, alert: Alert, found: Understood, now: datetime) -> Reply:
    """A caller writes more: those who come are told, and what has happened, where nobody knew it."""
    incident, language = alert.incident, sender.language
    asks_only = found.question is Question.WHO_COMES and asks_nothing_else(found.words)
    words_passed_on.note_words(
        session, incident.id, alert.household_name, found.words, now, by_caller=True, answered=asks_only
    )
    if found.category is not Category.UNSPECIFIED and incident.category is Category.UNSPECIFIED:
        closing.name_category(session, alert, found.category, now)
    session.flush()
    words_passed_on.pass_on(session, incident.id, now)
    if sender.silent or not found.words:
        return Reply(None, incident.id)
    others = read_answers(session, incident.id).coming
    coming, there = name_those(others, Answer.COMING, language), name_those(others, Answer.ON_SCENE, language)
    if found.question is Question.WHO_COMES:
        return Reply(written.write_news(coming, there, incident.category, language), incident.id)
    if _has_noted_lately(session, sender, now):
        return Reply(None, incident.id)
    told = words_passed_on.count_told(session, incident, alert.household_name)
    return Reply(written.write_words_noted(told, language, untold=len(others) - told), incident.id)


def _answer(session: Session, sender: _Sender, told: Delivery, found: Understood, now: datetime) -> Reply:
    """A reply to an alarm this phone was told of. It belongs to the newest open one, and says which that was."""
    language, incident = sender.language, told.incident
    given = Answer(found.meaning.value)
    heard = acknowledge(session, told, given, Channel.SMS, now, others_open=sender.others_open, minutes=found.minutes)
    if heard.closed:
        return Reply(written.reply_over(heard.names(language), language), incident.id)
    if found.words:
        words_passed_on.note_words(session, incident.id, told.household_name, found.words, now, by_caller=False)
    session.flush()
    words_passed_on.pass_on(session, incident.id, now)
    line = written.reply_thanks(heard.names(language), given, sender.others_open, language, incident.category)
    if found.question is Question.WHERE and given is Answer.COMING:
        line = _tell_where(incident, language)
    return Reply(line, incident.id)


def _close_by_text(session: Session, sender: _Sender, told: Delivery, now: datetime) -> Reply:
    incident = told.incident
    if incident.closed_at is None:
        closing.close(session, incident.id, ClosingOutcome.HELPED, "", told.household_name, now)
    return Reply(written.reply_over(_name_callers(incident, sender.language), sender.language), incident.id)


def _note_helpers_words(session: Session, sender: _Sender, told: Delivery, found: Understood, now: datetime) -> Reply:
    """A neighbour's words that are no answer: they are kept with the incident, and a question is answered."""
    incident, language = told.incident, sender.language
    words_passed_on.note_words(session, incident.id, told.household_name, found.words, now, by_caller=False)
    session.flush()
    if incident.closed_at is not None:
        callers = _name_callers(incident, language)
        if found.question is not None:
            return Reply(written.reply_over(callers, language), incident.id)
        # "收到" may mean that they come; what nobody understands may be about themselves.
        due = _help_if_due(session, sender, now) is not None
        return Reply(written.reply_over_and_help(callers, language) if due else None, incident.id)
    words_passed_on.pass_on(session, incident.id, now)
    if found.question is Question.WHO_COMES:
        others = read_answers(session, incident.id).coming
        coming, there = name_those(others, Answer.COMING, language), name_those(others, Answer.ON_SCENE, language)
        return Reply(written.write_who_is_coming(coming, there, language), incident.id)
    if found.question is Question.WHERE:
        return Reply(_tell_where(incident, language), incident.id)
    if not found.words or _has_noted_lately(session, sender, now):
        return Reply(None, incident.id)
    answered = told.party in read_answers(session, incident.id).parties
    return Reply((written.NOTED if answered else written.HOW_TO_ANSWER)[language], incident.id)


def _name_callers(incident: Incident, language: str) -> list[str]:
    return [alert.name_in(language) for alert in incident.alerts]


def _tell_where(incident: Incident, language: str) -> str:
    """Where the newest voice of an incident is."""
    alert = next((each for each in reversed(incident.alerts) if each.withdrawn_at is None), incident.alerts[-1])
    chinese = language == "zh"
    return written.write_where_it_is(
        alert.name_in(language),
        alert.place if chinese else alert.place_en,
        alert.door,
        alert.number,
        alarm.name_category(incident.category, language),
        language,
    )


def _has_noted_lately(session: Session, sender: _Sender, now: datetime) -> bool:
    return record.was_answered_since(session, sender.number, InboundKind.TOLD, now - NOTED_EVERY)


def _help_if_due(session: Session, sender: _Sender, now: datetime) -> str | None:
    """The line of help, at most one an hour to a number; none to a house where somebody may be listening."""
    if sender.silent:
        return None
    lately = any(
        record.was_answered_since(session, sender.number, kind, now - HELPED_EVERY)
        for kind in (InboundKind.HELP, InboundKind.TOLD)
    )
    return None if lately else written.HELP_TEXT[sender.language]


def _raise(
    session: Session, text: Text, sender: _Sender, found: Understood, now: datetime, limits: Limits | None
) -> Reply:
    # What the phone has put below it, 发自我的iPhone, is nothing that the caller says.
    own = find_own_part(text.body).words or text.body.strip()
    trigger = Trigger(text.carrier_key, text.sender, Channel.SMS, category=found.category, text=own)
    raised = raise_alarm(session, trigger, now, limits)
    if raised.outcome is Outcome.STRANGER:
        return Reply(_to_stranger(session, text))
    if sender.alert is not None and not raised.repeated:
        # What a caller writes once more stands in no alert of its own: those who come are to read it all the same.
        words_passed_on.note_words(
            session, sender.alert.incident_id, sender.alert.household_name, found.words, now, by_caller=True
        )
        session.flush()
        words_passed_on.pass_on(session, sender.alert.incident_id, now)
    if raised.silent:
        return Reply(None, raised.incident_id)
    if raised.outcome is Outcome.MUTED:
        return Reply(written.MUTED[raised.language])
    if raised.release_key:
        return Reply(
            written.write_alarm_held(raised.households, raised.release_key, raised.language), raised.incident_id
        )
    if raised.outcome is Outcome.FLOOD:
        return Reply(calls.FLOOD[raised.language])
    return Reply(written.write_alarm_answer(raised.households, raised.language), raised.incident_id)


def _to_stranger(session: Session, text: Text) -> str | None:
    first = record.is_first_from_stranger(session, text.carrier_key, STRANGER_ANSWERED_EVERY)
    return written.STRANGER_TEXT if first else None
