"""Tells people that the service itself is not well: one after the other, by call and text, by mail and webhook.

Calls and texts leave as those of an alarm do, by the same senders and behind everything of any alarm. Mail and webhooks
need no carrier: an account that is refused is told of by them.
"""

from __future__ import annotations

import json
import shutil
import smtplib
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path

import structlog
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from config.database import insert_rows, read_clock
from config.settings import AlertPerson, Settings, read_smtp
from groups.directory import Recipient, is_called
from groups.directory import Role as WhoseRole
from joint_defense.delivery.plan import make_row
from joint_defense.incidents import service_alerts
from joint_defense.models.incidents import Acknowledgement, Attempt, Delivery, Incident, is_in_state
from joint_defense.models.processes import ServiceAlert
from joint_defense.processes.budget import WARNED_AT
from joint_defense.processes.heartbeats import WELL, Role, Vitals, read_vitals
from joint_defense.processes.runtime import Runtime
from joint_defense.rules.parties import NOTICE
from joint_defense.rules.replies import COMES
from joint_defense.rules.states import Channel, DeliveryState, IncidentKind, Occasion, Purpose
from joint_defense.rules.upkeep.service_alerts import (
    UNHEEDED_AFTER,
    UNHEEDED_UNTIL,
    AlertKind,
    Trouble,
    find_turn,
    list_on_duty,
)
from joint_defense.rules.wording import service as words

EVERY = 15.0
PING_SECONDS = 10.0
TRIED_AGAIN_AFTER = (10.0, 60.0, 300.0)
SECONDS = 15.0
"""So long a mail server or a webhook has for its answer; nobody waits for it, and it is tried again."""
TOO_LATE = timedelta(hours=1)
"""A call or text that could not leave for so long is not sent any more: the next one tells of it."""
OVERDUE_AFTER = timedelta(minutes=1)
LITTLE_DISK = 1 << 30
OLDEST_COPY = timedelta(hours=26)
SUMMARY_HOUR = 9
WEEK = timedelta(days=7)
log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes to somebody by mail or webhook."""

    person: AlertPerson
    kind: AlertKind
    said: str
    at: datetime
    over: bool = False


def watch_service(runtime: Runtime) -> None:
    """Look at everything, keep what is not well, and tell whoever's turn it is. Nothing without ALERT_PEOPLE."""
    settings = runtime.settings
    if not settings.alert_people:
        return
    share, low = runtime.budget.read_share(), runtime.balances.read_low()
    with runtime.database.begin() as session:
        now = read_clock(session)
        vitals = read_vitals(session, settings.accounts, now)
        found = [*find_troubles(session, vitals, now), *look_at_machine(settings, now), *look_at_budget(share)]
        found += [Trouble(AlertKind.BALANCE, name, f"{name} {left}") for name, left in low.items()]
        over = service_alerts.note_troubles(session, found, socket.gethostname(), now)
        letters = tell_over(session, settings, over, now)
        letters += tell_due(session, settings, now)
        letters += tell_of_the_week(session, settings, now)
    for letter in letters:
        threading.Thread(target=send_letter, args=(settings, letter), name="service-alert", daemon=True).start()


def find_troubles(session: Session, vitals: Vitals, now: datetime) -> Iterator[Trouble]:
    """What the database knows of."""
    for role, kind in ((Role.WORKER, AlertKind.WORKER), (Role.CLOCK, AlertKind.CLOCK)):
        if vitals.word(role) == "silent":
            yield Trouble(kind)
    for name, missing in vitals.missing.items():
        if missing and vitals.word(name) != "silent":
            yield Trouble(AlertKind.PROCESS, name, f"{name} {missing}")
    if vitals.account not in {WELL, "unknown"}:
        yield Trouble(AlertKind.ACCOUNT, "", vitals.account)
    for (name, number), word in vitals.numbers.items():
        yield Trouble(AlertKind.NUMBER, f"{name} {number}", f"{name} {number[:3]}…{number[-4:]} {word}")
    waits, aside = vitals.spooled
    if waits:
        yield Trouble(AlertKind.SPOOL, "", str(waits))
    if aside:
        yield Trouble(AlertKind.ASIDE, "", str(aside))
    overdue = select(func.count()).where(
        is_in_state(DeliveryState.WAITING), Delivery.due_at < now - OVERDUE_AFTER, Delivery.urgency < NOTICE
    )
    if count := session.scalar(overdue):
        yield Trouble(AlertKind.OVERDUE, "", str(count))
    yield from _find_unheeded(session, now)


def _find_unheeded(session: Session, now: datetime) -> Iterator[Trouble]:
    comes = exists().where(Acknowledgement.incident_id == Incident.id, Acknowledgement.answer.in_(COMES))
    unheeded = select(Incident.id, Incident.village_name, Incident.group_name).where(
        Incident.closed_at.is_(None),
        Incident.kind == IncidentKind.ALARM,
        Incident.opened_at < now - UNHEEDED_AFTER,
        Incident.opened_at > now - UNHEEDED_UNTIL,
        ~comes,
    )
    for row in session.execute(unheeded.order_by(Incident.id)):
        yield Trouble(AlertKind.NOBODY_COMES, str(row.id), f"{row.village_name}{row.group_name}")


