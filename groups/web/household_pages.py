"""A household: added, edited, moved, away and back, archived; and another number in two taps and typing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.database import clock
from groups import roster_households
from groups.change_reading import last_change
from groups.errors import EditedMeanwhile, GroupsError, InvalidNumber, NoSuchHousehold, NumberTaken
from groups.models import Group, Village
from groups.roster_households import PhoneEntry
from groups.roster_reading import HouseLine, group_names, house_line
from groups.rules.phone import as_written_here
from groups.web import roster_forms
from groups.web.access import current, requires
from groups.web.error_pages import page_for
from groups.web.roster_admission import (
    KEEPERS,
    READERS,
    back_to,
    database,
    may_be_taken,
    new_batch,
    own_village,
    settings,
    tell,
    undo_address,
    wants_fragment,
    words_of,
)
from groups.web.roster_forms import HouseholdForm

pages = Blueprint("household", __name__, template_folder="templates")


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(pages)


@pages.errorhandler(IntegrityError)
def _at_once(error: IntegrityError) -> ResponseReturnValue:
    """Two people took the same number at the same instant, in two villages: the second looks again."""
    return page_for(409)


@pages.get("/villages/<code>/households/new")
@requires(*KEEPERS)
def new_form(code: str) -> ResponseReturnValue:
    """An empty form."""
    return _form(code, None, HouseholdForm().with_room(), group_id=request.args.get("group", type=int))


@pages.post("/villages/<code>/households/new")
@requires(*KEEPERS)
def add(code: str) -> ResponseReturnValue:
    """Add a household."""
    form = roster_forms.typed(request.form)
    group_id = request.form.get("group", type=int) or None
    with database().begin() as session:
        village = own_village(session, code, hold=True)
        form.take = may_be_taken(session, form.take)
        judged = roster_forms.judged(form, settings(), clock(session))
        if judged is None or roster_forms.name_owners(session, form, judged[1], None):
            judged = None
        else:
            batch = new_batch(session, "add_household")
            known = {one for one, _ in group_names(session, village.id)}
            roster_households.add_household(
                batch, village.id, group_id if group_id in known else None, *judged, take=form.take
            )
    if judged is None:
        return _form(code, None, form.with_room(), group_id=group_id), 422
    tell(_saved(gettext("%(head)s was added.", head=judged[0].head), form, judged[1]), batch, code)
    return redirect(_of_group(code, group_id), 303)


@pages.get("/villages/<code>/households/<int:household_id>")
@requires(*READERS)
def show(code: str, household_id: int) -> ResponseReturnValue:
    """All that is kept of a household, to be changed by those who may."""
    with database().begin() as session:
        house = _house(session, own_village(session, code), household_id)
    return _form(code, house, roster_forms.shown(house, settings()).with_room())


@pages.post("/villages/<code>/households/<int:household_id>")
@requires(*KEEPERS)
def save(code: str, household_id: int) -> ResponseReturnValue:
    """Change a household; where somebody else did meanwhile, show what, and let this one decide."""
    form = roster_forms.typed(request.form)
    with database().begin() as session:
        village = own_village(session, code, hold=True)
        household = roster_households.household_of(session, village.id, household_id)
        now = clock(session)
        house = _house(session, village, household_id)
        form.take = may_be_taken(session, form.take)
        judged = roster_forms.judged(form, settings(), now)
        edited = judged is not None and household.version != form.version
        if judged is None or edited or roster_forms.name_owners(session, form, judged[1], household_id):
            judged = None
        else:
            batch = new_batch(session, "edit_household")
            roster_households.save_household(batch, household, *judged, take=form.take)
    if judged is None:
        return _form(code, house, form.with_room(), edited=edited), 409 if edited else 422
    message = gettext("%(head)s was changed.", head=judged[0].head)
    if not batch.size:
        flash(gettext("Nothing was changed."), "success")
    tell(_saved(message, form, judged[1]), batch, code)
    return redirect(back_to(_of_group(code, house.group_id)), 303)


@pages.get("/villages/<code>/households/<int:household_id>/row")
@requires(*KEEPERS)
def row_form(code: str, household_id: int) -> ResponseReturnValue:
    """The household's row as a form, for htmx; `cancel` gives it back as it stands."""
    if not wants_fragment():
        return redirect(url_for("household.show", code=code, household_id=household_id), 303)
    return _row(code, household_id, editing="cancel" not in request.args)


