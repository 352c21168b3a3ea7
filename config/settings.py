"""Settings: the one place that reads the environment. Everything else is handed a frozen `Settings`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
SHORTEST_LIVE_SECRET = 16


class SettingsError(Exception):
    """A setting is missing or malformed. The message is one line and names it, never its value."""


def _comma_separated(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _has_a_sound_port(url: str) -> bool:
    try:
        port = urlsplit(url).port
    except ValueError:
        return False
    return port != 0


def _one_or_several(value: object) -> object:
    return (value,) if isinstance(value, int | float) else _comma_separated(value)


Names = Annotated[tuple[str, ...], BeforeValidator(_comma_separated)]
# One value for all senders, or one for each in their order.
Rates = Annotated[tuple[Annotated[float, Field(ge=0)], ...], BeforeValidator(_one_or_several), Field(min_length=1)]
Counts = Annotated[tuple[Annotated[int, Field(ge=0)], ...], BeforeValidator(_one_or_several), Field(min_length=1)]
Limit = TypeVar("Limit", int, float)


class Settings(BaseModel):
    """All knobs, by the names of their environment variables in lower case.

    Rates are per second and sender, one value for all senders or one for each in the order of `twilio_from_number`;
    0 switches a limit off. Spans are seconds.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    database_url: str = Field(repr=False)
    redis_url: str = Field(repr=False)
    secret_key: str = Field(min_length=1, repr=False)
    public_base_url: str
    twilio_account_sid: str = Field(min_length=1)
    twilio_auth_token: Names = Field(min_length=1, repr=False)
    twilio_api_base_url: str = "https://api.twilio.com"
    twilio_from_number: Names = Field(min_length=1)
    carrier_signing_key: Names = Field(default=(), repr=False)
    carrier_dialect: str = Field(default="common", pattern=r"^(common|twilio|signalwire|somleng)$")
    direct_numbers: Names = ()

    default_region: str = Field(default="CN", pattern=r"^[A-Z]{2}$")
    default_area_code: str = Field(default="574", pattern=r"^[0-9]{1,4}$")
    timezone: str = "Asia/Shanghai"

    calls_per_second: Rates = (1.0,)
    sms_segments_per_second: Rates = (1.0,)
    concurrent_calls: Counts = (0,)
    requests_in_flight: int = Field(default=128, ge=1, le=1000)
    carrier_timeout: float = Field(default=10.0, gt=0)
    ring_timeout: int = Field(default=40, ge=5, le=600)

    redial_after: Rates = (15.0, 45.0, 120.0)
    merge_window: float = Field(default=180.0, ge=0)
    alarms_per_hour: int = Field(default=6, ge=1)
    menu_timeout: int = Field(default=5, ge=1, le=60)
    nobody_after: float = Field(default=60.0, gt=0)
    nobody_again: float = Field(default=20.0, gt=0)
    caller_gone_after: float = Field(default=30.0, gt=0)

    port: int = Field(default=8000, ge=1, le=65535)
    web_workers: int = Field(default=2, ge=1)
    web_threads: int = Field(default=8, ge=1)
    town_office_phone: str = Field(default="", max_length=40)
    state_dir: str = "var"
    metrics_token: str = Field(default="", repr=False)
    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")

    @field_validator("database_url")
    @classmethod
    def _database_driver(cls, value: str) -> str:
        if value.startswith("sqlite:///"):
            return value
        scheme, separator, rest = value.partition("://")
        known = scheme in {"postgres", "postgresql", "postgresql+psycopg"}
        if separator and rest and known and _has_a_sound_port(value):
            return f"postgresql+psycopg://{rest}"
        raise ValueError("must begin with postgresql://, postgres:// or sqlite:///")

    @field_validator("redis_url")
    @classmethod
    def _redis_scheme(cls, value: str) -> str:
        if not re.match(r"^(rediss?|unix)://\S+", value) or not _has_a_sound_port(value):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return value

    @field_validator("public_base_url", "twilio_api_base_url")
    @classmethod
    def _http_address(cls, value: str) -> str:
        parts = urlsplit(value)
        wrong = parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment
        if wrong or not _has_a_sound_port(value):
            raise ValueError("must be an http:// or https:// address without a query")
        return value.rstrip("/")

    @field_validator("twilio_from_number", "direct_numbers")
    @classmethod
    def _e164(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not re.fullmatch(r"\+[1-9][0-9]{4,14}", number) for number in value):
            raise ValueError("must be numbers like +8657412345678, separated by commas")
        if len(set(value)) < len(value):
            raise ValueError("names a number twice")
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
    def _a_limit_for_each_sender(self) -> Self:
        senders = len(self.twilio_from_number)
        for name in ("calls_per_second", "sms_segments_per_second", "concurrent_calls"):
            if len(getattr(self, name)) not in {1, senders}:
                raise ValueError(f"{name.upper()} must be one number, or one for each of the {senders} senders")
        return self

    def by_sender(self, limits: tuple[Limit, ...]) -> dict[str, Limit]:
        """A limit of each number that we send from; of one limit, all have the same."""
        each = limits * len(self.twilio_from_number) if len(limits) == 1 else limits
        return dict(zip(self.twilio_from_number, each, strict=True))

    @property
    def carrier_is_simulator(self) -> bool:
        """Whether calls go to a simulator: the carrier's address is a loopback one. Otherwise they reach people."""
        return urlsplit(self.twilio_api_base_url).hostname in LOOPBACK_HOSTS

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environ` (the process's own by default).

    Raises SettingsError with one line that names the first missing or malformed variable.
    """
    source = os.environ if environ is None else environ
    given = {name: source[name.upper()] for name in Settings.model_fields if source.get(name.upper(), "") != ""}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]).upper() if first["loc"] else ""
        reason = "is missing" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{name} {reason}".strip()) from None


def environment_with(given: Mapping[str, str]) -> dict[str, str]:
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
