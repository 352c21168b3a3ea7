"""Settings: the one place that reads the environment. Everything else is handed a frozen `Settings`."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from config.carriers import (
    DIALECT,
    Account,
    Counts,
    Names,
    Rates,
    check_http_address,
    check_together,
    has_a_sound_port,
    read_accounts,
    read_telephone_numbers,
    read_text_senders,
)
from config.retention import DEFAULT_DAYS, Kept, read_periods
from config.sealing import check_keys

SHORTEST_LIVE_SECRET = 16

ROLES = frozenset({"admin", "liaison", "operator", "village_head"})
"""The roles of accounts, as `groups.models.accounts.AccountRole` has them."""

TIMEZONE = "Asia/Shanghai"
"""The zone of the town, where no setting names another."""


class SettingsError(Exception):
    """A setting is missing or malformed. The message is one line and names it, never its value."""


_HOURS = re.compile(r"(\d{1,2})-(\d{1,2})")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class AlertPerson(BaseModel):
    """Somebody who looks after the service. One way to reach them is demanded: phone, mail or webhook.

    `hours`: in which they are told, "8-20"; "20-8" goes over midnight. `language`: zh or en.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=40)
    phone: str = Field(default="", repr=False)
    mail: str = Field(default="", max_length=120, repr=False)
    webhook: str = Field(default="", repr=False)
    hours: str = "0-24"
    language: Annotated[str, Field(pattern="^(zh|en)$")] = "zh"

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if not (self.phone or self.mail or self.webhook):
            raise ValueError("names somebody without phone, mail and webhook")
        if self.phone:
            read_telephone_numbers((self.phone,))
        if self.webhook:
            check_http_address(self.webhook)
        if self.mail and not _MAIL.fullmatch(self.mail):
            raise ValueError("has a mail that is no address")
        span = _HOURS.fullmatch(self.hours)
        if span is None or not (int(span[1]) < 24 and int(span[2]) <= 24 and span[1] != span[2]):
            raise ValueError("has hours that are no span like 8-20")
        return self

    @property
    def span(self) -> tuple[int, int]:
        """From which hour to before which."""
        start, end = self.hours.split("-")
        return int(start), int(end)


def read_alert_people(value: Any) -> Any:
    """The list in JSON, or one that is given as it is. Raises ValueError."""
    if not isinstance(value, str):
        return value
    try:
        listed = json.loads(value)
        if not isinstance(listed, list):
            raise TypeError
        people = [AlertPerson.model_validate(each) for each in listed]
    except ValidationError as error:
        raise ValueError(str(error.errors(include_url=False, include_input=False)[0]["msg"])) from None
    except (ValueError, TypeError):
        raise ValueError('must be a list in JSON like [{"name": "Wang", "phone": "+8613…", "hours": "8-20"}]') from None
    return tuple(people)


def check_smtp(value: str) -> str:
    """An address like smtp://USER:PASSWORD@HOST:587 or smtps://…. Raises ValueError."""
    parts = urlsplit(value)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("must be smtp://USER:PASSWORD@HOST:587, or smtps://…")
    return value


def read_smtp(value: str) -> tuple[str, int, bool, str, str]:
    """Host, port, whether it begins with TLS, user and password."""
    parts = urlsplit(value)
    tls = parts.scheme == "smtps"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return parts.hostname or "", parts.port or (465 if tls else 587), tls, user, password


