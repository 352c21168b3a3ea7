"""From a claim to the carrier and back: what it says, and one call or message, placed or looked up.

No database row is written here. A link in an overseer's text is the address of an incident's page for one overseer,
signed with the service's key:

    links = Links(settings.public_base_url, settings.secret_key)
    links.make_address(incident_id, delivery_id, number)     # https://…/i/12/345.Zm9v…
    links.is_signed(incident_id, delivery_id, number, signature)

The delivery is the text that brought the link: it says who was told. The number is signed with it, though it does not
stand in the address. Whoever changes SECRET_KEY ends all links.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import structlog
from itsdangerous import Signer

from config.carriers import takes_replies
from groups import directory
from joint_defense.carriers import twiml
from joint_defense.carriers.port import (
    COUNTRY_NOT_CALLED,
    Carrier,
    CarrierError,
    OutboundCall,
    OutboundMessage,
    OutcomeUnknown,
    Receipt,
    RefusedNumber,
    Temporary,
    Unanswered,
    Undecided,
)
from joint_defense.delivery.claims import Claim
from joint_defense.delivery.lines import WRONG_NUMBER, Line, Lines, LineStatus
from joint_defense.delivery.results import Sent
from joint_defense.delivery.rivals import Rivals
from joint_defense.models.incidents import Alert, Incident
from joint_defense.rules import escalation
from joint_defense.rules.states import GREETINGS, LEADERS, Channel, IncidentKind, Purpose
from joint_defense.rules.wording import alarm, drills, links
from joint_defense.rules.wording.alarm import count_segments
from joint_defense.rules.wording.greetings import ABOUT_OTHER, ABOUT_SELF

MESSAGE_VALID_FOR = 1800
"""Seconds: an alarm text that comes later than this only frightens."""


class Announcer:
    """Puts calls and messages together from an incident's voices.

    `lines`: by account the number of ours that a neighbour may call back.
    """

    def __init__(
        self,
        public_base_url: str,
        ring_timeout: int,
        zone: ZoneInfo,
        secret_key: str,
        lines: Mapping[str, str] | None = None,
    ) -> None:
        self._lines = lines or {}
        self._base = public_base_url
        self._links = Links(public_base_url, secret_key)
        self._ring_timeout = ring_timeout
        self._zone = zone

    def call(self, claim: Claim, incident: Incident, alerts: Sequence[Alert]) -> OutboundCall:
        """The call; what is said travels in it, the key that is pressed comes to an absolute address of ours."""
        language = claim.language
        voices = list_voices(incident, alerts, self._zone)
        if claim.purpose is Purpose.TEST:
            said = self._write_drill(claim, (claim.text or "",), drills.say_how_to_answer_test(language))
        elif claim.purpose in GREETINGS and "\n" not in (claim.text or ""):
            # Nothing is asked any more.
            said = twiml.tell(claim.text or "", language)
        elif claim.purpose in GREETINGS:
            sentence, _, keys = (claim.text or "").partition("\n")
            about = ABOUT_SELF if claim.purpose is Purpose.GREETING else ABOUT_OTHER
            said = self._write_drill(claim, (sentence,), keys, f"?about={about}")
        elif claim.purpose is Purpose.SERVICE:
            sentence, _, keys = (claim.text or "").partition("\n")
            said = self._write_drill(claim, (sentence,), keys)
        elif claim.text is not None:
            said = twiml.tell(claim.text, language)
        elif claim.purpose is Purpose.DRILL:
            sentences = tuple(drills.write_announcement(name_place(incident), language))
            said = self._write_drill(claim, sentences, drills.say_how_to_answer(language))
        elif claim.purpose is Purpose.WORDLESS:
            said = self._write_wordless(claim, alarm.write_wordless(voices[-1], language))
        else:
            said = self._write_announcement(claim, voices, held=_asks_leader_first(claim, incident))
        return OutboundCall(
            to=claim.to,
            sender=claim.sender,
            twiml=said,
            status_callback=self._name_callback(claim),
            ring_timeout=self._ring_timeout,
        )

    def _write_wordless(self, claim: Claim, text: str) -> str:
        """Said twice, where that travels with the call; the leader's key closes the incident."""
        language, address = claim.language, f"{self._base}/voice/answer/{claim.delivery_id}/{claim.number}"
        for times in (2, 1):
            lines = [(text, language)] * times + [(alarm.SETTLED_KEY[language], language)]
            document = twiml.say_farewell(lines, action=address)
            if len(document) <= twiml.LONGEST:
                return document
        return twiml.tell(text, language)

    def _write_drill(self, claim: Claim, sentences: tuple[str, ...], keys: str, query: str = "") -> str:
        """Rings as an alarm does, and asks for a key; `query` goes with the address that the key comes to."""
        return twiml.write_announcement(
            sentences,
            keys,
            claim.language,
            action=f"{self._base}/voice/answer/{claim.delivery_id}/{claim.number}{query}",
            then=f"{self._base}/voice/again/{claim.delivery_id}/{claim.number}",
        )

    def _write_announcement(self, claim: Claim, voices: Sequence[alarm.Voice], *, held: bool) -> str:
        """As many voices as travel with the call, the newest always."""
        language, widened = claim.language, escalation.is_widened(claim.purpose, claim.role)
        document = ""
        for most in range(alarm.MOST_VOICES, 0, -1):
            document = twiml.write_announcement(
                tuple(alarm.write_announcement(voices[-most:], language, widened=widened, held=held)),
                alarm.say_how_to_answer(language),
                language,
                action=f"{self._base}/voice/answer/{claim.delivery_id}/{claim.number}",
                then=f"{self._base}/voice/again/{claim.delivery_id}/{claim.number}",
            )
            if len(document) <= twiml.LONGEST:
                return document
        return document

    def message(self, claim: Claim, incident: Incident, alerts: Sequence[Alert]) -> OutboundMessage:
        """The message."""
        return OutboundMessage(
            to=claim.to,
            sender=claim.sender,
            body=self._write_body(claim, incident, alerts),
            status_callback=self._name_callback(claim),
            valid_for=MESSAGE_VALID_FOR,
        )

    def _write_body(self, claim: Claim, incident: Incident, alerts: Sequence[Alert]) -> str:
        if claim.text is not None:
            return claim.text
        if claim.purpose is Purpose.DRILL:
            return drills.write_message(name_place(incident), claim.language)
        if claim.purpose is Purpose.SECOND_VOICE:
            alert = next((each for each in alerts if each.id == claim.alert_id), alerts[-1])
            return alarm.write_second_voice(
                self._complete_voice(make_voice(incident, alert, self._zone), claim), claim.language
            )
        first = self._complete_voice(make_voice(incident, alerts[0], self._zone), claim)
        if claim.purpose is Purpose.WORDLESS:
            return alarm.write_wordless(first, claim.language)
        held = _asks_leader_first(claim, incident)
        if claim.with_link and not held:
            link = self._links.make_address(claim.incident_id, claim.delivery_id, claim.to)
            words = links.tell_overseer if claim.purpose is Purpose.LINK else links.write_alarm_with_link
            return words(first, link, claim.language)
        widened = escalation.is_widened(claim.purpose, claim.role)
        return alarm.write_message(first, claim.language, widened=widened, held=held)

    def _complete_voice(self, voice: alarm.Voice, claim: Claim) -> alarm.Voice:
        """To a text that comes from a name nobody can reply: it says which number to call instead."""
        line = "" if takes_replies(claim.sender) else self._lines.get(claim.line.account, "")
        return replace(voice, line=line)

    def _name_callback(self, claim: Claim) -> str:
        return f"{self._base}/status/{claim.delivery_id}/{claim.number}"


