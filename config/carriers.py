"""The carriers' accounts that calls and texts go out from: one, named by TWILIO_…, or the list of CARRIERS."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
DIALECT = r"^(common|twilio|signalwire|somleng)$"
_E164 = re.compile(r"\+[1-9][0-9]{4,14}")
# A number, a short code, a name of up to eleven signs, or the id of a messaging service.
_TEXT_SENDER = re.compile(r"\+[1-9][0-9]{4,14}|[0-9]{3,8}|MG[0-9a-fA-F]{32}|(?=.*[A-Za-z])[A-Za-z0-9 &._-]{2,11}")


def split_at_commas(value: object) -> object:
    """What stands between commas; anything but a text as it is."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def read_one_or_several(value: object) -> object:
    """The same for figures, of which one may stand alone."""
    return (value,) if isinstance(value, int | float) else split_at_commas(value)


def has_a_sound_port(url: str) -> bool:
    """Whether the port of an address is one, or there is none."""
    try:
        port = urlsplit(url).port
    except ValueError:
        return False
    return port != 0


def check_http_address(value: str) -> str:
    """An address without its last slash. Raises ValueError."""
    parts = urlsplit(value)
    wrong = parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment
    if wrong or not has_a_sound_port(value):
        raise ValueError("must be an http:// or https:// address without a query")
    return value.rstrip("/")


def read_telephone_numbers(value: tuple[str, ...]) -> tuple[str, ...]:
    """Numbers, each once. Raises ValueError."""
    if any(not _E164.fullmatch(number) for number in value):
        raise ValueError("must be numbers like +8657412345678, separated by commas")
    if len(set(value)) < len(value):
        raise ValueError("names a number twice")
    return value


def takes_replies(sender: str) -> bool:
    """Whether a text from there can be answered by a text: a number, a short code or a messaging service can."""
    return bool(re.fullmatch(r"\+?[0-9]+|MG[0-9a-fA-F]{32}", sender))


def read_text_senders(value: tuple[str, ...]) -> tuple[str, ...]:
    """What texts may come from, each once. Raises ValueError."""
    if any(not _TEXT_SENDER.fullmatch(sender) for sender in value):
        raise ValueError("must be numbers, short codes, names of up to 11 letters, or ids of messaging services (MG…)")
    if len(set(value)) < len(value):
        raise ValueError("names a sender twice")
    return value


Limit = TypeVar("Limit", int, float)
Names = Annotated[tuple[str, ...], BeforeValidator(split_at_commas)]
# One value, or several in the order of what they are for.
Rates = Annotated[tuple[Annotated[float, Field(ge=0)], ...], BeforeValidator(read_one_or_several), Field(min_length=1)]
Counts = Annotated[tuple[Annotated[int, Field(ge=0)], ...], BeforeValidator(read_one_or_several), Field(min_length=1)]


class Account(BaseModel):
    """An account with a carrier: how it is reached, what goes out from it, and how much at a time.

    Rates are per second. `calls_per_second` and `concurrent_calls` are the account's where they are one value, and
    each number's own where they are several; what every number may not exceed besides stands in `number_…`. 0 switches
    a limit off. `weight` is the account's share of the work among those that carry; one without (0) stands by.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=40)
    account_sid: str = Field(min_length=1, max_length=64)
    auth_token: Names = Field(min_length=1, repr=False)
    signing_key: Names = Field(default=(), repr=False)
    api_base_url: str = "https://api.twilio.com"
    from_number: Names = Field(min_length=1)
    text_from: Names = ()
    dialect: str = Field(default="common", pattern=DIALECT)
    weight: float = Field(default=1.0, ge=0)
    calls: bool = True
    texts: bool = True
    calls_per_second: Rates = (1.0,)
    number_calls_per_second: float = Field(default=0.0, ge=0)
    sms_segments_per_second: Rates = (1.0,)
    concurrent_calls: Counts = (0,)
    number_concurrent_calls: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        check_http_address(self.api_base_url)
        read_telephone_numbers(self.from_number)
        read_text_senders(self.text_from)
        for name, senders in (
            ("calls_per_second", self.from_number),
            ("concurrent_calls", self.from_number),
            ("sms_segments_per_second", self.texting),
        ):
            if len(getattr(self, name)) not in {1, len(senders)}:
                raise ValueError(f"{name.upper()} must be one number, or one for each of the {len(senders)} senders")
        return self

    @property
    def address(self) -> str:
        """Where its API is, without a last slash."""
        return self.api_base_url.rstrip("/")

    @property
    def texting(self) -> tuple[str, ...]:
        """What texts go out from."""
        return self.text_from or self.from_number

    @property
    def is_simulator(self) -> bool:
        """Whether its address is a loopback one: then nobody is reached."""
        return urlsplit(self.api_base_url).hostname in LOOPBACK_HOSTS

    @property
    def call_rates(self) -> dict[str, float]:
        """Calls a second of each number, by itself."""
        each = self.calls_per_second if len(self.calls_per_second) > 1 else (self.number_calls_per_second,)
        return dict(zip(self.from_number, _give_each(each, self.from_number), strict=True))

    @property
    def call_rate(self) -> float:
        """Calls a second of the account, whatever the number."""
        return self.calls_per_second[0] if len(self.calls_per_second) == 1 else 0.0

    @property
    def text_rates(self) -> dict[str, float]:
        """Segments a second of whatever texts go out from: carriers count them by the sender."""
        return dict(zip(self.texting, _give_each(self.sms_segments_per_second, self.texting), strict=True))

    @property
    def held_calls(self) -> dict[str, int]:
        """How many calls each number may hold at a time."""
        each = self.concurrent_calls if len(self.concurrent_calls) > 1 else (self.number_concurrent_calls,)
        return dict(zip(self.from_number, _give_each(each, self.from_number), strict=True))

    @property
    def held_calls_in_all(self) -> int:
        """How many calls the account may hold at a time."""
        return self.concurrent_calls[0] if len(self.concurrent_calls) == 1 else 0


def _give_each(limits: tuple[Limit, ...], senders: tuple[str, ...]) -> tuple[Limit, ...]:
    return limits * len(senders) if len(limits) == 1 else limits


def read_accounts(value: object) -> Any:
    """The accounts of CARRIERS: a list of objects in JSON. Raises ValueError that names the first thing wrong."""
    if not isinstance(value, str):
        return value
    try:
        given: Any = json.loads(value)
    except ValueError:
        raise ValueError("must be a list in JSON") from None
    if not isinstance(given, list) or not all(isinstance(each, Mapping) for each in given):
        raise ValueError("must be a list of accounts in JSON")
    return tuple(_read_account(number, each) for number, each in enumerate(given, start=1))


def _read_account(number: int, given: Mapping[str, Any]) -> Account:
    try:
        return Account.model_validate({"name": f"carrier-{number}"} | dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = " ".join(str(part) for part in first["loc"][:1])
        reason = "is missing" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
        # One line, and never the value: it may be a token.
        raise ValueError(f"account {number}: {where} {reason}".replace(":  ", ": ")) from None


def check_together(accounts: tuple[Account, ...]) -> None:
    """Raises ValueError where the accounts cannot stand beside each other."""
    for what in ("name", "account_sid"):
        if len({getattr(each, what) for each in accounts}) < len(accounts):
            raise ValueError(f"two accounts have the same {what}")
    numbers = [number for each in accounts for number in each.from_number]
    if len(set(numbers)) < len(numbers):
        raise ValueError("two accounts have the same number")
    if not any(each.calls for each in accounts) or not any(each.texts for each in accounts):
        raise ValueError("no account takes calls, or none takes texts")
