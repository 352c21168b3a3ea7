"""By what records are searched: who, in which village, on which day. The record of changes and that of looks alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Self

from flask import request
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from groups.models.roster import Village
from groups.web.shell.forms import DayField, Form, TextField

MOST_OFFERED = 200
"""So many villages are offered while one is typed; the others are typed to their end."""


class FilterForm(Form):
    """The fields as they stand in the address."""

    who = TextField(most=64)
    village = TextField(most=64)
    day = DayField()


@dataclass(frozen=True, slots=True)
class Sought:
    """What is searched for; `wrong`: by field, what is not understood, and then nothing is found."""

    who: str
    village: Village | None
    day: date | None
    wrong: dict[str, str]
    address: dict[str, str]
    """What of it stands in the address of the next page."""

    @property
    def anything(self) -> bool:
        """Whether the page is narrowed at all."""
        return bool(self.address)

    @classmethod
    def read(cls, session: Session) -> Self:
        """What the address asks for. A village is named by its name or code."""
        form = FilterForm(MultiDict(request.args))
        form.validate()
        wrong, village = dict(form.wrong), None
        if form.village.data:
            named = (Village.name == form.village.data) | (Village.code == form.village.data)
            village = session.scalars(select(Village).where(named).order_by(Village.id)).first()
            if village is None:
                wrong["village"] = gettext("There is no village of this name or code.")
        address = {name: text for name, text in form.typed.items() if text.strip()}
        return cls(form.who.data, village, form.day.data, wrong, address)