def _asks_leader_first(claim: Claim, incident: Incident) -> bool:
    """Whether all others are still held back for this leader's answer."""
    return incident.held_until is not None and claim.role in LEADERS


def name_place(incident: Incident) -> str:
    """Village and group, as a drill is announced."""
    return f"{incident.village_name}{incident.group_name}"


def list_voices(incident: Incident, alerts: Sequence[Alert], zone: ZoneInfo) -> list[alarm.Voice]:
    """The voices that are to be told of: all that have not been taken back, oldest first."""
    active = [alert for alert in alerts if alert.withdrawn_at is None] or list(alerts)
    return [make_voice(incident, alert, zone) for alert in active]


def make_voice(incident: Incident, alert: Alert, zone: ZoneInfo) -> alarm.Voice:
    """An alert as rules.wording tells it."""
    return alarm.Voice(
        household=alert.household_name,
        household_en=alert.household_name_en,
        place=alert.place,
        place_en=alert.place_en,
        door=alert.door,
        first_help=alert.first_help,
        number=alert.number,
        category=alert.category,
        text=alert.text,
        raised_at=alert.raised_at.astimezone(zone),
        drill=incident.kind is IncidentKind.DRILL,
    )


_DIGEST = partial(hashlib.blake2s, digest_size=16)
"""128 bits: 22 signs in a text of 134."""
_TOKEN = re.compile(r"([1-9][0-9]{0,17})\.([0-9A-Za-z_-]{22})")


