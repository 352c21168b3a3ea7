"""The numbers that an account owns at its carrier, and where the carrier sends what comes in on them.

Nothing of this is asked for at an alarm. Not every carrier shows its numbers: Somleng does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from twilio.rest import Client

from config.carriers import Account
from joint_defense.carriers.twilio import PooledHttpClient, read_mapped


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Whole addresses; empty where none is set."""

    voice: str
    text: str
    ended: str
    """What is told when a call of somebody at this number is over."""


@dataclass(frozen=True, slots=True)
class OwnedNumber:
    """A number by its carrier's id."""

    sid: str
    number: str
    webhooks: Webhooks


class Numbers:
    """An account's numbers. To be used as `async with`, in the event loop that asks.

    Every method raises CarrierError's children, and nothing else.
    """

    def __init__(self, account: Account, *, timeout: float) -> None:
        self._http = PooledHttpClient(timeout=timeout, connections=2)
        client = Client(account.account_sid, account.auth_token[0], http_client=self._http)
        client.api.base_url = account.address
        self._account: Any = client.api.v2010.accounts(account.account_sid)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def read(self) -> list[OwnedNumber]:
        """All of them."""
        found = await read_mapped(lambda: self._account.incoming_phone_numbers.list_async(limit=1000))
        return [
            OwnedNumber(
                str(each.sid),
                str(each.phone_number),
                Webhooks(each.voice_url or "", each.sms_url or "", each.status_callback or ""),
            )
            for each in found
        ]

    async def point(self, sid: str, to: Webhooks) -> None:
        """Have the carrier send what comes in on this number there, each by POST."""
        await read_mapped(
            lambda: self._account.incoming_phone_numbers(sid).update_async(
                voice_url=to.voice,
                voice_method="POST",
                sms_url=to.text,
                sms_method="POST",
                status_callback=to.ended,
                status_callback_method="POST",
            )
        )

    async def read_status(self) -> str:
        """The account's own word on itself (`active`, `suspended` …)."""
        return str((await read_mapped(lambda: self._account.fetch_async())).status or "")

    async def read_balance(self) -> str | None:
        """What the account has left, with its currency; None where the carrier does not say."""
        found = await read_mapped(lambda: self._account.balance.fetch_async())
        return f"{found.balance} {found.currency}" if found.balance else None
