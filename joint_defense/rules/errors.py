"""The errors of an alarm.

AlarmError
 ├── UnknownDelivery     a callback or keypress names a delivery that never was
 ├── ForeignCallback     it names a delivery, but with another call's id
 ├── ForbiddenMove       a delivery was to go from one state to another that does not follow: a mistake of ours
 ├── UnknownIncident     no incident has this id
 ├── IncidentClosed      it is over: nobody is rung for it any more
 ├── NotSpooled          neither the database nor the disk took in what came: nobody will be rung for it
 ├── InvalidPolicy       something that is no escalation policy, with what is wrong
 ├── NoSuchVillage       no village has this code
 ├── InvalidMute         a number that cannot be muted so, by its `why`
 ├── DrillRefused        a drill that may not begin, by its `why`
 └── GreetingRefused     a good morning that cannot be enrolled so, by field

A caller never meets one of them: where TwiML is answered they become a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class AlarmError(Exception):
    """The parent of all of them."""

    code = "alarm_error"


class UnknownDelivery(AlarmError):
    code = "unknown_delivery"


class ForeignCallback(AlarmError):
    code = "foreign_callback"


class ForbiddenMove(AlarmError):
    code = "forbidden_move"


class UnknownIncident(AlarmError):
    code = "unknown_incident"


class IncidentClosed(AlarmError):
    code = "incident_closed"


class NotSpooled(AlarmError):
    code = "not_spooled"


class InvalidPolicy(AlarmError):
    """`flaw` is the code of a message about policies, `values` are those of its words, `step` counts from 1."""

    code = "invalid_policy"

    def __init__(self, flaw: str, step: int | None = None, **values: Any) -> None:
        super().__init__(flaw, step, values)
        self.flaw, self.step, self.values = flaw, step, values


class NoSuchVillage(AlarmError):
    """`village` is the code that none has."""

    code = "unknown_village"

    def __init__(self, village: str) -> None:
        super().__init__(village)
        self.village = village


class InvalidMute(AlarmError):
    """`why`: `reason_missing`, `reason_long`, `hours` or `not_on_roster`."""

    code = "invalid_mute"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class DrillRefused(AlarmError):
    """`why`: `budget`, `hours`, `unknown_group`, `unknown_door`, `unknown_phone`, `unknown_device`, `alarm_open`,
    `drill_open` or `nobody`.
    """

    code = "drill_refused"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class CheckRefused(AlarmError):
    """A half-monthly check cannot be signed off.

    `why`: `changed` (since it was shown), `next_begun` (the page showed an earlier check), `signed` or `not_yet`.
    """

    code = "check_refused"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class GreetingRefused(AlarmError):
    """`wrong`: by field (`phone`, `at`, `channel`, `contact_name`, …) the code of what is wrong with it."""

    code = "greeting_refused"

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__(dict(wrong))
        self.wrong = dict(wrong)