class Token(NamedTuple):
    """What stands in the address: which text brought it, and the signature."""

    delivery_id: int
    signature: str


class Links:
    """Makes and checks the links of this service."""

    def __init__(self, public_base_url: str, secret_key: str) -> None:
        self._base = public_base_url.rstrip("/")
        self._signer = Signer(secret_key, salt="incident-link", key_derivation="hmac", digest_method=_DIGEST)

    def make_address(self, incident_id: int, delivery_id: int, number: str) -> str:
        """The link in the text `delivery_id` to the overseer at this number."""
        signature = self._signer.get_signature(_sign(incident_id, delivery_id, number)).decode()
        return f"{self._base}/i/{incident_id}/{delivery_id}.{signature}"

    def is_signed(self, incident_id: int, number: str, token: Token) -> bool:
        """Whether the token was made by us for this incident and this number."""
        signed = _sign(incident_id, token.delivery_id, number)
        return self._signer.verify_signature(signed, token.signature)


def read_token(text: str) -> Token | None:
    """The token in an address; None for what cannot be one."""
    found = _TOKEN.fullmatch(text)
    return None if found is None else Token(int(found[1]), found[2])


def _sign(incident_id: int, delivery_id: int, number: str) -> bytes:
    return f"{incident_id}.{delivery_id}.{number}".encode()


LookUpFacts = Callable[[Claim], Awaitable[datetime | None]]
TellOut = Callable[[str, str], None]
TellNumber = Callable[[Line, str], None]
AskRivals = Callable[[Claim, set[str]], Awaitable[Rivals | None]]

LAST_WORD = 0.5
"""Seconds that a request gets whose account has just gone out."""
Result = TypeVar("Result")

log = structlog.stdlib.get_logger(__name__)


class TakenOver(Exception):
    """Somebody else has the claim now: it is not sent from here, and nothing is said of it."""


