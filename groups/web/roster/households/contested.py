"""What two people make of the same household: field by field as it stands now, and as the second wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask_babel import gettext

from config.services import get_settings
from groups.models.roster import FirstHelp, Language
from groups.rules.phone import as_written_here
from groups.web.roster.forms import HouseholdForm, PhoneRow, read_number
from groups.web.roster.words import FIELDS, FIRST_HELP, LANGUAGES

_FIELDS: Mapping[str, Callable[[HouseholdForm], str]] = {
    "head": lambda form: form.head,
    "door": lambda form: form.door,
    "landmark": lambda form: form.landmark,
    "note": lambda form: form.note,
    "away_until": lambda form: form.away_until,
    "silent": lambda form: gettext("yes") if form.silent else gettext("no"),
    "first_help": lambda form: _write_help(form.first_help),
}


def find_contested(theirs: HouseholdForm, mine: HouseholdForm) -> list[tuple[str, str, str]]:
    """Where the two differ: the field, how it stands, how the second wants it. Both forms are sound."""
    told = [(str(FIELDS[name]), words(theirs), words(mine)) for name, words in _FIELDS.items()]
    told.append((gettext("Phones"), _write_phones(theirs), _write_phones(mine)))
    return [each for each in told if each[1] != each[2]]


def _write_help(first_help: str) -> str:
    return str(FIRST_HELP[FirstHelp(first_help)]) if first_help in set(FirstHelp) else ""


def _write_phones(form: HouseholdForm) -> str:
    return "、".join(_write_phone(row) for row in form.phones if row.number)


def _write_phone(row: PhoneRow) -> str:
    number = read_number(row.number, get_settings())
    said = [as_written_here(number.e164, get_settings().default_region), row.holder]
    if not row.may_call:
        said.append(gettext("texts only") if row.may_text else gettext("not to be rung"))
    elif not row.may_text and number.kind == "mobile":
        said.append(gettext("calls only"))
    if row.language == Language.ENGLISH.value:
        said.append(LANGUAGES[Language.ENGLISH])
    return " ".join(filter(None, said))