@pages.post("/villages/<code>/households/<int:household_id>/row")
@requires(*KEEPERS)
def save_row(code: str, household_id: int) -> ResponseReturnValue:
    """Change head, door and landmark in the row; all else stays."""
    typed = roster_forms.typed(request.form)
    with database().begin() as session:
        village = own_village(session, code, hold=True)
        household = roster_households.household_of(session, village.id, household_id)
        form = roster_forms.shown(_house(session, village, household_id), settings())
        form.head, form.door, form.landmark = typed.head, typed.door, typed.landmark
        form.phones = []
        judged = roster_forms.judged(form, settings(), clock(session))
        edited = judged is not None and household.version != typed.version
        batch = new_batch(session, "edit_household")
        if judged is not None and not edited:
            texts = {name: getattr(judged[0], name) for name in ("head", "door", "landmark")}
            roster_households.rename_household(batch, household, **texts)
    if judged is None or edited:
        form.version = typed.version
        return _row(code, household_id, editing=True, form=form, edited=edited)
    return _row(code, household_id, done=gettext("Saved."), undo=batch.key if batch.size else "")


@pages.get("/villages/<code>/households/<int:household_id>/phones/<int:phone_id>/number")
@requires(*KEEPERS)
def number_form(code: str, household_id: int, phone_id: int) -> ResponseReturnValue:
    """Another number for a phone, on a page of its own."""
    with database().begin() as session:
        village = own_village(session, code)
        house = _house(session, village, household_id)
    return render_template("number.html", village=village, house=house, phone_id=phone_id, number={})


@pages.post("/villages/<code>/households/<int:household_id>/phones/<int:phone_id>/number")
@requires(*KEEPERS)
def change_number(code: str, household_id: int, phone_id: int) -> ResponseReturnValue:
    """Give a phone another number."""
    text = request.form.get("number", "")
    wrong: dict[str, Any] = {}
    try:
        number = roster_forms.number_of(text, settings())
        with database().begin() as session:
            village = own_village(session, code, hold=True)
            household = roster_households.household_of(session, village.id, household_id)
            batch = new_batch(session, "change_number")
            phone = roster_households.phone_of(session, household, phone_id)
            roster_households.change_number(
                batch, household, phone, number, take=may_be_taken(session, request.form.getlist("take"))
            )
    except NumberTaken as error:
        wrong = {"error": roster_forms.standing_elsewhere(error.owner)}
        if current().village_id in {None, error.owner.village_id}:
            wrong["take"] = number.e164
    except EditedMeanwhile as error:
        wrong = {"error": words_of(error), "edited": True}
    except InvalidNumber as error:
        wrong = {"error": words_of(error)}
    except NoSuchHousehold:
        raise
    except GroupsError as error:
        wrong = {"error": words_of(error)}
    if wrong:
        return _number_refused(code, household_id, phone_id, wrong | {"phone_id": phone_id, "text": text})
    done = gettext("New number: %(number)s", number=as_written_here(number.e164, settings().default_region))
    if roster_forms.completed(text, number, settings()):
        done = gettext("The area code was added. %(done)s", done=done)
    if wants_fragment():
        return _row(code, household_id, done=done, undo=batch.key if batch.size else "")
    tell(done, batch, code)
    return redirect(back_to(_of_group(code, household.group_id)), 303)


@pages.post("/villages/<code>/households/<int:household_id>/move")
@requires(*KEEPERS)
def move(code: str, household_id: int) -> ResponseReturnValue:
    """Into another group, or into none."""
    group_id = request.form.get("group", type=int) or None
    try:
        with database().begin() as session:
            village = own_village(session, code, hold=True)
            household = roster_households.household_of(session, village.id, household_id)
            batch = new_batch(session, "move_household")
            roster_households.move_household(batch, household, group_id)
    except NoSuchHousehold:
        raise
    except GroupsError as error:
        flash(words_of(error), "danger")
        return redirect(url_for("household.show", code=code, household_id=household_id), 303)
    tell(gettext("%(head)s was moved.", head=household.head), batch, code)
    return redirect(_of_group(code, group_id), 303)


