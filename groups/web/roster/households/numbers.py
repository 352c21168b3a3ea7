"""A household's row, edited in place, and another number for one of its phones in two taps and typing."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from config.services import get_database, get_settings
from groups.errors import EditedMeanwhile, GroupsError, InvalidNumber, NoSuchHousehold, NumberTaken
from groups.history.reading import find_last_change
from groups.models.roster import Group
from groups.roster import households
from groups.rules.phone import as_written_here
from groups.web.roster import forms
from groups.web.roster.common import find_way_back, may_be_taken, tell, undo_address, wants_fragment
from groups.web.roster.forms import HouseholdForm
from groups.web.roster.households.frame import draw_group, get_house, hold_household, pages
from groups.web.shell.access import KEEPERS, get_own_village, get_signed_in, require
from groups.web.shell.forms import Form, TextField, WordsField
from groups.web.shell.languages import write_error


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
    typed = forms.read_form(request.form)
    with hold_household(code, household_id, "edit_household") as (household, batch):
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
        action = "add_number" if phone_id == NO_PHONE_YET else "change_number"
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
