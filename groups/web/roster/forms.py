"""A household as somebody types it: read from a form, judged field by field in words, given back as it was typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from flask_babel import gettext
from sqlalchemy.orm import Session

from config.settings import Settings
from groups.errors import InvalidDay, InvalidNumber
from groups.models.roster import FirstHelp, Language
from groups.roster.households import MOST_PHONES, Fields, Owner, PhoneEntry, find_owner
from groups.roster.reading import HouseLine
from groups.rules.days import find_local_day, read_day
from groups.rules.phone import PhoneNumber, as_written_here, read_called_number
from groups.rules.typed_text import LONGEST_NAME, find_flaw, tidy
from groups.web.shell.forms import Form, IdField, ListedRows, MarkField, TextField, WordsField
from groups.web.shell.languages import write_error

EMPTY_ROWS = 2
"""So many rows for phones a form has at least; one that has phones has one row more."""
LONGEST_NOTE = 200
LONGEST_SENT = 1000
"""Of a field, so that one that is too long is told so; what is longer yet is cut."""
LONGEST_ABSENCE = timedelta(days=370)


@dataclass
class PhoneRow:
    """A phone of the form. `owner` is where its number, in E.164, stands instead."""

    id: str = ""
    number: str = ""
    rank: str = ""
    holder: str = ""
    may_call: bool = True
    may_text: bool = True
    language: str = Language.CHINESE.value
    error: str = ""
    owner: Owner | None = None
    e164: str = ""


@dataclass
class HouseholdForm:
    """All fields as typed, and what is wrong with them, by field."""

    head: str = ""
    door: str = ""
    landmark: str = ""
    note: str = ""
    silent: bool = False
    away_until: str | None = ""
    """None: the form does not ask, and it stays as it is."""
    first_help: str = ""
    version: int = 0
    phones: list[PhoneRow] = field(default_factory=list)
    take: frozenset[str] = frozenset()
    group_id: int | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def wrong(self) -> bool:
        return bool(self.errors) or any(row.error for row in self.phones)

    def with_room(self) -> HouseholdForm:
        """With empty rows for phones: two where there is none yet, one more where there are some."""
        room = min(1 if self.phones else EMPTY_ROWS, MOST_PHONES - len(self.phones))
        self.phones += [PhoneRow(rank=str(len(self.phones) + 1 + extra)) for extra in range(room)]
        return self


class _SentPhone(Form):
    """A phone's row as a browser sends it."""

    id = TextField(most=20, stripped=False)
    number = TextField(most=LONGEST_SENT, stripped=False)
    rank = TextField(most=20, stripped=False)
    holder = TextField(most=LONGEST_SENT, stripped=False)
    language = TextField(most=20, stripped=False)
    may_call = MarkField()
    may_text = MarkField()


class _SentHousehold(Form):
    """A household's fields as a browser sends them; `take`: numbers that move here from where they stand."""

    head = TextField(most=LONGEST_SENT, stripped=False)
    door = TextField(most=LONGEST_SENT, stripped=False)
    landmark = TextField(most=LONGEST_SENT, stripped=False)
    note = TextField(most=LONGEST_SENT, stripped=False)
    away_until = TextField(most=LONGEST_SENT, stripped=False)
    first_help = TextField(most=20, stripped=False)
    silent = MarkField()
    version = IdField()
    take = WordsField()
    group = IdField()
    phones = ListedRows(
        _SentPhone,
        by="number",
        most=MOST_PHONES + EMPTY_ROWS,
        prefix="phone_",
        boxes={"may_call": "call", "may_text": "text"},
    )


def read_form() -> HouseholdForm:
    """What a browser sent; rows without a number are none."""
    sent = _SentHousehold.sent()
    rows = [(place, PhoneRow(**row.data)) for place, row in enumerate(sent.phones.data) if row.number.data.strip()]
    texts = ("head", "door", "landmark", "note", "first_help")
    return HouseholdForm(
        **{name: sent[name].data for name in texts},
        away_until=sent.away_until.data if "away_until" in sent.typed else None,
        silent=sent.silent.data,
        version=sent.version.data or 0,
        phones=[row for _, row in sorted(rows, key=lambda each: _turn(*each))],
        take=frozenset(sent.take.data),
        group_id=sent.group.data,
    )


def fill_form(house: HouseLine, settings: Settings) -> HouseholdForm:
    """The form of a household as it stands."""
    return HouseholdForm(
        house.head,
        house.door,
        house.landmark,
        house.note,
        house.silent,
        "" if house.away_until is None else find_last_day_away(house.away_until, settings).isoformat(),
        house.first_help or "",
        house.version,
        [
            PhoneRow(
                str(phone.id),
                as_written_here(phone.number, settings.default_region),
                str(place),
                phone.holder,
                phone.may_call,
                phone.may_text,
                phone.language.value,
            )
            for place, phone in enumerate(house.phones, start=1)
        ],
    )


