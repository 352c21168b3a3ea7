"""The doctor's look outside: does the carrier reach us, and do its numbers lead to us?"""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from config.carriers import Account
from groups import directory
from joint_defense.carriers.numbers import Numbers, OwnedNumber, Webhooks
from joint_defense.carriers.port import CarrierError, OutboundCall, sign
from joint_defense.carriers.twiml import tell
from joint_defense.operations.doctor import Check, Finding, Grade, note_skew
from joint_defense.processes.runtime import Runtime

WEB_SECONDS = 10.0
Result = TypeVar("Result")
TEST_SENTENCE = "这是十户联防的测试电话，没有警情。"


def check_public_address(runtime: Runtime) -> Iterator[Finding]:
    """Does a request that the carrier signs reach us through the public address, and a stranger's not?"""
    base, account = runtime.settings.public_base_url, runtime.settings.accounts[0]
    # The end of a call that we never had: nothing is found, and nothing changes.
    target, form = f"{base}/voice/ended", {"CallSid": "CAdoctor", "CallStatus": "completed", "From": "", "To": ""}
    signature = sign((*account.signing_key, *account.auth_token)[0], target, form)
    try:
        signed, date = _post(target, form, {"X-Twilio-Signature": signature})
        unsigned, _ = _post(target, form, {})
    except OSError as error:
        reason = getattr(error, "reason", error)
        yield _make_wrong("访问不到", "is not reached", f"{base}: {reason}", "DNS, TLS, deploy/caddy, deploy/nginx")
        return
    if signed == 403:
        yield _make_wrong(
            "签名的请求被拒绝", "a signed request is refused", base, "PUBLIC_BASE_URL; path and host unchanged"
        )
    elif signed >= 400:
        yield _make_wrong("签名的请求没有被接受", "a signed request is not taken", f"{base}: {signed}", "web's log")
    elif unsigned != 403:
        yield _make_wrong(
            "应答的不是本系统", "something else answers there", f"{base}: {unsigned}", "deploy/caddy, deploy/nginx"
        )
    else:
        yield Finding(
            "public address", Grade.GOOD, f"{base} 只接受运营商的请求", f"{base} takes the carrier's requests only"
        )
    if date is not None:
        yield from note_skew("public address", date, datetime.now(UTC))


def _make_wrong(zh: str, en: str, what: str, mend: str) -> Finding:
    return Finding("public address", Grade.ERROR, f"{zh}：{what}", f"{en}: {what}", mend)


def _post(url: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, datetime | None]:
    """The answer's status and date. Raises OSError."""
    wanted = urllib.request.Request(url, urlencode(form).encode(), headers)  # noqa: S310 - http or https, by the settings
    try:
        with urllib.request.urlopen(wanted, timeout=WEB_SECONDS) as answer:  # noqa: S310
            return answer.status, _read_date(answer.headers.get("Date"))
    except urllib.error.HTTPError as error:
        return error.code, _read_date(error.headers.get("Date"))


