"""A household's pages: all its fields in one form, its row in place, its number in two taps, moves and the archive.

Where two people change the same household, the second sees what the first made of it, field by field, and decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.database import read_clock
from config.services import get_database, get_settings
from groups.enrolment import subscriptions
from groups.errors import EditedMeanwhile, GroupsError, InvalidNumber, NoSuchHousehold, NumberTaken, say
from groups.history.reading import find_last_change
from groups.models.accounts import AccountRole
from groups.models.batch import Batch
from groups.models.changes import Action
from groups.models.roster import FirstHelp, Group, Household, Language
from groups.roster import households
from groups.roster.households import PhoneEntry
from groups.roster.reading import HouseLine, find_house, list_group_names
from groups.roster.search import get_village_meant
from groups.rules.days import find_local_day
from groups.rules.phone import as_written_here
from groups.web.roster import forms
from groups.web.roster.common import find_way_back, make_batch, may_be_taken, tell, undo_address, wants_fragment
from groups.web.roster.forms import HouseholdForm, PhoneRow, read_number
from groups.web.roster.words import FIELDS, FIRST_HELP, LANGUAGES, write_last_day
from groups.web.shell import slots
from groups.web.shell.access import KEEPERS, READERS, get_own_village, get_signed_in, require
from groups.web.shell.access_log import show_numbers
from groups.web.shell.error_pages import show_error
from groups.web.shell.forms import Form, IdField, TextField, WordsField
from groups.web.shell.languages import write_error
from groups.web.shell.times import get_zone

pages = Blueprint("household", __name__)


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(pages)


@pages.errorhandler(IntegrityError)
def _answer_at_once(error: IntegrityError) -> ResponseReturnValue:
    """Two people took the same number at the same instant, in two villages: the second looks again."""
    return show_error(409)


@contextmanager
def hold_household(code: str, household_id: int, action: Action) -> Iterator[tuple[Household, Batch]]:
    """A household whose village nobody else changes meanwhile, and the batch for what is done to it.

    Raises NoSuchHousehold.
    """
    with get_database().begin() as session:
        village = get_own_village(session, code, hold=True)
        household = households.get_household(session, village.id, household_id)
        yield household, make_batch(session, action)
        # What was written by sets has made the session forget it, and the page names it once all is written.
        session.refresh(household)


def get_house(session: Session, village_id: int, household_id: int) -> HouseLine:
    """A household of the village as its pages show it. Raises NoSuchHousehold."""
    house = find_house(session, household_id, read_clock(session))
    if house is None or house.village_id != village_id:
        raise NoSuchHousehold(say("household_not_on_roster"))
    return house


def draw_group(code: str, group_id: int | None) -> str:
    """The roster of a group; without one, of those in none."""
    if group_id is None:
        return url_for("villages.show_ungrouped", code=code)
    return url_for("group.show", code=code, group_id=group_id)


@pages.get("/villages/<code>/households/new")
@require(*KEEPERS)
def show_new_form(code: str) -> ResponseReturnValue:
    """An empty form."""
    return _draw_form(code, None, HouseholdForm().with_room(), group_id=request.args.get("group", type=int))


@pages.post("/villages/<code>/households/new")
@require(*KEEPERS)
def add(code: str) -> ResponseReturnValue:
    """Add a household."""
    form = forms.read_form()
    with get_database().begin() as session:
        village = get_own_village(session, code, hold=True)
        # A group that was archived meanwhile is none.
        group_id = form.group_id if form.group_id in {one for one, _ in list_group_names(session, village.id)} else None
        form.take = may_be_taken(session, form.take)
        judged = forms.judge_form(form, get_settings(), read_clock(session))
        if judged is None or forms.name_owners(session, form, judged[1], None):
            judged = None
        else:
            batch = make_batch(session, Action.ADD_HOUSEHOLD)
            households.add_household(batch, village.id, group_id, *judged, take=form.take)
    if judged is None:
        return _draw_form(code, None, form.with_room(), group_id=group_id), 422
    tell(_draw_saved(gettext("%(head)s was added.", head=judged[0].head), form, judged[1]), batch, code)
    return redirect(draw_group(code, group_id), 303)


@pages.get("/villages/<code>/households/<int:household_id>")
@require(*READERS)
def show(code: str, household_id: int) -> ResponseReturnValue:
    """All that is kept of a household, to be changed by those who may."""
    with get_database().begin() as session:
        house = get_house(session, get_own_village(session, code).id, household_id)
    return _draw_form(code, house, forms.fill_form(house, get_settings()).with_room())


@pages.post("/villages/<code>/households/<int:household_id>")
@require(*KEEPERS)
def save(code: str, household_id: int) -> ResponseReturnValue:
    """Change a household; where somebody else did meanwhile, show what, and let this one decide."""
    form = forms.read_form()
    with hold_household(code, household_id, Action.EDIT_HOUSEHOLD) as (household, batch):
        house = get_house(batch.session, household.village_id, household_id)
        form.take = may_be_taken(batch.session, form.take)
        judged = forms.judge_form(form, get_settings(), batch.now, house.away_until)
        edited = judged is not None and household.version != form.version
        if judged is None or edited or forms.name_owners(batch.session, form, judged[1], household_id):
            judged = None
        else:
            households.save_household(batch, household, *judged, take=form.take)
    if judged is None:
        return _draw_form(code, house, form.with_room(), edited=edited), 409 if edited else 422
    message = gettext("%(head)s was changed.", head=judged[0].head)
    if not batch.size:
        flash(gettext("Nothing was changed."), "success")
    tell(_draw_saved(message, form, judged[1]), batch, code)
    return redirect(find_way_back(draw_group(code, house.group_id)), 303)


def _draw_form(
    code: str,
    house: HouseLine | None,
    form: HouseholdForm,
    *,
    group_id: int | None = None,
    edited: bool = False,
    away: AwayForm | None = None,
    to_village: ToVillageForm | None = None,
) -> str:
    """The household's page; after another's change with what that was, and the version that saving now would meet."""
    with get_database().begin() as session:
        village = get_own_village(session, code)
        now = read_clock(session)
        groups = list_group_names(session, village.id)
        theirs = find_contested(forms.fill_form(house, get_settings()), form) if edited and house is not None else []
        who = find_last_change(session, house.id) if edited and house is not None else None
    show_numbers(sum(bool(row.number) for row in form.phones))
    return render_template(
        "roster/household.html",
        village=village,
        house=house,
        form=form,
        groups=groups,
        group_id=house.group_id if house is not None else group_id,
        edited=edited,
        theirs=theirs,
        who=who,
        away=away or AwayForm.empty(),
        to_village=to_village or ToVillageForm.empty(),
        in_a_week=find_local_day(now, get_zone()) + timedelta(days=7),
        town_wide=get_signed_in().village_id is None,
        phone_buttons=slots.SLOTS.of().list_phone_buttons(get_signed_in().role),
    )


def _read_form(code: str, household_id: int) -> tuple[HouseLine, HouseholdForm]:
    """A household as it stands, and its form filled with that: another form of its page was refused."""
    with get_database().begin() as session:
        house = get_house(session, get_own_village(session, code).id, household_id)
    return house, forms.fill_form(house, get_settings()).with_room()


def _draw_saved(message: str, form: HouseholdForm, entries: list[PhoneEntry]) -> str:
    """What was saved, with each number that got its area code."""
    numbers = [
        shown
        for row, entry in zip(form.phones, entries, strict=True)
        if (shown := forms.complete_number(row.number, entry.number, get_settings()))
    ]
    if not numbers:
        return message
    added: str = gettext("The area code was added: %(numbers)s.", numbers="、".join(numbers))
    return f"{message} {added}"


_FIELDS: Mapping[str, Callable[[HouseholdForm], str]] = {
    "head": lambda form: form.head,
    "door": lambda form: form.door,
    "landmark": lambda form: form.landmark,
    "note": lambda form: form.note,
    "away_until": lambda form: form.away_until or "",
    "silent": lambda form: gettext("yes") if form.silent else gettext("no"),
    "first_help": lambda form: _write_help(form.first_help),
}


def find_contested(theirs: HouseholdForm, mine: HouseholdForm) -> list[tuple[str, str, str]]:
    """Where the two differ: the field, how it stands, how the second wants it. Both forms are sound."""
    asked = [name for name in _FIELDS if name != "away_until" or mine.away_until is not None]
    told = [(str(FIELDS[name]), _FIELDS[name](theirs), _FIELDS[name](mine)) for name in asked]
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


class ToGroupForm(Form):
    """The group that a household moves to; none named: into none."""

    group = IdField()


class ToVillageForm(Form):
    """The village that a household moves to, by code or name, and its door there."""

    village = TextField(most=64)
    door = TextField(most=65)


@pages.post("/villages/<code>/households/<int:household_id>/move")
@require(*KEEPERS)
def move(code: str, household_id: int) -> ResponseReturnValue:
    """Into another group, or into none."""
    group_id = ToGroupForm.sent().group.data or None
    try:
        with hold_household(code, household_id, Action.MOVE_HOUSEHOLD) as (household, batch):
            households.move_household(batch, household, group_id)
            group = None if group_id is None else batch.session.get(Group, group_id)
            where = gettext("no group") if group is None else group.name
    except NoSuchHousehold:
        raise
    except GroupsError as error:
        flash(write_error(error), "danger")
        return redirect(url_for("household.show", code=code, household_id=household_id), 303)
    tell(gettext("%(head)s was moved to %(group)s.", head=household.head, group=where), batch, code)
    return redirect(draw_group(code, group_id), 303)


@pages.post("/villages/<code>/households/<int:household_id>/village")
@require(AccountRole.ADMIN)
def move_village(code: str, household_id: int) -> ResponseReturnValue:
    """Into another village, named by its code or its name; its phones and its subscription go along."""
    sent = ToVillageForm.sent()
    try:
        with hold_household(code, household_id, Action.MOVE_VILLAGE) as (household, batch):
            group_id = household.group_id
            wanted = get_village_meant(batch.session, sent.village.data)
            subscriptions.move(batch, household.id, wanted.code, sent.door.data)
    except NoSuchHousehold:
        raise
    except GroupsError as error:
        house, form = _read_form(code, household_id)
        form.errors = {"village": write_error(error)}
        return _draw_form(code, house, form, to_village=sent), 422
    tell(gettext("%(head)s lives in %(village)s now.", head=household.head, village=wanted.name), batch, code)
    return redirect(draw_group(code, group_id), 303)


class AwayForm(Form):
    """The last day of an absence."""

    day = TextField(most=40)


@pages.post("/villages/<code>/households/<int:household_id>/away")
@require(*KEEPERS)
def mark_away(code: str, household_id: int) -> ResponseReturnValue:
    """Nobody is at home up to and with a day."""
    sent, wrong = AwayForm.sent(), dict[str, str]()
    with hold_household(code, household_id, Action.MARK_AWAY) as (household, batch):
        until = forms.read_away_until(sent.day.data, wrong, get_settings(), batch.now)
        if until is None and not wrong:
            wrong = {"away_until": gettext("Choose the last day they are away.")}
        if not wrong:
            households.set_away(batch, household, until)
    if until is None or wrong:
        house, form = _read_form(code, household_id)
        form.errors = wrong
        return _draw_form(code, house, form, away=sent), 422
    said = gettext(
        "%(head)s is away until %(day)s, and is texted, not called.", head=household.head, day=write_last_day(until)
    )
    tell(said, batch, code)
    return redirect(url_for("household.show", code=code, household_id=household_id), 303)


@pages.post("/villages/<code>/households/<int:household_id>/back")
@require(*KEEPERS)
def return_home(code: str, household_id: int) -> ResponseReturnValue:
    """They are at home again."""
    with hold_household(code, household_id, Action.BACK_HOME) as (household, batch):
        households.set_away(batch, household, None)
    tell(gettext("%(head)s is at home again.", head=household.head), batch, code)
    return redirect(find_way_back(draw_group(code, household.group_id)), 303)


@pages.post("/villages/<code>/households/<int:household_id>/archive")
@require(*KEEPERS)
def archive(code: str, household_id: int) -> ResponseReturnValue:
    """Off the roster, its phones with it."""
    with hold_household(code, household_id, Action.ARCHIVE_HOUSEHOLD) as (household, batch):
        group_id = household.group_id
        households.archive_household(batch, household)
    tell(gettext("%(head)s was archived. Its numbers are free for others.", head=household.head), batch, code)
    return redirect(draw_group(code, group_id), 303)


class NumberForm(Form):
    """The number as it was typed; `take`: numbers, in E.164, that move here from where they stand."""

    number = TextField(most=200, stripped=False)
    take = WordsField()


NO_PHONE_YET = 0
"""In the place of a phone's id."""


