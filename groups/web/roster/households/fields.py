"""All that is kept of a household in one form: a new one, or one that stands."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from config.database import read_clock
from config.services import get_database, get_settings
from groups.history.reading import find_last_change
from groups.roster import households
from groups.roster.households import PhoneEntry
from groups.roster.reading import HouseLine, list_group_names
from groups.web.roster import forms
from groups.web.roster.common import find_way_back, make_batch, may_be_taken, tell
from groups.web.roster.forms import HouseholdForm
from groups.web.roster.households.contested import find_contested
from groups.web.roster.households.frame import draw_group, get_house, hold_household, pages
from groups.web.shell import slots
from groups.web.shell.access import KEEPERS, READERS, get_own_village, get_signed_in, require
from groups.web.shell.looks import show_numbers


@pages.get("/villages/<code>/households/new")
@require(*KEEPERS)
def show_new_form(code: str) -> ResponseReturnValue:
    """An empty form."""
    return _draw_form(code, None, HouseholdForm().with_room(), group_id=request.args.get("group", type=int))


@pages.post("/villages/<code>/households/new")
@require(*KEEPERS)
def add(code: str) -> ResponseReturnValue:
    """Add a household."""
    form = forms.read_form(request.form)
    with get_database().begin() as session:
        village = get_own_village(session, code, hold=True)
        # A group that was archived meanwhile is none.
        asked = request.form.get("group", type=int)
        group_id = asked if asked in {one for one, _ in list_group_names(session, village.id)} else None
        form.take = may_be_taken(session, form.take)
        judged = forms.judge_form(form, get_settings(), read_clock(session))
        if judged is None or forms.name_owners(session, form, judged[1], None):
            judged = None
        else:
            batch = make_batch(session, "add_household")
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
    form = forms.read_form(request.form)
    with hold_household(code, household_id, "edit_household") as (household, batch):
        house = get_house(batch.session, household.village_id, household_id)
        form.take = may_be_taken(batch.session, form.take)
        judged = forms.judge_form(form, get_settings(), batch.now)
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
) -> str:
    """The household's page; after another's change with what that was, and the version that saving now would meet."""
    with get_database().begin() as session:
        village = get_own_village(session, code)
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
        town_wide=get_signed_in().village_id is None,
        phone_buttons=slots.SLOTS.of().list_phone_buttons(get_signed_in().role),
    )


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