def _read_date(given: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(given or "").astimezone(UTC)
    except (ValueError, TypeError):
        return None


def check_carriers(runtime: Runtime) -> Iterator[Finding]:
    """Is each account in order, does it own the numbers we call from, and do they lead to us?"""
    for account in runtime.settings.accounts:
        yield from _run(_look_at_account(runtime, account, mend=False))


def mend_webhooks(runtime: Runtime) -> Iterator[Finding]:
    """The same, and every number of ours that leads elsewhere is pointed at us."""
    for account in runtime.settings.accounts:
        yield from _run(_look_at_account(runtime, account, mend=True))


OUTSIDE: tuple[Check, ...] = (check_public_address, check_carriers)


def name_webhooks(base: str) -> Webhooks:
    """Where the carrier is to send what comes in on our numbers."""
    return Webhooks(f"{base}/voice/inbound", f"{base}/sms/inbound", f"{base}/voice/ended")


async def _look_at_account(runtime: Runtime, account: Account, *, mend: bool) -> list[Finding]:
    of = f"carrier {account.name}"
    settings = runtime.settings
    async with Numbers(account, timeout=settings.carrier_timeout) as numbers:
        try:
            status = await numbers.read_status()
            owned = {each.number: each for each in await numbers.read()}
        except CarrierError as error:
            if error.status == 404:
                zh, en = "不提供账号与号码的查询，请到运营商网页核对", "does not show its account; look there by hand"
                return [Finding(of, Grade.WARNING, zh, en, "docs/carriers.md")]
            word = error.word
            return [Finding(of, Grade.ERROR, f"拒绝或没有应答：{word}", f"refuses us or is silent: {word}", "TWILIO_…")]
        well = status == "active"
        found = [Finding(of, Grade.GOOD if well else Grade.ERROR, f"账号状态：{status}", f"the account is {status}")]
        ours = [*account.from_number, *(settings.direct_numbers if account is settings.accounts[0] else ())]
        wanted = name_webhooks(settings.public_base_url)
        for number in dict.fromkeys(ours):
            found.append(await _look_at_number(numbers, of, number, owned.get(number), wanted, mend=mend))
        found += await _look_at_balance(numbers, of)
        return found


async def _look_at_number(
    numbers: Numbers, of: str, number: str, owned: OwnedNumber | None, wanted: Webhooks, *, mend: bool
) -> Finding:
    if owned is None:
        settings = "TWILIO_FROM_NUMBER, DIRECT_NUMBERS"
        return Finding(of, Grade.ERROR, f"{number} 不属于该账号", f"{number} is not of this account", settings)
    unlike = [what for what in ("voice", "text", "ended") if getattr(owned.webhooks, what) != getattr(wanted, what)]
    if not unlike:
        return Finding(of, Grade.GOOD, f"{number} 已指向本系统", f"{number} leads to us")
    if not mend:
        # Without the last one the news comes half a minute later; without the others there is no alarm.
        grade = Grade.WARNING if unlike == ["ended"] else Grade.ERROR
        there = ", ".join(f"{what}: {getattr(owned.webhooks, what) or '-'}" for what in unlike)
        zh, en = f"{number} 没有指向本系统（{there}）", f"{number} does not lead to us ({there})"
        return Finding(of, grade, zh, en, "flask --app app doctor --fix-webhooks")
    try:
        await numbers.point(owned.sid, wanted)
    except CarrierError as error:
        zh, en = f"{number} 设置失败：{error}", f"{number} could not be set: {error}"
        return Finding(of, Grade.ERROR, zh, en, "docs/carriers.md")
    done = ", ".join(unlike)
    return Finding(of, Grade.GOOD, f"{number} 现已指向本系统（{done}）", f"{number} now leads to us ({done})")


async def _look_at_balance(numbers: Numbers, of: str) -> list[Finding]:
    try:
        balance = await numbers.read_balance()
    except CarrierError:
        return []  # not every carrier tells
    return [Finding(of, Grade.GOOD, f"余额 {balance}", f"balance {balance}")] if balance else []


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    """What it returns. In a thread of its own: whoever calls may have an event loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def place_test_call(runtime: Runtime, number: str) -> Finding:
    """Ring one phone and say that this is a test. It is on no record, and nobody is asked for anything.

    A number of a country that is not called is not called for a test either.
    """
    countries = runtime.settings.countries
    if not directory.is_called(number, countries):
        known = "、".join(countries)
        zh, en = f"只拨打{known}开头的号码", f"only numbers that begin with {', '.join(countries)} are called"
        return Finding("test call", Grade.ERROR, zh, en, "COUNTRIES")

    async def ring() -> str:
        account = runtime.settings.accounts[0]
        carrier = runtime.carriers()[account.account_sid]
        try:
            made = await carrier.place_call(
                OutboundCall(
                    to=number,
                    sender=account.from_number[0],
                    twiml=tell(TEST_SENTENCE, "zh"),
                    status_callback=f"{runtime.settings.public_base_url}/voice/ended",
                    ring_timeout=runtime.settings.ring_timeout,
                )
            )
        finally:
            await carrier.close()
        return made.sid

    try:
        sid = _run(ring())
    except CarrierError as error:
        word = error.word
        return Finding("test call", Grade.ERROR, f"打不出去：{word} {error}", f"was not taken: {word} {error}")
    return Finding("test call", Grade.GOOD, f"已拨出（{sid}）", f"was placed ({sid})")
