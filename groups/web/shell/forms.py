"""Forms: what a page's fields may hold, and what is said beside a field that holds something else.

    class CountForm(Form):
        households = WholeNumberField(most=999_999_999)

    form = CountForm.sent()
    if not form.validate():
        return _page(form.wrong), 422

A field's words are in the reader's language. A text is cut at the length that its field may have, so that nothing
longer reaches a use case; what the use case itself refuses is an error of `groups.errors`, told by the view.

Fields that repeat are rows, each a form of its own: numbered (`NumberedRows`), or one list a field (`ListedRows`).
Fields that the data decides, as the columns of a list on its way, begin alike (`PrefixedFields`). By hand is read only
`next`, the page to go back to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Self

from flask import request
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, StringField, ValidationError
from wtforms import Form as PlainForm

from groups.errors import GroupsError, Message, say
from groups.rules.days import read_day
from groups.web.shell.languages import tell_reader

_WHOLE = re.compile(r"[0-9]{1,9}|[0-9]{1,3}(,[0-9]{3}){1,2}")


MarkField = BooleanField
"""A ticked box or a pressed button: whether the form has it."""


class Form(PlainForm):  # type: ignore[misc]
    """A page's form. Forms are checked for forgery before any view (`shell.security`)."""

    @classmethod
    def sent(cls) -> Self:
        """The form as the request has it."""
        return cls(request.form)

    @classmethod
    def empty(cls) -> Self:
        """The form as nobody has filled it in."""
        return cls(MultiDict())

    @classmethod
    def list_fields(cls) -> list[str]:
        """The names of its fields, in their order."""
        return list(cls()._fields)

    @property
    def wrong(self) -> dict[str, str]:
        """What is wrong, by field, in the reader's language."""
        return {name: str(errors[0]) for name, errors in self.errors.items() if name and errors}

    @property
    def typed(self) -> dict[str, str]:
        """What was typed, by field, read or not: a form that is refused is shown as it was sent."""
        return {name: field.raw_data[0] for name, field in self._fields.items() if field.raw_data}

    @property
    def first_wrong(self) -> str:
        """What is wrong with the first field that is."""
        return next(iter(self.wrong.values()), "")


class TextField(StringField):  # type: ignore[misc]
    """A text without blanks around it, at most so long; empty where the request has none."""

    def __init__(self, *, most: int, stripped: bool = True, **given: Any) -> None:
        super().__init__(**given)
        self.most, self.stripped = most, stripped

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        text = valuelist[0] if valuelist else ""
        self.data = (text.strip() if self.stripped else text)[: self.most]

    def process_data(self, value: Any) -> None:
        self.data = value or ""


class NoteField(StringField):  # type: ignore[misc]
    """What somebody writes, in several lines, without the signs that no database and no export takes.

    Nothing is cut off: `describe_flaw(text)` says what is wrong with it, as where it is too long; "" for nothing.
    """

    def __init__(self, *, describe_flaw: Callable[[str], str], **given: Any) -> None:
        super().__init__(**given)
        self.describe_flaw = describe_flaw

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        text = valuelist[0].replace("\r\n", "\n") if valuelist else ""
        self.data = "".join(sign for sign in text if sign == "\n" or sign.isprintable()).strip()

    def process_data(self, value: Any) -> None:
        self.data = value or ""

    def pre_validate(self, form: PlainForm) -> None:
        if flaw := self.describe_flaw(self.data):
            raise ValidationError(flaw)


class WordsField(Field):  # type: ignore[misc]
    """Several words that somebody has ticked, each at most 80 signs long."""

    data: list[str]

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = [word[:80] for word in valuelist]

    def process_data(self, value: Any) -> None:
        self.data = value or []


class _ReadField(Field):  # type: ignore[misc]
    """A text that means something else: `read` says what. `data` is None where it is empty or cannot be read."""

    data: Any

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = None
        text = valuelist[0].strip()[:80] if valuelist else ""
        if not text:
            return
        try:
            self.data = self.read(text)
        except GroupsError as error:
            raise ValueError(tell_reader(error.message)) from None

    def read(self, text: str) -> Any:
        """What the text means. Raises GroupsError."""
        raise NotImplementedError


class DayField(_ReadField):
    """A day, as people write it; None where the field is empty."""

    data: date | None

    def read(self, text: str) -> date:
        return read_day(text)


def read_whole_number(text: str, flaw: str = "no_whole_number") -> int:
    """A whole number from 0 on, thousands parted by commas or not. Raises GroupsError with `flaw`."""
    # An input method for Chinese writes １２ and ，. A comma elsewhere is a slip: nobody knows which digit it was.
    plain = unicodedata.normalize("NFKC", text[:32])
    if not _WHOLE.fullmatch(plain):
        raise GroupsError(say(flaw))
    return int(plain.replace(",", ""))