def judge_form(
    form: HouseholdForm, settings: Settings, now: datetime, away_until: datetime | None = None
) -> tuple[Fields, list[PhoneEntry]] | None:
    """The household that the form means, or None, with what is wrong noted in the form.

    `away_until`: what it is at present, for a form that does not ask.
    """
    texts = {name: tidy(getattr(form, name)) for name in ("head", "door", "landmark", "note")}
    if not texts["head"]:
        form.errors["head"] = gettext("Enter the name of the head of the household.")
    for name, text in texts.items():
        longest = LONGEST_NOTE if name == "note" else LONGEST_NAME
        if flaw := find_flaw(text, longest):
            form.errors[name] = _explain(flaw, longest)
    if form.away_until is not None:
        away_until = read_away_until(form.away_until, form.errors, settings, now)
    entries = [_read_entry(row, settings) for row in form.phones]
    _find_twins(form, entries)
    if form.wrong:
        return None
    help_first = FirstHelp(form.first_help) if form.first_help in set(FirstHelp) else None
    fields = Fields(**texts, silent=form.silent, away_until=away_until, first_help=help_first)
    return fields, [entry for entry in entries if entry is not None]


def name_owners(session: Session, form: HouseholdForm, entries: list[PhoneEntry], household_id: int | None) -> bool:
    """Note at each number that stands at another household where that is; whether any does that is not to be taken."""
    found = False
    for row, entry in zip(form.phones, entries, strict=True):
        owner = find_owner(session, entry.number.e164)
        if owner is not None and owner.household_id != household_id and entry.number.e164 not in form.take:
            row.owner, row.e164 = owner, entry.number.e164
            row.error = explain_elsewhere(owner)
            found = True
    return found


def explain_elsewhere(owner: Owner) -> str:
    """Where a number stands, in words."""
    words: str = gettext(
        "This number stands at %(head)s, %(place)s.", head=owner.head, place=f"{owner.village_name}{owner.group_name}"
    )
    return words


def complete_number(text: str, number: PhoneNumber, settings: Settings) -> str | None:
    """The number with the area code it was given, as people write it; None where nothing was added."""
    digits = "".join(sign for sign in text if sign.isdecimal())
    if number.kind != "landline" or number.e164.endswith(settings.default_area_code + digits) is False:
        return None
    return as_written_here(number.e164, settings.default_region)


def read_number(text: str, settings: Settings) -> PhoneNumber:
    """The number that somebody typed. Raises InvalidNumber."""
    return read_called_number(text, settings.default_region, settings.default_area_code, settings.countries)


def end_of(day: date, settings: Settings) -> datetime:
    """The moment a local day ends."""
    return datetime.combine(day + timedelta(days=1), time(), settings.zone)


def find_last_day_away(until: datetime, settings: Settings) -> date:
    """The last day of an absence that ends at this moment."""
    return find_local_day(until - timedelta(seconds=1), settings.zone)


def _turn(place: int, row: PhoneRow) -> tuple[int, int]:
    """When a phone is rung: one moved up goes before the one that stands there, one moved down behind it."""
    wanted = int(row.rank) if row.rank.isdecimal() else MOST_PHONES
    moved = wanted - (place + 1)
    return wanted, (moved > 0) - (moved < 0)


def _read_entry(row: PhoneRow, settings: Settings) -> PhoneEntry | None:
    holder = tidy(row.holder)
    if flaw := find_flaw(holder):
        row.error = gettext("The holder's name: %(flaw)s", flaw=_explain(flaw, LONGEST_NAME))
        return None
    try:
        number = read_number(row.number, settings)
    except InvalidNumber as error:
        row.error = write_error(error)
        return None
    language = Language(row.language) if row.language in set(Language) else Language.CHINESE
    known = int(row.id) if row.id.isdecimal() else None
    return PhoneEntry(number, known, holder, row.may_call, row.may_text, language)


def _explain(flaw: str, longest: int) -> str:
    """Why a text cannot be kept, in the words that stand beside its field."""
    if flaw == "link":
        return str(gettext("It has an address of the web (a link): nobody is sent one in a name or a place."))
    if flaw == "too_long":
        return str(gettext("At most %(count)s characters.", count=longest))
    return str(gettext("It has signs that cannot be kept."))


def _find_twins(form: HouseholdForm, entries: list[PhoneEntry | None]) -> None:
    seen: set[str] = set()
    for row, entry in zip(form.phones, entries, strict=True):
        if entry is not None and entry.number.e164 in seen:
            row.error = gettext("This number stands here twice.")
        elif entry is not None:
            seen.add(entry.number.e164)
    if len(form.phones) > MOST_PHONES:
        form.errors["phones"] = gettext("A household has at most %(count)s phones.", count=MOST_PHONES)


def read_away_until(text: str, errors: dict[str, str], settings: Settings, now: datetime) -> datetime | None:
    """The end of the last day of an absence; None where there is none, or with what is wrong noted in `errors`."""
    if not text.strip():
        return None
    try:
        until = end_of(read_day(text), settings)
    except InvalidDay as error:
        errors["away_until"] = write_error(error)
        return None
    if until <= now:
        errors["away_until"] = gettext("This day is over already.")
    elif until - now > LONGEST_ABSENCE:
        errors["away_until"] = gettext("Away for more than a year: archive the household instead.")
    return until
