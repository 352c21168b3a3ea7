"""Past incidents: found by village, group, kind, outcome, month and words, as a list, as a workbook, and summed up.

How fast neighbours reacted is told by median and worst, by month and by village.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from flask import Blueprint, Flask, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext, ngettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy.orm import Session
from wtforms import ValidationError

from config.database import read_clock
from config.services import get_database
from groups.files.writing import Cell, Look, Table, as_workbook
from groups.web.shell.access import require
from groups.web.shell.access_log import show_numbers
from groups.web.shell.downloads import name_download
from groups.web.shell.forms import Form, TextField
from groups.web.shell.languages import CHINESE
from groups.web.shell.times import get_zone, move_to_zone
from joint_defense.incidents.past import (
    MOST_AT_ONCE,
    Order,
    PastIncident,
    Wanted,
    count_past,
    find_past,
    list_villages_with_past,
    sort_past,
)
from joint_defense.rules.reaction_times import Moment, Statistics, Times, sum_up, sum_up_by
from joint_defense.rules.states import ClosingOutcome, IncidentKind
from joint_defense.rules.triggers import Category
from joint_defense.web.access import WATCHERS, find_own_village
from joint_defense.web.past.chart import NARROW, WIDE, Row, draw_times
from joint_defense.web.words import CATEGORIES, OUTCOMES

pages = Blueprint("past", __name__)

A_PAGE = 50
MONTHS = 12
"""So many months are looked through where nothing else is asked for."""
_YEARS = range(1990, 2200)
_SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

WORDLESS = "wordless"
KINDS = {**{each.value: words for each, words in CATEGORIES.items()}, WORDLESS: _l("A call without a word")}
"""What may be asked for as a kind: what happened, or a call without a word."""
ORDERS = {Order.NEWEST: _l("the newest first"), Order.SLOWEST: _l("nobody or slowest first")}
MOMENTS = {
    Moment.FIRST_RING: _l("First ring"),
    Moment.FIRST_COMING: _l("First to come"),
    Moment.SECOND_COMING: _l("Second to come"),
    Moment.FIRST_THERE: _l("First there"),
    Moment.CLOSED: _l("Closed"),
}
_MARKS = ((1, "1s"), (5, "5s"), (15, "15s"), (60, "1′"), (300, "5′"), (1800, "30′"), (7200, "2h"), (43200, "12h"))
"""Seconds at which the picture has a line, and what stands above it."""

HEADING = (
    "编号",
    "求助时间",
    "村居",
    "组",
    "类别",
    "求助户",
    "位置",
    "呼叫户数",
    "赶来户数",
    "首次响铃(秒)",
    "首户赶来(秒)",
    "次户赶来(秒)",
    "首户到场(秒)",
    "解除(秒)",
    "结果",
    "备注",
)
_WIDTHS = (8, 18, 12, 10, 12, 14, 24, 9, 9, 12, 12, 12, 12, 12, 16, 40)


class PastForm(Form):
    """What is searched for. Months are written as 2026-11; one that is none is told beside its field."""

    since = TextField(most=16)
    until = TextField(most=16)
    village = TextField(most=64)
    group = TextField(most=64)
    kind = TextField(most=20)
    outcome = TextField(most=20)
    words = TextField(most=80)
    order = TextField(most=10)

    def validate_since(self, field: TextField) -> None:
        """A month, or nothing."""
        _check_month(field.data)

    def validate_until(self, field: TextField) -> None:
        """A month that is not before the other one, or nothing."""
        _check_month(field.data)
        first = _read_month(self.since.data)
        last = _read_month(field.data)
        if first is not None and last is not None and last < first:
            raise ValidationError(gettext("This month is before the first one."))


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that could be read: what is wanted, in which order, and its words for an address."""

    wanted: Wanted
    order: Order
    first: date
    last: date
    words: Mapping[str, str]


def register(app: Flask) -> None:
    """Add the pages."""
    app.register_blueprint(pages)
    app.jinja_env.filters.update(seconds_in_words=write_seconds)


