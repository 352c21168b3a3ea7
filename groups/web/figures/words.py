"""The words of the figures: kinds of counts, levels, what is wrong with a figure, what was corrected."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_babel import gettext

from groups.coverage.changes import Correction
from groups.coverage.rules.charts import ChartWords
from groups.coverage.rules.figures import Figure
from groups.coverage.rules.report import Anomaly, Level
from groups.rules.counting import CountKind
from groups.web.enrolment.common import in_one_language
from groups.web.enrolment.history import deed_words


def register(app: Flask) -> None:
    """Give templates the filters that are named here."""
    app.jinja_env.filters.update(
        kind_words=kind_words,
        level_words=level_words,
        anomaly_words=anomaly_words,
        percent=percent,
        counted=counted,
        correction_deed=correction_deed,
        correction_words=correction_words,
        one_language=in_one_language,
    )


def kind_words(kind: str) -> str:
    """A kind of count, as the reader calls it."""
    words: str = {
        CountKind.RESIDENT: gettext("Resident households"),
        CountKind.REGISTERED: gettext("Registered households"),
        CountKind.LANDLINE: gettext("Households with a landline"),
    }[CountKind(kind)]
    return words


def level_words(level: str) -> str:
    """What a row stands for."""
    words: str = {
        Level.TOWN: gettext("Town"),
        Level.VILLAGE: gettext("Village"),
        Level.GRID: gettext("Grid"),
        Level.GROUP: gettext("Mutual-aid group"),
    }[Level(level)]
    return words


def anomaly_words(anomaly: str) -> str:
    """What is wrong with a figure."""
    words: str = {
        Anomaly.MORE_THAN_COUNTED: gettext("more have signed up than were counted: check the count"),
        Anomaly.NOT_COUNTED: gettext("not counted by that day: not in the town's sum"),
    }[Anomaly(anomaly)]
    return words


def percent(figure: Figure) -> str:
    """65.6%, or a dash where there is nothing to divide by."""
    shown = figure.percent()
    return "—" if shown is None else f"{shown}%"


def counted(figure: Figure) -> str:
    """4,018/6,125; a dash for what nobody has counted."""
    households = "—" if figure.households is None else f"{figure.households:,}"
    return f"{figure.subscribed:,}/{households}"


def chart_words(of: str) -> ChartWords:
    """The words of the drawings; `of` is the town or the village whose line is drawn."""
    return ChartWords(
        gettext("Coverage of the villages, the best first; the table below has the same figures"),
        gettext("How the coverage of %(of)s moved; the table below has the same figures", of=of),
        gettext("Demonstration village from"),
        gettext("not started"),
        gettext("not counted"),
        gettext("demonstration village"),
    )


def correction_deed(correction: Correction) -> str:
    """What somebody did who corrected it."""
    words: dict[str, str] = {
        "set_count": gettext("Households counted"),
        "import_counts": gettext("Households counted, from a list"),
        "remove_count": gettext("A count taken out"),
        "set_threshold": gettext("The threshold set"),
        "remove_threshold": gettext("A threshold taken out"),
    }
    return words.get(correction.action) or deed_words(correction.action)


def correction_words(correction: Correction) -> list[tuple[str, str, str]]:
    """What was corrected: by label, what it was and what it became."""
    labels: dict[str, str] = {
        "starts_on": gettext("starts on"),
        "ends_on": gettext("ends on"),
        "households": gettext("Number of households"),
        "counted_on": gettext("counted on"),
        "basis_points": gettext("Threshold"),
    }
    before, after = correction.before or {}, correction.after or {}
    return [
        (label, _shown(name, before), _shown(name, after))
        for name, label in labels.items()
        if _shown(name, before) != _shown(name, after)
    ]


def _shown(name: str, row: dict[str, Any]) -> str:
    value = row.get(name)
    if value is None:
        return ""
    return percent(Figure(value, 10_000)) if name == "basis_points" else str(value)