@pages.get("/villages/<code>/households/<int:household_id>/row")
@require(*KEEPERS)
def show_row_form(code: str, household_id: int) -> ResponseReturnValue:
    """The household's row as a form, for htmx; `cancel` gives it back as it stands."""
    if not wants_fragment():
        return redirect(url_for("household.show", code=code, household_id=household_id), 303)
    return _draw_row(code, household_id, editing="cancel" not in request.args)


@pages.post("/villages/<code>/households/<int:household_id>/row")
@require(*KEEPERS)
def save_row(code: str, household_id: int) -> ResponseReturnValue:
    """Change head, door and landmark in the row; all else stays."""
    typed = forms.read_form()
    with hold_household(code, household_id, Action.EDIT_HOUSEHOLD) as (household, batch):
        form = forms.fill_form(get_house(batch.session, household.village_id, household_id), get_settings())
        form.head, form.door, form.landmark = typed.head, typed.door, typed.landmark
        form.phones = []
        judged = forms.judge_form(form, get_settings(), batch.now)
        edited = judged is not None and household.version != typed.version
        if judged is not None and not edited:
            texts = {name: getattr(judged[0], name) for name in ("head", "door", "landmark")}
            households.rename_household(batch, household, **texts)
    if judged is None or edited:
        form.version = typed.version
        return _draw_row(code, household_id, editing=True, form=form, edited=edited)
    return _draw_row(code, household_id, done=gettext("Saved."), undo=batch.key if batch.size else "")