class WholeNumberField(_ReadField):
    """A whole number from 0 on, thousands parted by commas or not; what else it is, is told by `flaw`."""

    data: int | None

    def __init__(self, *, flaw: str = "no_whole_number", **given: Any) -> None:
        super().__init__(**given)
        self.flaw = flaw

    def read(self, text: str) -> int:
        return read_whole_number(text, self.flaw)


class ParsedField(_ReadField):
    """A text that `by` reads, which raises GroupsError."""

    def __init__(self, *, by: Callable[[str], Any], **given: Any) -> None:
        super().__init__(**given)
        self.by = by

    def read(self, text: str) -> Any:
        return self.by(text)


def _read_id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


class IdField(Field):  # type: ignore[misc]
    """The id of a row that somebody has chosen; None where none was, or what came is no id."""

    data: int | None

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = _read_id(valuelist[0].strip()) if valuelist else None


class IdsField(Field):  # type: ignore[misc]
    """The ids of rows that somebody has chosen; what is no id is passed over."""

    data: list[int]

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = [found for text in valuelist if (found := _read_id(text.strip())) is not None]

    def process_data(self, value: Any) -> None:
        self.data = value or []


class ChoicesField(Field):  # type: ignore[misc]
    """Several words of those to choose from, each read by `by`, which raises GroupsError."""

    def __init__(self, *, by: Callable[[str], Any], **given: Any) -> None:
        super().__init__(**given)
        self.by = by

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = []
        try:
            self.data = [self.by(word[:80]) for word in valuelist]
        except GroupsError as error:
            raise ValueError(tell_reader(error.message)) from None


class _RowsField(Field):  # type: ignore[misc]
    """Rows of fields, each a form of its own; `by` names the field that every row has."""

    data: list[Any]

    def __init__(self, row: type[Form], *, by: str, most: int, **given: Any) -> None:
        super().__init__(**given)
        self.row, self.by, self.most = row, by, most

    def process(self, formdata: MultiDict[str, str] | None, data: Any = None, extra_filters: Any = None) -> None:
        self.process_errors = list[str]()
        self.data = [] if formdata is None else [self.row(MultiDict(sent)) for sent in self.list_sent(formdata)]

    def list_sent(self, form: MultiDict[str, str]) -> list[list[tuple[str, str]]]:
        """Each row's fields and what they hold."""
        raise NotImplementedError


class NumberedRows(_RowsField):
    """Rows that are numbered from 0 in the names of their fields: `after-0`, `whom-0`, `after-1` …; at most `most`."""

    def list_sent(self, form: MultiDict[str, str]) -> list[list[tuple[str, str]]]:
        return [
            [(name, text) for name in self.row.list_fields() for text in form.getlist(f"{name}-{number}")]
            for number in range(self.most)
            if f"{self.by}-{number}" in form
        ]


class ListedRows(_RowsField):
    """Rows whose fields come as one list each: `phone_number`, `phone_holder` … after the prefix; the first `most`.

    A box has the row's place as its value, as an unticked one is not sent at all: `boxes` maps field to name.
    """

    def __init__(self, row: type[Form], *, prefix: str, boxes: Mapping[str, str], **given: Any) -> None:
        super().__init__(row, **given)
        self.prefix, self.boxes = prefix, boxes

    def list_sent(self, form: MultiDict[str, str]) -> list[list[tuple[str, str]]]:
        texts = {name: form.getlist(self.prefix + name) for name in self.row.list_fields() if name not in self.boxes}
        ticked = {name: set(form.getlist(self.prefix + box)) for name, box in self.boxes.items()}
        return [
            [(name, values[place]) for name, values in texts.items() if place < len(values)]
            + [(name, "1") for name, places in ticked.items() if str(place) in places]
            for place in range(min(len(texts[self.by]), self.most))
        ]


class PrefixedFields(Field):  # type: ignore[misc]
    """All fields whose names begin so, by what follows: `row:3` and `row:9` are 3 and 9."""

    data: dict[str, str]

    def __init__(self, *, prefix: str, **given: Any) -> None:
        super().__init__(**given)
        self.prefix = prefix

    def process(self, formdata: MultiDict[str, str] | None, data: Any = None, extra_filters: Any = None) -> None:
        self.process_errors = list[str]()
        sent = {} if formdata is None else formdata
        self.data = {name.removeprefix(self.prefix): sent[name] for name in sent if name.startswith(self.prefix)}


class Needed:
    """A validator: the field must hold something; `message` says what is missing."""

    def __init__(self, message: Message) -> None:
        self.message = message

    def __call__(self, form: PlainForm, field: Field) -> None:
        # Of a field that could not be read, that is said already.
        if field.data in {None, ""} and not field.errors and not field.process_errors:
            raise ValidationError(tell_reader(self.message))


class UndoForm(Form):
    """What is to be taken back: `batch` where the address does not say it; `what_can_be`: what nobody built on."""

    batch = TextField(most=36)
    what_can_be = MarkField()
