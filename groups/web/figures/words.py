"""The words of the figures: kinds of counts, levels, what is wrong with a figure, what was corrected."""

from __future__ import annotations

from flask import Flask
from flask_babel import gettext

from groups.coverage.rules.charts import ChartWords
from groups.coverage.rules.figures import Figure, threshold_percent, told_percent
from groups.coverage.rules.report import Anomaly, Level
from groups.coverage.rules.statement import Cause, Line, Measure
from groups.coverage.rules.table import VERSION
from groups.models.enrolment import EndReason
from groups.rules.counting import CountKind
from groups.web.history.words import COUNT_KINDS, END_REASONS, deed_words
from groups.web.shell.languages import in_readers_language


def register(app: Flask) -> None:
    """Give templates the filters that are named here."""
    app.jinja_env.filters.update(
        kind_words=kind_words,
        level_words=level_words,
        anomaly_words=anomaly_words,
        percent=percent,
        counted=counted,
        measure_words=measure_words,
        cause_words=cause_words,
        line_deed=line_deed,
        line_end=line_end,
        one_language=in_readers_language,
        threshold_text=threshold_text,
    )
    app.jinja_env.globals.update(exports_version=VERSION)


def kind_words(kind: str) -> str:
    """A kind of count, as the reader calls it."""
    return str(COUNT_KINDS[CountKind(kind)])


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


def percent(figure: Figure, threshold: int = 0) -> str:
    """65.6%, or a dash where there is nothing to divide by; or as exact as the threshold asks for."""
    shown = told_percent(figure, threshold) if threshold else figure.percent()
    return "—" if shown is None else f"{shown}%"


def threshold_text(threshold: int) -> str:
    """A threshold in hundredths of a per cent as people read it: 66.67%."""
    return f"{threshold_percent(threshold)}%"


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


def measure_words(measure: str) -> str:
    """A figure that is explained line by line."""
    words: str = {
        Measure.SUBSCRIBED: gettext("Signed up"),
        Measure.HOUSEHOLDS: gettext("Number of households"),
        Measure.VILLAGES: gettext("Villages"),
        Measure.STARTED: gettext("Villages under way"),
        Measure.DEMONSTRATION: gettext("Demonstration villages"),
    }[Measure(measure)]
    return words


def cause_words(cause: str) -> str:
    """Why a figure is another."""
    words: str = {
        Cause.CORRECTED: gettext("corrected"),
        Cause.JOINED: gettext("joined"),
        Cause.LEFT: gettext("left"),
        Cause.COUNTED: gettext("counted anew"),
        Cause.ENTERED: gettext("came into the sum"),
        Cause.DROPPED: gettext("is in the sum no more"),
        Cause.BECAME: gettext("became one"),
        Cause.CEASED: gettext("is one no more"),
    }[Cause(cause)]
    return words


def line_deed(line: Line) -> str:
    """What somebody did who brought a line about."""
    return deed_words(line.action) if line.action else ""


def line_end(line: Line) -> str:
    """What a line's household or village is now: why it left, or what stands there."""
    if line.after in {reason.value for reason in EndReason}:
        return str(END_REASONS[EndReason(line.after)])
    return line.after