@pages.get("/villages/<code>/households/<int:household_id>/phones/<int:phone_id>/number")
@require(*KEEPERS)
def show_number_form(code: str, household_id: int, phone_id: int) -> ResponseReturnValue:
    """Another number for a phone, on a page of its own."""
    with get_database().begin() as session:
        village = get_own_village(session, code)
        house = get_house(session, village.id, household_id)
    return render_template("roster/number.html", village=village, house=house, phone_id=phone_id, number={})


@pages.post("/villages/<code>/households/<int:household_id>/phones/<int:phone_id>/number")
@require(*KEEPERS)
def change_number(code: str, household_id: int, phone_id: int) -> ResponseReturnValue:
    """Give a phone another number; the household its first one, where the phone is NO_PHONE_YET."""
    form = NumberForm.sent()
    text = form.number.data
    wrong: dict[str, Any] = {}
    try:
        number = forms.read_number(text, get_settings())
        action = Action.ADD_NUMBER if phone_id == NO_PHONE_YET else Action.CHANGE_NUMBER
        with hold_household(code, household_id, action) as (household, batch):
            take = may_be_taken(batch.session, form.take.data)
            if phone_id == NO_PHONE_YET:
                households.add_number(batch, household, number, take=take)
            else:
                phone = households.get_phone(batch.session, household, phone_id)
                households.change_number(batch, household, phone, number, take=take)
    except NumberTaken as error:
        wrong = {"error": forms.explain_elsewhere(error.owner)}
        if get_signed_in().village_id in {None, error.owner.village_id}:
            wrong["take"] = number.e164
    except EditedMeanwhile as error:
        wrong = {"error": write_error(error), "edited": True}
    except InvalidNumber as error:
        wrong = {"error": write_error(error)}
    except NoSuchHousehold:
        raise
    except GroupsError as error:
        wrong = {"error": write_error(error)}
    if wrong:
        return _draw_refused_number(code, household_id, phone_id, wrong | {"phone_id": phone_id, "text": text})
    done = gettext("New number: %(number)s", number=as_written_here(number.e164, get_settings().default_region))
    if forms.complete_number(text, number, get_settings()):
        done = gettext("The area code was added. %(done)s", done=done)
    if wants_fragment() and not take and phone_id != NO_PHONE_YET:
        return _draw_row(code, household_id, done=done, undo=batch.key if batch.size else "")
    tell(done, batch, code)
    here = find_way_back(draw_group(code, household.group_id))
    # Where another household or the group's own figures have changed with it, the row alone would tell half of it.
    return ("", 200, {"HX-Redirect": here}) if wants_fragment() else redirect(here, 303)


def _draw_row(
    code: str,
    household_id: int,
    *,
    editing: bool = False,
    form: HouseholdForm | None = None,
    edited: bool = False,
    number: dict[str, Any] | None = None,
    done: str = "",
    undo: str = "",
) -> str:
    with get_database().begin() as session:
        village = get_own_village(session, code)
        house = get_house(session, village.id, household_id)
        who = find_last_change(session, household_id) if edited else None
        group = session.get(Group, house.group_id) if house.group_id is not None else None
    return render_template(
        "roster/house_row.html",
        village=village,
        house=house,
        card=group,
        editing=editing,
        form=form or forms.fill_form(house, get_settings()),
        edited=edited,
        who=who,
        number=number or {},
        done=done,
        undo=undo_address(code, undo) if undo else "",
    )


def _draw_refused_number(code: str, household_id: int, phone_id: int, number: dict[str, Any]) -> ResponseReturnValue:
    if wants_fragment():
        # htmx leaves the page alone on an error's status, and this is what it is to show.
        return _draw_row(code, household_id, number=number)
    with get_database().begin() as session:
        village = get_own_village(session, code)
        house = get_house(session, village.id, household_id)
    return render_template("roster/number.html", village=village, house=house, phone_id=phone_id, number=number), 422