class Sender:
    """Carries claims to the carriers.

    `find_first_request` and `rivals` ask the database, off the event loop; `tell_out` hears of an account that has just
    gone out, and why; `tell_number` of a number that the carrier does not know for its account's, and with "" of one
    from which something has left. `countries`: the beginnings of numbers that may be called and texted; none: any.
    """

    def __init__(
        self,
        carriers: Mapping[str, Carrier],
        announcer: Announcer,
        lines: Mapping[Channel, Lines],
        status: LineStatus,
        *,
        find_first_request: LookUpFacts,
        rivals: AskRivals,
        tell_out: TellOut,
        tell_number: TellNumber,
        countries: Collection[str] = (),
    ) -> None:
        self._carriers = carriers
        self._announcer = announcer
        self._lines = lines
        self._status = status
        self._first_request = find_first_request
        self._rivals = rivals
        self._tell_out = tell_out
        self._tell_number = tell_number
        self._countries = countries
        self._gone = {(account, channel): asyncio.Event() for account in carriers for channel in Channel}

    async def send(self, claim: Claim, incident: Incident, alerts: Sequence[Alert]) -> Sent:
        """Place a call or send a message, or find out what became of the one before. Raises TakenOver alone."""
        if claim.line.account not in self._carriers:
            # It went out by an account that is not in the settings any more.
            claim = replace(claim, line=Line(next(iter(self._carriers)), claim.line.sender))
        began = time.monotonic()
        try:
            sent = Sent(claim, receipt=await self._carry(claim, incident, alerts))
        except CarrierError as error:
            log.warning(
                "request_declined",
                delivery_id=claim.delivery_id,
                incident_id=claim.incident_id,
                code=error.code,
                error=type(error).__name__,
            )
            sent = Sent(claim, error=error)
        except TakenOver:
            raise
        except Exception:
            # Whatever went wrong, the request may have left: it is looked up, and never silently dropped.
            log.exception("sending_failed", delivery_id=claim.delivery_id, incident_id=claim.incident_id)
            return Sent(claim, error=OutcomeUnknown("sending failed"))
        word = self._status.note(claim.line, claim.channel, sent.error, began, placing=not claim.look_up_first)
        if word:
            self._tell_out(claim.line.account, word)
        if not claim.look_up_first and (sent.error is None or sent.error.code in WRONG_NUMBER):
            self._tell_number(claim.line, "" if sent.error is None else str(sent.error.code))
        self.let_go()
        return replace(sent, elsewhere=self._goes_elsewhere(claim)) if sent.error is not None else sent

    def let_go(self) -> None:
        """Whatever hangs at an account that has gone out by now is given up, where another one waits to carry it."""
        for account, word in self._status.look():
            self._tell_out(account, word)
        for (account, channel), gone in self._gone.items():
            if self._status.out(account, channel):
                gone.set()
            else:
                gone.clear()

    def _goes_elsewhere(self, claim: Claim) -> bool:
        out = bool(self._status.out(claim.line.account, claim.channel))
        lines = self._lines[claim.channel]
        if not claim.look_up_first:
            out = out or self._status.is_number_out(claim.line, claim.channel)
        return out and lines.has_other(claim.line)

    async def _carry(self, claim: Claim, incident: Incident, alerts: Sequence[Alert]) -> Receipt | None:
        if claim.look_up_first:
            return await self._look_up(claim, incident, alerts)
        if self._gone[claim.line.account, claim.channel].is_set() and self._goes_elsewhere(claim):
            raise Temporary("the account has gone out in the meantime")
        if claim.stopped:
            # As a carrier with a list of its own refuses it; not every one has such a list.
            raise RefusedNumber("the phone has told us to send no more texts", code=int(directory.OPTED_OUT))
        if not directory.is_called(claim.to, self._countries):
            raise RefusedNumber("its country is not called", code=COUNTRY_NOT_CALLED)
        carrier = self._carriers[claim.line.account]
        if claim.channel is Channel.CALL:
            return await self._ask_patiently(claim, carrier.place_call(self._announcer.call(claim, incident, alerts)))
        message = self._announcer.message(claim, incident, alerts)
        if extra := count_segments(message.body) - 1:
            await asyncio.to_thread(self._lines[claim.channel].charge, claim.line, extra)
        return await self._ask_patiently(claim, carrier.send_message(message))

    async def _ask_patiently(self, claim: Claim, request: Coroutine[Any, Any, Result]) -> Result:
        """The answer to a request; Unanswered where its account goes out meanwhile and another one waits to carry."""
        if len(self._carriers) == 1:
            return await request
        gone = self._gone[claim.line.account, claim.channel]
        asked, waiting = asyncio.create_task(request), asyncio.create_task(gone.wait())
        try:
            await asyncio.wait({asked, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done() and self._goes_elsewhere(claim):
                await asyncio.wait({asked}, timeout=LAST_WORD)
                if not asked.done():
                    raise Unanswered("given up: the account carries no more")
            return await asked
        finally:
            for task in (asked, waiting):
                task.cancel()

    async def _look_up(self, claim: Claim, incident: Incident, alerts: Sequence[Alert]) -> Receipt | None:
        """The receipt of a request whose answer was lost; None if the carrier knows of none that could be it."""
        since = await self._first_request(claim)
        if since is None:
            # Since when it may be out is not known: a list that begins too late would not show it, and it would be
            # sent again.
            raise Undecided("the database did not answer")
        carrier = self._carriers[claim.line.account]
        asked = carrier.look_up(claim.channel, claim.to, since)
        found = await self._ask_patiently(claim, asked)
        if claim.channel is Channel.SMS:
            body = self._announcer.message(claim, incident, alerts).body
            found = [each for each in found if each.body == body]
        facts = await self._rivals(claim, {each.sid for each in found})
        if facts is None:
            raise Undecided("the database did not answer")
        return choose(found, facts)


def choose(found: Sequence[Receipt], rivals: Rivals) -> Receipt | None:
    """Of calls to one phone, newest first, the one that is ours; None where there is none.

    Where others look for theirs too, each takes its turn, the oldest request the oldest call. Raises Undecided
    where one of them may still be on its way to the carrier: whose call it is shows when that one is back.
    """
    free = [each for each in reversed(found) if each.sid not in rivals.known]
    if not free:
        return None
    if rivals.on_their_way and len(free) <= rivals.on_their_way + rivals.looking:
        raise Undecided("another request to the same phone is on its way")
    return free[rivals.before] if rivals.before < len(free) else None