@pages.get("/incidents/past")
@require(*WATCHERS)
def show() -> ResponseReturnValue:
    """The incidents that are asked for, fifty a page, with the fields to ask for others."""
    with get_database().begin(reads=True) as session:
        now = read_clock(session)
        form, asked = _read_question(now)
        villages = _list_villages(session, asked)
        count = 0 if asked is None else count_past(session, asked.wanted)
        last = max(1, -(-count // A_PAGE))
        page = min(max(request.args.get("page", 1, type=int), 1), last)
        found = [] if asked is None else _read_page(session, asked, (page - 1) * A_PAGE)
    html = render_template(
        "board/past.html",
        found=found,
        count=count,
        cut=count == MOST_AT_ONCE,
        page=page,
        moment=Moment,
        last=last,
        last_month=f"{_go_back(move_to_zone(now).date().replace(day=1), 1):%Y-%m}",
        **_describe(form, asked, villages),
    )
    return html, 200 if asked is not None else 422


def _read_page(session: Session, asked: Asked, first: int) -> list[PastIncident]:
    """Fifty of the incidents from `first` on. Only what is sorted by its times has to be read whole."""
    if asked.order is Order.NEWEST:
        return find_past(session, asked.wanted, passed_over=first, most=A_PAGE)
    return sort_past(find_past(session, asked.wanted), asked.order)[first : first + A_PAGE]


@pages.get("/incidents/statistics")
@require(*WATCHERS)
def show_statistics() -> ResponseReturnValue:
    """How fast neighbours reacted: all that is asked for, by month and by village, as picture and table."""
    with get_database().begin(reads=True) as session:
        now = read_clock(session)
        form, asked = _read_question(now)
        villages = _list_villages(session, asked)
        found = [] if asked is None else [each for each in find_past(session, asked.wanted) if _counts(each)]
    by_month = _sum_up_by_month(found)
    html = render_template(
        "board/statistics.html",
        whole=sum_up([each.reaction for each in found]),
        by_month=by_month,
        by_village=_sum_up_by_village(found),
        pictures={width: draw_months(by_month, width) for width in (NARROW, WIDE)},
        cut=len(found) == MOST_AT_ONCE,
        moments=MOMENTS,
        **_describe(form, asked, villages),
    )
    return html, 200 if asked is not None else 422


@pages.get("/incidents/past.xlsx")
@require(*WATCHERS)
def export() -> ResponseReturnValue:
    """The same incidents as a workbook: a sheet of them, and one of their times by month and by village."""
    with get_database().begin(reads=True) as session:
        now = read_clock(session)
        _, asked = _read_question(now)
        if asked is None:
            return show()
        found = sort_past(find_past(session, asked.wanted), asked.order)
    show_numbers(len(found), village_id=find_own_village())
    of = "全镇" if find_own_village() is None else found[0].village if found else "本村"
    today = move_to_zone(now).date()
    with force_locale(CHINESE):
        content = write_workbook(found)
    return Response(
        content, mimetype=_SHEETS, headers=name_download(f"{of}警情记录{today}.xlsx", f"incidents-{today}.xlsx")
    )


def _describe(form: PastForm, asked: Asked | None, villages: Sequence[str]) -> dict[str, object]:
    """What both pages show of the question."""
    return {
        "form": form,
        "wrong": form.wrong,
        "asked": {} if asked is None else asked.words,
        "first": None if asked is None else asked.first,
        "until": None if asked is None else asked.last,
        "chosen": [] if asked is None else _name_chosen(form),
        "villages": villages,
        "kinds": KINDS,
        "orders": ORDERS,
        "of_town": find_own_village() is None,
    }


def _read_question(now: datetime) -> tuple[PastForm, Asked | None]:
    """The form as the address has it, and what it asks for; None where a field cannot be read."""
    form = PastForm(request.args)
    if not form.validate():
        return form, None
    last = _read_month(form.until.data) or move_to_zone(now).date().replace(day=1)
    first = _read_month(form.since.data) or min(last, _go_back(last, MONTHS - 1))
    category = form.kind.data if form.kind.data in {each.value for each in Category} else None
    kind = {WORDLESS: IncidentKind.WORDLESS}.get(form.kind.data, IncidentKind.ALARM if category else None)
    outcome = form.outcome.data
    wanted = Wanted(
        since=_find_midnight(first),
        until=_find_midnight(_go_back(last, -1)),
        village_id=find_own_village(),
        village=form.village.data if find_own_village() is None else "",
        group=form.group.data,
        kind=kind,
        category=None if category is None else Category(category),
        outcome=ClosingOutcome(outcome) if outcome in {each.value for each in ClosingOutcome} else None,
        words=form.words.data,
    )
    order = Order(form.order.data) if form.order.data in {each.value for each in Order} else Order.NEWEST
    return form, Asked(wanted, order, first, last, {name: text for name, text in form.data.items() if text})


def _name_chosen(form: PastForm) -> list[str]:
    """What the list is narrowed by, in words."""
    outcomes = {outcome.value: words for outcome, words in OUTCOMES.items()}
    named = (KINDS.get(form.kind.data), outcomes.get(form.outcome.data))
    typed = (form.village.data if find_own_village() is None else "", form.group.data, form.words.data)
    return [str(each) for each in (*typed, *named) if each]


def _list_villages(session: Session, asked: Asked | None) -> list[str]:
    if asked is None or find_own_village() is not None:
        return []
    return list_villages_with_past(session, asked.wanted.since, asked.wanted.until)


def _check_month(text: str) -> None:
    if text and _read_month(text) is None:
        raise ValidationError(gettext("Write a month like 2026-11."))


def _read_month(text: str) -> date | None:
    year, _, month = text.replace("/", "-").replace("年", "-").removesuffix("月").partition("-")
    if not (year.isdecimal() and month.isdecimal() and int(year) in _YEARS and 1 <= int(month) <= 12):
        return None
    return date(int(year), int(month), 1)


def _go_back(month: date, months: int) -> date:
    number = month.year * 12 + month.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _find_midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=get_zone()).astimezone(UTC)


def _counts(each: PastIncident) -> bool:
    """Whether it says how fast neighbours react: a call for help, no drill."""
    return each.kind is IncidentKind.ALARM and each.outcome is not ClosingOutcome.DRILL


def _sum_up_by_month(found: Iterable[PastIncident]) -> dict[str, Statistics]:
    months = sum_up_by((each.reaction for each in found), lambda each: f"{move_to_zone(each.opened_at):%Y-%m}")
    return dict(sorted(months.items()))


def _sum_up_by_village(found: Iterable[PastIncident]) -> dict[str, Statistics]:
    """Those where most were left alone first, then those that wait longest for the first to come."""
    parted: dict[str, list[PastIncident]] = {}
    for each in found:
        parted.setdefault(each.village, []).append(each)
    summed = {village: sum_up([each.reaction for each in those]) for village, those in parted.items()}
    return dict(sorted(summed.items(), key=lambda item: (-item[1].left_alone, -_find_median(item[1]), item[0])))


def _find_median(statistics: Statistics) -> float:
    return statistics.times[Moment.FIRST_COMING].median or 0.0


def draw_months(by_month: Mapping[str, Statistics], width: int) -> Markup:
    """The picture of the time until the first household said that it comes, month by month."""
    rows = [
        Row(month, times.median, times.worst, _write_both(times))
        for month, times in ((month, each.times[Moment.FIRST_COMING]) for month, each in by_month.items())
    ]
    return Markup(draw_times(rows, _MARKS, gettext("First to come"), width))  # noqa: S704 # escaped where it is drawn


def _write_both(times: Times) -> str:
    if times.median is None or times.worst is None:
        nobody: str = gettext("nobody")
        return nobody
    return f"{write_seconds(times.median)} · {write_seconds(times.worst)}"


def write_seconds(seconds: float | None) -> str:
    """A length of time as people say it: 8 s, 3 min 20 s, 40 min, 2 h, 5 days; a dash for none."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    words: str
    if whole < 120:
        words = gettext("%(count)d s", count=whole)
    elif whole < 600:
        words = gettext("%(minutes)d min %(seconds)02d s", minutes=whole // 60, seconds=whole % 60)
    elif whole < 7200:
        words = gettext("%(count)d min", count=round(whole / 60))
    elif whole < 172800:
        words = gettext("%(count)d h", count=round(whole / 3600))
    else:
        words = ngettext("%(num)d day", "%(num)d days", round(whole / 86400))
    return words


def write_workbook(found: Sequence[PastIncident]) -> bytes:
    """The incidents, one a row, with times in whole seconds; and what they say together."""
    counted = [each for each in found if _counts(each)]
    sums = [
        _write_sums(name, each)
        for name, each in (
            *_sum_up_by_month(counted).items(),
            *_sum_up_by_village(counted).items(),
            ("合计", sum_up([each.reaction for each in counted])),
        )
    ]
    heading = ["月份/村居", "警情数", "无人赶来"]
    for moment in ("首次响铃", "首户赶来", "次户赶来", "首户到场", "解除"):
        heading += [f"{moment}中位(秒)", f"{moment}最长(秒)"]
    printed = Look(printed=True, landscape=True, filtered=True, wrapped=True)
    return as_workbook(
        [
            Table("警情", HEADING, [_write_row(each) for each in found], widths=_WIDTHS, look=printed),
            Table("反应时间", heading, sums, widths=[14], look=Look(printed=True, landscape=True)),
        ]
    )


def _write_row(each: PastIncident) -> list[Cell]:
    times = [each.reaction.measure(moment) for moment in Moment]
    return [
        each.incident_id,
        f"{move_to_zone(each.opened_at):%Y-%m-%d %H:%M:%S}",
        each.village,
        each.group,
        write_kind(each.kind, each.category),
        each.household,
        each.place,
        each.called,
        each.coming,
        *(None if seconds is None else round(seconds) for seconds in times),
        "" if each.outcome is None else str(OUTCOMES[each.outcome]),
        each.note,
    ]


def write_kind(kind: IncidentKind, category: Category) -> str:
    """What a line calls it."""
    return str(KINDS[WORDLESS] if kind is IncidentKind.WORDLESS else CATEGORIES[category])


def _write_sums(name: str, statistics: Statistics) -> list[Cell]:
    cells: list[Cell] = [name, statistics.incidents, statistics.left_alone]
    for moment in Moment:
        times = statistics.times[moment]
        cells += [None if each is None else round(each) for each in (times.median, times.worst)]
    return cells
