"""Counts of households and thresholds: what the figures are divided by and measured against, entered or imported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.services import database
from groups.coverage import counts as coverage_counts
from groups.coverage.jobs import CountLists, rows_again
from groups.coverage.rules.count_rows import CountColumn
from groups.coverage.rules.figures import basis_points_of
from groups.coverage.rules.query import choice_of
from groups.errors import CountedMeanwhile, GroupsError, InvalidCount, UnknownVillage, say
from groups.models.accounts import AccountRole
from groups.models.batch import Batch
from groups.models.figures import HouseholdCount, Threshold
from groups.models.uploads import Upload, UploadKind, UploadState
from groups.roster.search import the_village
from groups.rules.counting import CountKind
from groups.rules.days import day_of
from groups.uploads.uploads import KeptRows
from groups.web.enrolment.common import WRITERS, chosen_village, day_in, own_villages, today_of, words_of
from groups.web.enrolment.history import done_to
from groups.web.figures.words import kind_words
from groups.web.roster.common import new_batch
from groups.web.shell.access import requires
from groups.web.shell.request_sizes import takes
from groups.web.shell.times import zone
from groups.web.uploads import flow
from groups.web.uploads.kinds import ListPages, Said

pages = Blueprint("counts", __name__, url_prefix="/coverage/counts")

ROWS_A_PAGE = 100
_ADMIN = AccountRole.ADMIN


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(pages)
    flow.add(app, _CountPages())


@pages.get("")
@requires(*WRITERS)
def show() -> ResponseReturnValue:
    """The counts of every village, in a county those of the one that the address asks for; and the thresholds."""
    return _page()


@pages.post("")
@requires(*WRITERS)
def write() -> ResponseReturnValue:
    """Write one count down."""
    form = request.form
    try:
        with database().begin() as session:
            day = day_in("day", today_of(session))
            households = _number(form.get("households", ""))
            kind = choice_of(CountKind, form.get("kind", ""))
            code = the_village(session, form.get("village", "")).code
            batch = new_batch(session, "set_count")

            def change(batch: Batch) -> bool:
                return coverage_counts.set_count(batch, code, kind, day, households)

            effect = _asks_first(batch, code, kind, change)
            news = not effect and change(batch)
    except GroupsError as error:
        return _page(words_of(error)), _status_of(error)
    if effect:
        return _page(effect=effect)
    flash(gettext("The count was written down.") if news else gettext("The count stands there already."), "success")
    return _back(code)


@pages.post("/remove")
@requires(*WRITERS)
def remove() -> ResponseReturnValue:
    """Take a count out that should never have been there."""
    form = request.form
    try:
        with database().begin() as session:
            kind, day = choice_of(CountKind, form.get("kind", "")), day_of(form.get("day", ""))
            code = form.get("village", "")
            batch = new_batch(session, "remove_count")

            def change(batch: Batch) -> None:
                coverage_counts.remove_count(batch, code, kind, day)

            effect = _asks_first(batch, code, kind, change)
            if not effect:
                change(batch)
    except GroupsError as error:
        return _page(words_of(error)), _status_of(error)
    if effect:
        return _page(effect=effect)
    flash(gettext("The count was taken out."), "success")
    return _back(form.get("village", ""))


@pages.post("/import")
@requires(*WRITERS)
@takes(flow.A_LIST)
def bring() -> ResponseReturnValue:
    """Take a list of counts in; nothing of it counts yet."""
    try:
        with database().begin() as session:
            day = day_in("day", today_of(session))
    except GroupsError as error:
        return _page(words_of(error)), 422
    return flow.bring(UploadKind.COUNTS, options={"day": day.isoformat()})


@pages.post("/thresholds")
@requires(_ADMIN)
def write_threshold() -> ResponseReturnValue:
    """From a day on, another coverage makes a demonstration village; or take a threshold out again."""
    form = request.form
    try:
        with database().begin() as session:
            if "remove" in form:
                coverage_counts.remove_threshold(new_batch(session, "remove_threshold"), day_of(form["remove"]))
            else:
                day = day_in("day", today_of(session))
                basis_points = basis_points_of(form.get("percent", ""))
                coverage_counts.set_threshold(new_batch(session, "set_threshold"), day, basis_points)
    except GroupsError as error:
        return _page(of_threshold=words_of(error)), _status_of(error)
    flash(gettext("The threshold was changed."), "success")
    return redirect(url_for("counts.show", _anchor="thresholds"), 303)


def _asks_first(
    batch: Batch, code: str, kind: CountKind, change: Callable[[Batch], object]
) -> list[coverage_counts.DayRefigured]:
    """What the change does to days that have been, before it is done; nothing where somebody has confirmed it."""
    if request.form.get("confirmed"):
        return []
    return coverage_counts.what_it_changes(batch, code, kind, zone(), change)


def _back(code: str) -> ResponseReturnValue:
    """To the counts, in a county to those of the village with this code."""
    with database().begin() as session:
        many = own_villages(session).many
    return redirect(url_for("counts.show", village=code if many else None), 303)


def _status_of(error: GroupsError) -> int:
    if isinstance(error, UnknownVillage):
        return 404
    return 409 if isinstance(error, CountedMeanwhile) else 422


def _page(wrong: str = "", *, of_threshold: str = "", effect: Sequence[coverage_counts.DayRefigured] = ()) -> str:
    """The page; what is wrong stands beside the fields that it is about."""
    with database().begin() as session:
        villages = own_villages(session, chosen_village(session))
        listed = villages.offered or [each for each in (villages.chosen,) if each]
        return render_template(
            "figures/counts.html",
            wrong=wrong,
            of_threshold=of_threshold,
            villages=villages,
            listed=listed,
            counts=_by_village(session, [village.id for village in listed]),
            kinds=[*CountKind],
            thresholds=session.scalars(select(Threshold).order_by(Threshold.starts_on.desc())).all(),
            today=today_of(session),
            given=request.form,
            effect=effect,
            done=done_to(session, "household_counts", "thresholds"),
        )


def _by_village(session: Session, villages: Collection[int]) -> dict[int, list[HouseholdCount]]:
    counts: dict[int, list[HouseholdCount]] = defaultdict(list)
    for count in coverage_counts.read_counts(session, villages):
        counts[count.village_id].append(count)
    return counts


def _number(text: str) -> int:
    plain = text.strip().replace(",", "")
    if not plain.isascii() or not plain.isdigit() or len(plain) > 9:
        raise InvalidCount(say("households_no_whole_number"))
    return int(plain)


class _CountPages(ListPages):
    """A list of counts is there for whoever brought it, and for nobody else."""

    kinds = frozenset({UploadKind.COUNTS})
    lists = CountLists()
    roles = WRITERS
    frame = "figures/counts_frame.html"

    def admit(self, session: Session, upload: Upload, *, hold: bool = False) -> None:
        flow.admit_bringer(upload)

    def begin(self, upload: Upload, wrong: str = "") -> str:
        return _page(wrong)

    def begin_address(self, session: Session, upload: Upload) -> str:
        return url_for("counts.show")

    def heading(self, session: Session, upload: Upload) -> str:
        return str(gettext("Import a list of counts"))

    def fields(self) -> Mapping[str, str]:
        return {
            "": gettext("not used"),
            CountColumn.CODE: gettext("Code of the village"),
            CountColumn.VILLAGE: gettext("Village"),
            CountColumn.DAY: gettext("Day"),
            CountColumn.KIND: gettext("Kind of count"),
            CountColumn.HOUSEHOLDS: gettext("Number of households"),
            **{CountColumn(kind.value): kind_words(kind.value) for kind in CountKind},
        }

    def preview(self, session: Session, upload: Upload, said: Said) -> str:
        number, last = flow.page_number(upload.length, ROWS_A_PAGE)
        rows = KeptRows(upload.id).page(session, ROWS_A_PAGE * (number - 1), ROWS_A_PAGE)
        return render_template(
            "figures/counts_import.html",
            upload=upload,
            said=said,
            done=upload.state is UploadState.WRITTEN,
            fields=self.fields(),
            judged=rows_again(row.data for row in rows),
            news=upload.summary["news"],
            number=number,
            last=last,
        )

    def after_writing(self, session: Session, upload: Upload) -> str:
        news = upload.summary["news"]
        flash(ngettext("One count was written down.", "%(num)d counts were written down.", news), "success")
        return url_for("counts.show")