class Settings(BaseModel):
    """All knobs, by the names of their environment variables in lower case.

    `carriers` is a list of accounts; without it there is one, made of the `twilio_…` settings. What is asked of one
    account only (its address on a page) is the first one's. Rates are per second: see `config.carriers.Account`.
    Spans are seconds.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    database_url: str = Field(repr=False)
    redis_url: str = Field(repr=False)
    secret_key: str = Field(min_length=1, repr=False)
    public_base_url: str
    carriers: Annotated[tuple[Account, ...], BeforeValidator(read_accounts)] = Field(default=(), repr=False)
    twilio_account_sid: str = Field(min_length=1)
    twilio_auth_token: Names = Field(min_length=1, repr=False)
    twilio_api_base_url: str = "https://api.twilio.com"
    twilio_from_number: Names = Field(min_length=1)
    twilio_text_from: Names = ()
    carrier_signing_key: Names = Field(default=(), repr=False)
    carrier_dialect: str = Field(default="common", pattern=DIALECT)
    direct_numbers: Names = ()

    default_region: str = Field(default="CN", pattern=r"^[A-Z]{2}$")
    default_area_code: str = Field(default="574", pattern=r"^[0-9]{1,4}$")
    timezone: str = TIMEZONE
    countries: Names = ("+86",)
    drill_hours: str = "9-11,15-19"
    call_price: Decimal | None = Field(default=None, ge=0, max_digits=8, decimal_places=4)
    text_price: Decimal | None = Field(default=None, ge=0, max_digits=8, decimal_places=4)
    monthly_budget: Decimal | None = Field(default=None, gt=0, max_digits=10, decimal_places=2)
    low_balance: Decimal | None = Field(default=None, gt=0, max_digits=10, decimal_places=2)

    calls_per_second: Rates = (1.0,)
    sms_segments_per_second: Rates = (1.0,)
    concurrent_calls: Counts = (0,)
    number_calls_per_second: float = Field(default=0.0, ge=0)
    number_concurrent_calls: int = Field(default=0, ge=0)
    requests_in_flight: int = Field(default=256, ge=1, le=1000)
    carrier_timeout: float = Field(default=10.0, gt=0)
    ring_timeout: int = Field(default=40, ge=5, le=600)

    redial_after: Rates = (15.0, 45.0, 120.0)
    merge_window: float = Field(default=180.0, ge=0)
    alarms_per_hour: int = Field(default=6, ge=1)
    menu_timeout: int = Field(default=5, ge=1, le=60)
    nobody_after: float = Field(default=60.0, gt=0)
    nobody_again: float = Field(default=20.0, gt=0)
    caller_gone_after: float = Field(default=30.0, gt=0)

    bind: str = Field(default="0.0.0.0", min_length=1)  # noqa: S104 - in a container; the units listen on loopback
    port: int = Field(default=8000, ge=1, le=65535)
    web_workers: int = Field(default=2, ge=1)
    web_threads: int = Field(default=8, ge=1)
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    second_factor_roles: Names = ()
    town_office_phone: str = Field(default="", max_length=40)
    state_dir: str = "var"
    backup_dir: str = ""
    backup_recipients: Names = ()
    backup_identity: str = ""
    data_keys: Names = Field(default=(), repr=False)
    keep_days: Annotated[Mapping[Kept, int], BeforeValidator(read_periods)] = DEFAULT_DAYS
    ping_url: str = Field(default="", repr=False)
    alert_people: Annotated[tuple[AlertPerson, ...], BeforeValidator(read_alert_people)] = Field(default=(), repr=False)
    alert_smtp: str = Field(default="", repr=False)
    alert_mail_from: str = ""
    metrics_token: str = Field(default="", repr=False)
    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")

    @field_validator("database_url")
    @classmethod
    def _database_driver(cls, value: str) -> str:
        if value.startswith("sqlite:///"):
            return value
        scheme, separator, rest = value.partition("://")
        if rest.partition("/")[0].count("@") > 1 or ("@" in rest and "@" not in re.split("[/?#]", rest)[0]):
            raise ValueError("has a password with signs of an address: write @ as %40, / as %2F, : as %3A, # as %23")
        known = scheme in {"postgres", "postgresql", "postgresql+psycopg"}
        if separator and rest and known and has_a_sound_port(value):
            return f"postgresql+psycopg://{rest}"
        raise ValueError("must begin with postgresql://, postgres:// or sqlite:///")

    @field_validator("countries")
    @classmethod
    def _country_codes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not all(re.fullmatch(r"\+[1-9][0-9]{0,6}", each) for each in value):
            raise ValueError("must be country codes such as +86, with commas between them")
        return value

    @field_validator("second_factor_roles")
    @classmethod
    def _roles_of_accounts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not set(value) <= ROLES:
            raise ValueError(f"must be roles with commas between them: {', '.join(sorted(ROLES))}")
        return value

    @field_validator("data_keys")
    @classmethod
    def _keys_of_age(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value:
            check_keys(value)
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis_scheme(cls, value: str) -> str:
        if not re.match(r"^(rediss?|unix)://\S+", value) or not has_a_sound_port(value):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return value

    @model_validator(mode="before")
    @classmethod
    def _first_of_several(cls, given: Any) -> Any:
        """With a list of accounts the settings of one are the first account's, unless they are given as well."""
        if not isinstance(given, Mapping) or not given.get("carriers"):
            return given
        try:
            accounts = read_accounts(given["carriers"])
            check_together(accounts) if isinstance(accounts, tuple) else None
        except ValueError as error:
            raise ValueError(f"CARRIERS {error}") from None
        if not isinstance(accounts, tuple) or not accounts:
            return given
        first = accounts[0]
        return {
            "twilio_account_sid": first.account_sid,
            "twilio_auth_token": first.auth_token,
            "twilio_api_base_url": first.api_base_url,
            "twilio_from_number": first.from_number,
            "carrier_dialect": first.dialect,
            **given,
            "carriers": accounts,
        }

    @field_validator("public_base_url", "twilio_api_base_url")
    @classmethod
    def _http_address(cls, value: str) -> str:
        return check_http_address(value)

    @field_validator("ping_url")
    @classmethod
    def _ping_address(cls, value: str) -> str:
        return check_http_address(value) if value else value

    @field_validator("alert_smtp")
    @classmethod
    def _smtp_address(cls, value: str) -> str:
        return check_smtp(value) if value else value

    @field_validator("twilio_from_number", "direct_numbers")
    @classmethod
    def _e164(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return read_telephone_numbers(value)

    @field_validator("twilio_text_from")
    @classmethod
    def _text_senders(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return read_text_senders(value)

    @field_validator("drill_hours")
    @classmethod
    def _spans_of_hours(cls, value: str) -> str:
        spans = [re.fullmatch(r"(\d{1,2})-(\d{1,2})", word.strip()) for word in value.split(",")]
        if not all(span and int(span[1]) < int(span[2]) <= 24 for span in spans):
            raise ValueError("must be spans of hours like 9-11,15-19")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("must be a zone like Asia/Shanghai") from None
        return value

    @model_validator(mode="after")
    def _live_needs_a_real_secret(self) -> Self:
        if not self.carrier_is_simulator and len(self.secret_key) < SHORTEST_LIVE_SECRET:
            raise ValueError(f"SECRET_KEY must have at least {SHORTEST_LIVE_SECRET} characters with a live carrier")
        return self

    @model_validator(mode="after")
    def _live_needs_tls(self) -> Self:
        if self.carrier_is_simulator:
            return self
        if not self.public_base_url.startswith("https://"):
            raise ValueError("PUBLIC_BASE_URL must begin with https:// with a live carrier")
        if any(not each.is_simulator and not each.address.startswith("https://") for each in self.accounts):
            name = "CARRIERS" if self.carriers else "TWILIO_API_BASE_URL"
            raise ValueError(f"{name} must begin with https:// with a live carrier: requests carry its token")
        return self

    @model_validator(mode="after")
    def _mail_needs_a_way(self) -> Self:
        if any(each.mail for each in self.alert_people) and not (self.alert_smtp and self.alert_mail_from):
            raise ValueError("ALERT_PEOPLE has a mail: ALERT_SMTP and ALERT_MAIL_FROM say how it leaves")
        return self

    @model_validator(mode="after")
    def _a_budget_needs_prices(self) -> Self:
        if self.monthly_budget and not (self.call_price and self.text_price):
            raise ValueError("MONTHLY_BUDGET needs CALL_PRICE and TEXT_PRICE")
        return self

    @model_validator(mode="after")
    def _a_limit_for_each_sender(self) -> Self:
        senders = len(self.twilio_from_number)
        for name in ("calls_per_second", "sms_segments_per_second", "concurrent_calls"):
            wanted = len(self.twilio_text_from) if name.startswith("sms") and self.twilio_text_from else senders
            if len(getattr(self, name)) not in {1, wanted}:
                raise ValueError(f"{name.upper()} must be one number, or one for each of the {wanted} senders")
        return self

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The carriers' accounts, the first one first."""
        if self.carriers:
            return self.carriers
        only = Account(
            name="carrier",
            account_sid=self.twilio_account_sid,
            auth_token=self.twilio_auth_token,
            signing_key=self.carrier_signing_key,
            api_base_url=self.twilio_api_base_url,
            from_number=self.twilio_from_number,
            text_from=self.twilio_text_from,
            dialect=self.carrier_dialect,
            calls_per_second=self.calls_per_second,
            number_calls_per_second=self.number_calls_per_second,
            sms_segments_per_second=self.sms_segments_per_second,
            concurrent_calls=self.concurrent_calls,
            number_concurrent_calls=self.number_concurrent_calls,
        )
        return (only,)

    @property
    def own_numbers(self) -> frozenset[str]:
        """Every number of ours that somebody may call or text."""
        return frozenset(self.direct_numbers).union(*(each.from_number for each in self.accounts))

    @property
    def carrier_is_simulator(self) -> bool:
        """Whether calls go to a simulator: every carrier's address is a loopback one. Otherwise they reach people."""
        return all(each.is_simulator for each in self.accounts)

    @cached_property
    def drill_spans(self) -> tuple[tuple[int, int], ...]:
        """The hours in which drills may ring: from the first to before the second of each pair."""
        pairs = (word.split("-") for word in self.drill_hours.split(","))
        return tuple((int(start), int(end)) for start, end in pairs)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class WatchSettings(BaseModel):
    """Of the watcher, which runs on another machine: what it asks, whom it rings, and through which account."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    watch_url: str
    watch_phones: Names = Field(min_length=1)
    watch_after: float = Field(default=120.0, gt=0)
    watch_again: float = Field(default=600.0, ge=60)
    twilio_account_sid: str = Field(min_length=1)
    twilio_auth_token: str = Field(min_length=1, repr=False)
    twilio_api_base_url: str = "https://api.twilio.com"
    twilio_from_number: str
    carrier_timeout: float = Field(default=10.0, gt=0)
    timezone: str = TIMEZONE
    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")

    @field_validator("watch_url", "twilio_api_base_url")
    @classmethod
    def _http_address(cls, value: str) -> str:
        return check_http_address(value)

    @field_validator("watch_phones")
    @classmethod
    def _e164(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return read_telephone_numbers(value)

    @field_validator("twilio_from_number")
    @classmethod
    def _one_number(cls, value: str) -> str:
        return read_telephone_numbers((value,))[0]


Kind = TypeVar("Kind", bound=BaseModel)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environ` (the process's own by default).

    Raises SettingsError with one line that names the first missing or malformed variable.
    """
    return _load(Settings, environ)


def load_watch(environ: Mapping[str, str] | None = None) -> WatchSettings:
    """The same for the watcher."""
    return _load(WatchSettings, environ)


def _load(kind: type[Kind], environ: Mapping[str, str] | None) -> Kind:
    source = os.environ if environ is None else environ
    given = {name: source[name.upper()] for name in kind.model_fields if source.get(name.upper(), "") != ""}
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]).upper() if first["loc"] else ""
        reason = "is missing" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{name} {reason}".strip()) from None


def read_variable(name: str) -> str:
    """A variable that is no setting of ours; "" where there is none."""
    return os.environ.get(name, "")


def take_variable(name: str) -> str:
    """The same, taken out of the environment: whatever this process starts, or is made of, does not see it."""
    return os.environ.pop(name, "")


def make_environment(given: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with the settings `given` (by variable name) and no others: for processes we start.

    Flask's and gunicorn's own variables are left out as well, and our Python's programs are found first.
    """
    ours = {name.upper() for name in Settings.model_fields}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ours and not name.startswith(("FLASK_", "GUNICORN_"))
    }
    programs = str(Path(sys.executable).parent)
    return kept | {"PATH": os.pathsep.join([programs, kept.get("PATH", os.defpath)])} | dict(given)
