"""The errors of the roster; their sentences, and those of every message, are in `words`.

It must not know the database, pages and files.

GroupsError
 ├── InvalidNumber          a text that is no phone number, with the reason
 ├── NumberTaken            the number stands at another household; `owner` says at which
 ├── EditedMeanwhile        somebody else changed the household while this one was being edited
 ├── NoSuchHousehold        no household, phone or group of that village, or it is archived
 ├── GroupNameTaken         the village has a group of this name
 ├── NotPossible            what the roster cannot be: a group merged into itself, one archived with people in it
 ├── UnknownVillage         no village has this code
 ├── VillageExists          the code is taken
 ├── InvalidName            a code or name that cannot be kept: empty, too long, control characters
 ├── AccountExists          the account's name or phone is taken
 ├── UnknownAccount         no account has this name
 ├── InvalidAccount         a name, phone, role or village that an account cannot have
 ├── InvalidInvitation      a code for a first password that is wrong, used or too old
 ├── WeakPassword           a password that would be guessed, with the reason
 ├── SignInBusy             too many people sign in at this moment
 ├── RosterFileError        a file that cannot be read as a roster, with the line where known
 ├── ConfirmArchive         a list that would archive more than a tenth of a village: somebody has to say so twice
 ├── UploadClosed           a list that is being worked on or is written: nothing can be said of it any more
 ├── NothingToPrint         a group that is not there, or none at all, for the directory
 ├── NothingToUndo          a batch that is not on record, or was taken back already
 ├── ChangedSince           what is to be undone has been changed again; `obstacles` says what and by whom
 ├── InvalidDay             a day that is none, or days the wrong way round
 ├── NothingCounted         a day before the first count of households
 ├── InvalidChoice          a word that is none of those to choose from: a kind of count, a level, a form
 ├── InvalidCount           a count of households, or a threshold, that cannot be
 │   └── CountedMeanwhile       somebody else has just written one down for the same day
 ├── ReportDamaged          an issued report whose bytes are not those that were kept
 ├── CountsFileError        a file that cannot be read as counts of households, with the line
 ├── InvalidClient          an API client's name, scope or pace that cannot be, or a client that is not there
 ├── EnrolmentRefused       an enrolment that cannot be, or not any more; carries what the words need
 │   ├── EndsBeforeStart        it would end on or before the day it starts
 │   ├── StartsInFuture         it would start after today
 │   ├── UnlikelyStart          a day more than ten years ago or three ahead: somebody has to say that it is meant
 │   ├── SubscriptionOverlaps   the household has one already in these days
 │   ├── NotSubscribed          nothing goes on that could be changed in this way
 │   ├── UnknownPlan            no tariff has this plan
 │   ├── NoConsent              nobody agreed, or only after it began
 │   ├── NumberElsewhere        the number is another household's
 │   ├── DeviceElsewhere        the serial is in another house in these days
 │   ├── InvalidDevice          a serial that is none, or one that is not out any more
 │   ├── InvalidTariff          money that is none, or a tariff's day that is taken
 │   └── CarrierListError       a file that cannot be read as the carrier's list, or that is done with
 └── DemoRefused            demo data while calls would reach people, or over a real roster

Each has a `code` for its kind (for exports and tests) and a `message`: the code of a sentence and its values, no
words. The words stand in `groups.errors.words` and the catalogue; pages show them in the reader's language, commands
in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

AS_WRITTEN = "as_written"
"""The code of a text that is told as it stands: one that was kept before messages had codes."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell a person: the code of a sentence in `groups.errors.words`, and the values that stand in it.

    A value may be a message itself, which is told in the same language; or a tuple of values, which are listed.
    """

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __hash__(self) -> int:
        """Equal messages have the same code."""
        return hash(self.code)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        """How a message in a model is kept and told again."""
        from pydantic_core import core_schema  # noqa: PLC0415  only where models are: commands start without them

        as_json = core_schema.plain_serializer_function_ser_schema(keep_message)
        return core_schema.no_info_plain_validator_function(restore_message, serialization=as_json)

    def __str__(self) -> str:
        """For logs: the code and its values."""
        return " ".join([self.code, *(f"{name}={value}" for name, value in self.values.items())])


def say(code: str, /, **values: Any) -> Message:
    """The message of this code with these values."""
    return Message(code, values)


def keep_message(message: Message) -> dict[str, Any]:
    """The message as JSON keeps it; days and other values without a form of their own in JSON are kept as texts."""
    return {"code": message.code, "values": {name: _keep_value(value) for name, value in message.values.items()}}


def restore_message(of: Any) -> Message:
    """The message of what `kept` gave. A text, which is what was kept before, is told as it stands."""
    if isinstance(of, Message):
        return of
    if isinstance(of, Mapping) and "code" in of:
        return Message(of["code"], {name: _restore_value(value) for name, value in of.get("values", {}).items()})
    return say(AS_WRITTEN, text=str(of))


def _keep_value(value: Any) -> Any:
    if isinstance(value, Message):
        return keep_message(value)
    if isinstance(value, (list, tuple)):
        return [_keep_value(one) for one in value]
    return value if isinstance(value, (int, float)) else str(value)


def _restore_value(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_restore_value(one) for one in value)
    return restore_message(value) if isinstance(value, Mapping) else value


class GroupsError(Exception):
    """The parent of all of them."""

    code = "groups_error"

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


class InvalidNumber(GroupsError):
    code = "invalid_phone"


class NumberTaken(GroupsError):
    code = "duplicate_phone"

    def __init__(self, message: Message, owner: Any = None) -> None:
        super().__init__(message)
        self.owner = owner


class EditedMeanwhile(GroupsError):
    code = "edited_meanwhile"


class NoSuchHousehold(GroupsError):
    code = "no_such_household"


class GroupNameTaken(GroupsError):
    code = "group_name_taken"


class NotPossible(GroupsError):
    code = "not_possible"


class UnknownVillage(GroupsError):
    code = "unknown_village"


class VillageExists(GroupsError):
    code = "village_exists"


class InvalidName(GroupsError):
    code = "invalid_name"


class AccountExists(GroupsError):
    code = "account_exists"


class UnknownAccount(GroupsError):
    code = "unknown_account"


class InvalidAccount(GroupsError):
    code = "invalid_account"


class InvalidInvitation(GroupsError):
    code = "invalid_invitation"


class InvalidCode(GroupsError):
    code = "invalid_code"


class WeakPassword(GroupsError):
    code = "weak_password"


class SignInBusy(GroupsError):
    code = "sign_in_busy"


class RosterFileError(GroupsError):
    code = "roster_file"


class ConfirmArchive(GroupsError):
    code = "confirm_archive"


class UploadClosed(GroupsError):
    code = "upload_closed"


class NothingToPrint(GroupsError):
    code = "nothing_to_print"


class NothingToUndo(GroupsError):
    code = "nothing_to_undo"


class ChangedSince(GroupsError):
    code = "changed_since"

    def __init__(self, message: Message, obstacles: Sequence[Any]) -> None:
        super().__init__(message)
        self.obstacles = obstacles


class InvalidDay(GroupsError):
    code = "invalid_day"


class NothingCounted(GroupsError):
    code = "nothing_counted"


class InvalidChoice(GroupsError):
    code = "invalid_choice"


class InvalidCount(GroupsError):
    code = "invalid_count"


class CountedMeanwhile(InvalidCount):
    code = "counted_meanwhile"


class ReportDamaged(GroupsError):
    code = "report_damaged"


class CountsFileError(GroupsError):
    code = "counts_file"


class InvalidClient(GroupsError):
    code = "invalid_client"


class DemoRefused(GroupsError):
    code = "demo_refused"


class EnrolmentRefused(GroupsError):
    code = "enrolment_refused"

    def __init__(self, message: Message, **values: str) -> None:
        super().__init__(message)
        self.values = values


class EndsBeforeStart(EnrolmentRefused):
    code = "ends_before_start"


class StartsInFuture(EnrolmentRefused):
    code = "starts_in_future"


class UnlikelyStart(EnrolmentRefused):
    code = "unlikely_start"


class SubscriptionOverlaps(EnrolmentRefused):
    code = "overlaps"


class NotSubscribed(EnrolmentRefused):
    code = "not_subscribed"


class UnknownPlan(EnrolmentRefused):
    code = "unknown_plan"


class NoConsent(EnrolmentRefused):
    code = "no_consent"


class NumberElsewhere(EnrolmentRefused):
    code = "number_elsewhere"


class DeviceElsewhere(EnrolmentRefused):
    code = "device_elsewhere"


class InvalidDevice(EnrolmentRefused):
    code = "invalid_device"


class InvalidTariff(EnrolmentRefused):
    code = "invalid_tariff"


class CarrierListError(EnrolmentRefused):
    code = "carrier_list"