def look_at_machine(settings: Settings, now: datetime) -> Iterator[Trouble]:
    """What this machine knows of."""
    folders = {"": settings.state_dir} | ({"copies": settings.backup_dir} if settings.backup_dir else {})
    for name, folder in folders.items():
        there = next(each for each in (Path(folder).absolute(), *Path(folder).absolute().parents) if each.exists())
        if (free := shutil.disk_usage(there).free) < LITTLE_DISK:
            yield Trouble(AlertKind.DISK, f"{socket.gethostname()} {name}", f"{there} {free >> 20} MB")
    if settings.backup_dir:
        # The name of a copy is when it was made: `operations.backup_file`, which this room must not know.
        copies = list(Path(settings.backup_dir).glob("joint-defence-*"))
        newest = max((each.stat().st_mtime for each in copies), default=0.0)
        if copies and now.timestamp() - newest > OLDEST_COPY.total_seconds():
            yield Trouble(AlertKind.BACKUP, socket.gethostname())


def look_at_budget(share: Decimal) -> Iterator[Trouble]:
    """Somebody is told before it stops anything, and when it does."""
    if share >= WARNED_AT:
        yield Trouble(AlertKind.BUDGET, "spent" if share >= 1 else "nearly", f"{share:.0%}")


def tell_due(session: Session, settings: Settings, now: datetime) -> list[Letter]:
    """Plan calls and texts to whoever's turn it is, of all that is due; mails and webhooks to send once this stands."""
    people = settings.alert_people
    on_duty = list_on_duty([each.span for each in people], now.astimezone(settings.zone).hour)
    letters = []
    for alert in service_alerts.list_due(session, now):
        at, until = find_turn(alert.told, on_duty)
        turn = alert.told + 1
        if not service_alerts.take_turn(session, alert, now + until):
            continue
        person = people[at]
        log.warning("service_alert", kind=alert.kind, detail=alert.detail, told=person.name, turn=turn)
        if person.phone:
            said = words.write_alert(alert.kind, alert.detail, person.language)
            _plan(session, settings, alert, person, turn, Channel.SMS, said, now)
            said = words.say_alert(alert.kind, alert.detail, person.language)
            _plan(session, settings, alert, person, turn, Channel.CALL, said, now)
        letters.append(Letter(person, alert.kind, words.name_alert(alert.kind, alert.detail, person.language), now))
    return letters


def tell_a_test(session: Session, settings: Settings, now: datetime) -> list[Letter]:
    """Tell the first on duty as if something were wrong, with what is due besides; it is over at once."""
    trouble = Trouble(AlertKind.RESTORE_DRILL, service_alerts.TEST, "测试 test")
    if settings.alert_people:
        service_alerts.open_alert(session, trouble, now)
    letters = tell_due(session, settings, now) if settings.alert_people else []
    ours = [each.id for each in service_alerts.list_open(session) if each.subject == trouble.subject]
    service_alerts.close_alerts(session, ours, now)
    return letters


def tell_over(session: Session, settings: Settings, closed: list[ServiceAlert], now: datetime) -> list[Letter]:
    """Tell all who were told that it is over, by text, mail and webhook."""
    letters = []
    for alert in closed:
        log.info("service_alert_over", kind=alert.kind, detail=alert.detail)
        reached = set(session.scalars(select(Delivery.number).where(Delivery.incident_id == alert.incident_id)))
        for person in settings.alert_people:
            if person.phone in reached:
                said = words.write_end(alert.kind, alert.detail, person.language)
                _plan(session, settings, alert, person, alert.told + 1, Channel.SMS, said, now)
            letters.append(
                Letter(person, alert.kind, words.write_end(alert.kind, alert.detail, person.language), now, over=True)
            )
    return letters


def _plan(
    session: Session,
    settings: Settings,
    alert: ServiceAlert,
    person: AlertPerson,
    turn: int,
    channel: Channel,
    text: str,
    now: datetime,
) -> None:
    """One call or text, behind everything that rings in any alarm."""
    if not is_called(person.phone, settings.countries):
        log.error("service_alert_not_sent", person=person.name, reason="its country is not called")
        return
    if alert.incident_id is None:
        carrier = Incident(
            kind=IncidentKind.TASK, village_id=0, village_name="", group_name="", opened_at=now, closed_at=now
        )
        session.add(carrier)
        session.flush()
        alert.incident_id = carrier.id
    whom = Recipient(
        *(person.phone, person.language, True, True, person.name, person.name, 1, 0),
        *(WhoseRole.OPERATOR, False, False),
    )
    row = make_row(
        *(whom, alert.incident_id, channel, Purpose.SERVICE, now),
        urgency=NOTICE,
        turn=0,
        text=text,
        occasion=Occasion(round=min(turn, 32_000)),
        not_after=now + TOO_LATE,
    )
    insert_rows(session, Delivery, [row], skip_known=True)


