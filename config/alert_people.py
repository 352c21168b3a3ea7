"""Who is told that the service is not well, in their order (`ALERT_PEOPLE`), and how mail leaves (`ALERT_SMTP`)."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Self
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from config.carriers import check_http_address, read_telephone_numbers

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