@pages.post("/villages/<code>/households/<int:household_id>/back")
@requires(*KEEPERS)
def back_home(code: str, household_id: int) -> ResponseReturnValue:
    """They are at home again."""
    with database().begin() as session:
        village = own_village(session, code, hold=True)
        household = roster_households.household_of(session, village.id, household_id)
        batch = new_batch(session, "back_home")
        roster_households.set_away(batch, household, None)
    tell(gettext("%(head)s is at home again.", head=household.head), batch, code)
    return redirect(back_to(_of_group(code, household.group_id)), 303)


@pages.post("/villages/<code>/households/<int:household_id>/archive")
@requires(*KEEPERS)
def archive(code: str, household_id: int) -> ResponseReturnValue:
    """Off the roster, its phones with it."""
    with database().begin() as session:
        village = own_village(session, code, hold=True)
        household = roster_households.household_of(session, village.id, household_id)
        group_id = household.group_id
        batch = new_batch(session, "archive_household")
        roster_households.archive_household(batch, household)
    tell(gettext("%(head)s was archived. Its numbers are free for others.", head=household.head), batch, code)
    return redirect(_of_group(code, group_id), 303)


def _house(session: Session, village: Village, household_id: int) -> HouseLine:
    house = house_line(session, household_id, clock(session))
    if house is None or house.village_id != village.id:
        raise NoSuchHousehold("该户已不在名册 this household is not on the roster")
    return house


def _form(
    code: str,
    house: HouseLine | None,
    form: HouseholdForm,
    *,
    group_id: int | None = None,
    edited: bool = False,
) -> str:
    """The household's page; after another's change with what that was, and the version that saving now would meet."""
    with database().begin() as session:
        village = own_village(session, code)
        groups = group_names(session, village.id)
        theirs = roster_forms.shown(house, settings()) if edited and house is not None else None
        who = last_change(session, house.id) if edited and house is not None else None
    return render_template(
        "household.html",
        village=village,
        house=house,
        form=form,
        groups=groups,
        group_id=house.group_id if house is not None else group_id,
        theirs=theirs,
        who=who,
        town_wide=current().village_id is None,
    )


def _row(
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
    with database().begin() as session:
        village = own_village(session, code)
        house = _house(session, village, household_id)
        who = last_change(session, household_id) if edited else None
        group = session.get(Group, house.group_id) if house.group_id is not None else None
    return render_template(
        "house_row.html",
        village=village,
        house=house,
        card=group,
        editing=editing,
        form=form or roster_forms.shown(house, settings()),
        edited=edited,
        who=who,
        number=number or {},
        done=done,
        undo=undo_address(code, undo) if undo else "",
    )


def _number_refused(code: str, household_id: int, phone_id: int, number: dict[str, Any]) -> ResponseReturnValue:
    if wants_fragment():
        # htmx leaves the page alone on an error's status, and this is what it is to show.
        return _row(code, household_id, number=number)
    with database().begin() as session:
        village = own_village(session, code)
        house = _house(session, village, household_id)
    return render_template("number.html", village=village, house=house, phone_id=phone_id, number=number), 422


def _saved(message: str, form: HouseholdForm, entries: list[PhoneEntry]) -> str:
    """What was saved, with each number that got its area code."""
    numbers = [
        shown
        for row, entry in zip(form.phones, entries, strict=True)
        if (shown := roster_forms.completed(row.number, entry.number, settings()))
    ]
    if not numbers:
        return message
    added: str = gettext("The area code was added: %(numbers)s.", numbers="、".join(numbers))
    return f"{message} {added}"


def _of_group(code: str, group_id: int | None) -> str:
    if group_id is None:
        return url_for("villages.ungrouped", code=code)
    return url_for("group.show", code=code, group_id=group_id)