def tell_of_the_week(session: Session, settings: Settings, now: datetime) -> list[Letter]:
    """On Monday from nine on, once: how the week was, to the first of the people."""
    local = now.astimezone(settings.zone)
    if local.weekday() or local.hour < SUMMARY_HOUR:
        return []
    week = local.strftime("%G-W%V")
    known = select(ServiceAlert.id).where(ServiceAlert.kind == AlertKind.SUMMARY, ServiceAlert.subject == week)
    if session.scalar(known) is not None or not service_alerts.open_alert(
        session, Trouble(AlertKind.SUMMARY, week), now
    ):
        return []
    alert = session.scalars(select(ServiceAlert).where(ServiceAlert.id == session.scalar(known))).one()
    person = settings.alert_people[0]
    said = describe_week(session, now, person.language)
    alert.detail, alert.told, alert.next_at, alert.closed_at = said[: service_alerts.LONGEST_DETAIL], 1, None, now
    if person.phone:
        _plan(session, settings, alert, person, 1, Channel.SMS, words.write_summary(said, person.language), now)
    return [Letter(person, AlertKind.SUMMARY, words.write_summary(said, person.language), now)]


def describe_week(session: Session, now: datetime, language: str) -> str:
    """Alarms, drills, requests and how many failed, and of what somebody was told, in the seven days before."""
    since = now - WEEK
    kinds = select(Incident.kind, func.count()).where(Incident.opened_at > since).group_by(Incident.kind)
    incidents = {row[0]: row[1] for row in session.execute(kinds)}
    sent = select(func.count(), func.count(Attempt.error_code)).where(Attempt.requested_at > since)
    requests, failed = session.execute(sent).one()
    told = select(func.count()).where(
        ServiceAlert.opened_at > since, ServiceAlert.told > 0, ServiceAlert.kind != AlertKind.SUMMARY
    )
    return words.describe_week(
        incidents.get(IncidentKind.ALARM, 0),
        incidents.get(IncidentKind.DRILL, 0),
        requests,
        failed,
        session.scalar(told) or 0,
        language,
    )


def send_letter(settings: Settings, letter: Letter, pauses: Sequence[float] = TRIED_AGAIN_AFTER) -> list[str]:
    """By mail and webhook, as the person has them, each tried again after these pauses; the ways that did not go.

    What a process had not sent when it ended is not sent by another: the next person's turn tells of it.
    """
    failed, ways = list[str](), list[tuple[str, Callable[[], None]]]()
    if letter.person.mail:
        ways.append(("mail", lambda: _send_mail(settings, letter)))
    if letter.person.webhook:
        ways.append(("webhook", lambda: _post(letter)))
    for way, send in ways:
        for pause in (*pauses, None):
            try:
                send()
            except (OSError, smtplib.SMTPException, ValueError) as error:
                told = {"person": letter.person.name, "way": way, "error": type(error).__name__}
                if pause is None or not _may_pass(error):
                    log.error("service_alert_not_sent", **told)
                    failed.append(way)
                    break
                log.warning("service_alert_sent_again", **told, after=pause)
                time.sleep(pause)
            else:
                break
    return failed


def _may_pass(error: Exception) -> bool:
    """Whether another try may do: a wrong password, an unknown address and a refused letter stay what they are."""
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code < 500
    if isinstance(error, urllib.error.HTTPError):
        return error.code >= 500 or error.code == 429
    return isinstance(error, OSError) and not isinstance(error, smtplib.SMTPRecipientsRefused)


def _send_mail(settings: Settings, letter: Letter) -> None:
    host, port, tls, user, password = read_smtp(settings.alert_smtp)
    mail = EmailMessage()
    mail["From"], mail["To"] = settings.alert_mail_from, letter.person.mail
    mail["Subject"] = f"[Joint Defence] {letter.said[:60]}"
    mail.set_content(f"{letter.said}\n\n{letter.at.astimezone(settings.zone):%Y-%m-%d %H:%M:%S}\n")
    context = ssl.create_default_context()
    if tls:
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=SECONDS)
    with server:
        server.ehlo()
        if not tls and server.has_extn("starttls"):
            server.starttls(context=context)
        if user:
            server.login(user, password)
        server.send_message(mail)


def _post(letter: Letter) -> None:
    told = {
        "kind": letter.kind.value,
        "text": letter.said,
        "over": letter.over,
        "at": letter.at.astimezone(UTC).isoformat(timespec="seconds"),
    }
    wanted = urllib.request.Request(  # noqa: S310 - http or https, by the settings
        letter.person.webhook, json.dumps(told, ensure_ascii=False).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(wanted, timeout=SECONDS):  # noqa: S310
        pass


def send_ping(url: str) -> bool:
    """Ask PING_URL, whose service calls somebody when it hears nothing. Whether it was answered."""
    try:
        with urllib.request.urlopen(url, timeout=PING_SECONDS):  # noqa: S310 - http or https, by the settings
            return True
    except OSError as error:
        # The address may hold a secret.
        log.warning("ping_not_taken", error=type(error).__name__)
        return False
