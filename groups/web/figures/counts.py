"""Counts of households and thresholds: what the figures are divided by and measured against, entered or imported."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.services import database
from groups.coverage import counts as coverage_counts
from groups.coverage.counts import Judged, read_counts_file
from groups.coverage.rules.count_rows import CountRow
from groups.coverage.rules.figures import basis_points_of
from groups.coverage.rules.query import choice_of
from groups.errors import CountedMeanwhile, CountsFileError, GroupsError, InvalidCount, UnknownVillage
from groups.models.accounts import AccountRole
from groups.models.changes import Source
from groups.models.figures import HouseholdCount, Threshold
from groups.roster.search import the_village
from groups.rules.counting import CountKind
from groups.rules.days import day_of
from groups.web.enrolment.common import WRITERS, chosen_village, day_in, own_villages, today_of, words_of
from groups.web.roster.common import new_batch
from groups.web.shell.access import requires

pages = Blueprint("counts", __name__, url_prefix="/coverage/counts")

_ADMIN = AccountRole.ADMIN


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
            news = coverage_counts.set_count(new_batch(session, "set_count"), code, kind, day, households)
    except GroupsError as error:
        return _page(words_of(error)), _status_of(error)
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
            coverage_counts.remove_count(new_batch(session, "remove_count"), form.get("village", ""), kind, day)
    except GroupsError as error:
        return _page(words_of(error)), _status_of(error)
    flash(gettext("The count was taken out."), "success")
    return _back(form.get("village", ""))


@pages.post("/import")
@requires(*WRITERS)
def look_through() -> ResponseReturnValue:
    """Show what a list of counts would change. Nothing is written."""
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise CountsFileError("请选择文件 choose a file")
        with database().begin() as session:
            today = today_of(session)
            rows = read_counts_file(file.read(), file.filename, day_in("day", today))
            judged = coverage_counts.judge(session, rows, today)
    except GroupsError as error:
        return _page(words_of(error)), 422
    kept = json.dumps([_kept(each) for each in judged if each.is_new], ensure_ascii=False)
    return render_template(
        "figures/counts_import.html", judged=judged, kept=kept, news=sum(each.is_new for each in judged)
    )


@pages.post("/import/confirm")
@requires(*WRITERS)
def confirm() -> ResponseReturnValue:
    """Write the list that was looked through; nothing of it where a count has changed meanwhile."""
    try:
        kept = _rows_again(request.form.get("rows", ""))
        with database().begin() as session:
            seen = {_key(row): before for row, before in kept}
            judged = coverage_counts.judge(session, [row for row, _ in kept], today_of(session))
            if any(each.problem or each.before != seen[_key(each.row)] for each in judged):
                raise CountedMeanwhile("户数已被他人更改，请重新核对 somebody else has changed this count meanwhile")
            taken = coverage_counts.take(new_batch(session, "import_counts", source=Source.IMPORT), judged)
    except GroupsError as error:
        return _page(words_of(error)), _status_of(error)
    flash(ngettext("One count was written down.", "%(num)d counts were written down.", taken), "success")
    return redirect(url_for("counts.show"), 303)


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


def _back(code: str) -> ResponseReturnValue:
    """To the counts, in a county to those of the village with this code."""
    with database().begin() as session:
        many = own_villages(session).many
    return redirect(url_for("counts.show", village=code if many else None), 303)


def _status_of(error: GroupsError) -> int:
    if isinstance(error, UnknownVillage):
        return 404
    return 409 if isinstance(error, CountedMeanwhile) else 422


def _page(wrong: str = "", *, of_threshold: str = "") -> str:
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
        )


def _by_village(session: Session, villages: Collection[int]) -> dict[int, list[HouseholdCount]]:
    counts: dict[int, list[HouseholdCount]] = defaultdict(list)
    for count in coverage_counts.read_counts(session, villages):
        counts[count.village_id].append(count)
    return counts


def _number(text: str) -> int:
    plain = text.strip().replace(",", "")
    if not plain.isascii() or not plain.isdigit() or len(plain) > 9:
        raise InvalidCount("户数须为整数 the number of households must be a whole number")
    return int(plain)


def _kept(each: Judged) -> list[Any]:
    day = each.row.counted_on.isoformat() if each.row.counted_on else None
    return [each.row.line, each.row.village, each.row.kind.value, day, each.row.households, each.before]


def _rows_again(text: str) -> list[tuple[CountRow, int | None]]:
    """The rows as the page that was confirmed had them. Raises CountsFileError."""
    try:
        return [
            (CountRow(int(line), str(village), CountKind(kind), date.fromisoformat(day), int(households)), before)
            for line, village, kind, day, households, before in json.loads(text)
        ]
    except (ValueError, TypeError):
        raise CountsFileError("请重新选择文件 choose the file once more") from None


def _key(row: CountRow) -> tuple[str, CountKind, date | None]:
    return row.village, row.kind, row.counted_on
