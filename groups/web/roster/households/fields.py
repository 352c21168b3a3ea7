"""All that is kept of a household in one form: a new one, or one that stands."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from config.database import clock
from config.services import database, settings
from groups.history.reading import last_change
from groups.roster import households
from groups.roster.households import PhoneEntry
from groups.roster.reading import HouseLine, group_names
from groups.web.roster import forms
from groups.web.roster.common import back_to, may_be_taken, new_batch, tell
from groups.web.roster.forms import HouseholdForm
from groups.web.roster.households.contested import contested
from groups.web.roster.households.frame import held, house_of, of_group, pages
from groups.web.shell.access import KEEPERS, READERS, current, own_village, requires
from groups.web.shell.looks import show_numbers


@pages.get("/villages/<code>/households/new")
@requires(*KEEPERS)
def new_form(code: str) -> ResponseReturnValue:
    """An empty form."""
    return _form(code, None, HouseholdForm().with_room(), group_id=request.args.get("group", type=int))


@pages.post("/villages/<code>/households/new")
@requires(*KEEPERS)
def add(code: str) -> ResponseReturnValue:
    """Add a household."""
    form = forms.typed(request.form)
    with database().begin() as session:
        village = own_village(session, code, hold=True)
        # A group that was archived meanwhile is none.
        asked = request.form.get("group", type=int)
        group_id = asked if asked in {one for one, _ in group_names(session, village.id)} else None
        form.take = may_be_taken(session, form.take)
        judged = forms.judged(form, settings(), clock(session))
        if judged is None or forms.name_owners(session, form, judged[1], None):
            judged = None
        else:
            batch = new_batch(session, "add_household")
            households.add_household(batch, village.id, group_id, *judged, take=form.take)
    if judged is None:
        return _form(code, None, form.with_room(), group_id=group_id), 422
    tell(_saved(gettext("%(head)s was added.", head=judged[0].head), form, judged[1]), batch, code)
    return redirect(of_group(code, group_id), 303)


@pages.get("/villages/<code>/households/<int:household_id>")
@requires(*READERS)
def show(code: str, household_id: int) -> ResponseReturnValue:
    """All that is kept of a household, to be changed by those who may."""
    with database().begin() as session:
        house = house_of(session, own_village(session, code).id, household_id)
    return _form(code, house, forms.shown(house, settings()).with_room())


@pages.post("/villages/<code>/households/<int:household_id>")
@requires(*KEEPERS)
def save(code: str, household_id: int) -> ResponseReturnValue:
    """Change a household; where somebody else did meanwhile, show what, and let this one decide."""
    form = forms.typed(request.form)
    with held(code, household_id, "edit_household") as (household, batch):
        house = house_of(batch.session, household.village_id, household_id)
        form.take = may_be_taken(batch.session, form.take)
        judged = forms.judged(form, settings(), batch.now)
        edited = judged is not None and household.version != form.version
        if judged is None or edited or forms.name_owners(batch.session, form, judged[1], household_id):
            judged = None
        else:
            households.save_household(batch, household, *judged, take=form.take)
    if judged is None:
        return _form(code, house, form.with_room(), edited=edited), 409 if edited else 422
    message = gettext("%(head)s was changed.", head=judged[0].head)
    if not batch.size:
        flash(gettext("Nothing was changed."), "success")
    tell(_saved(message, form, judged[1]), batch, code)
    return redirect(back_to(of_group(code, house.group_id)), 303)


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
        theirs = contested(forms.shown(house, settings()), form) if edited and house is not None else []
        who = last_change(session, house.id) if edited and house is not None else None
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
        town_wide=current().village_id is None,
    )


def _saved(message: str, form: HouseholdForm, entries: list[PhoneEntry]) -> str:
    """What was saved, with each number that got its area code."""
    numbers = [
        shown
        for row, entry in zip(form.phones, entries, strict=True)
        if (shown := forms.completed(row.number, entry.number, settings()))
    ]
    if not numbers:
        return message
    added: str = gettext("The area code was added: %(numbers)s.", numbers="、".join(numbers))
    return f"{message} {added}"
