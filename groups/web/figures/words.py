"""The words of the figures: kinds of counts, levels, what is wrong with a figure, what was corrected."""

from __future__ import annotations

from flask import Flask
from flask_babel import gettext

from groups.coverage.rules.charts import ChartWords
from groups.coverage.rules.figures import Figure, write_percent, write_threshold
from groups.coverage.rules.report import VERSION, Anomaly, Level
from groups.coverage.rules.statement import Cause, Line, Measure
from groups.models.enrolment import EndReason
from groups.rules.counting import CountKind
from groups.web.history.words import COUNT_KINDS, END_REASONS, name_deed
from groups.web.shell.languages import tell_reader


def register(app: Flask) -> None:
    """Give templates the filters that are named here."""
    app.jinja_env.filters.update(
        kind_words=name_kind,
        level_words=name_level,
        anomaly_words=explain_anomaly,
        percent=show_percent,
        counted=write_counted,
        measure_words=measure_words,
        cause_words=name_cause,
        line_deed=write_deed,
        line_end=write_end,
        one_language=tell_reader,
        threshold_text=show_threshold,
    )
    app.jinja_env.globals.update(exports_version=VERSION)


def name_kind(kind: str) -> str:
    """A kind of count, as the reader calls it."""
    return str(COUNT_KINDS[CountKind(kind)])


def name_level(level: str) -> str:
    """What a row stands for."""
    words: str = {
        Level.TOWN: gettext("Town"),
        Level.VILLAGE: gettext("Village"),
        Level.GRID: gettext("Grid"),
        Level.GROUP: gettext("Mutual-aid group"),
    }[Level(level)]
    return words


def explain_anomaly(anomaly: str) -> str:
    """What is wrong with a figure."""
    words: str = {
        Anomaly.MORE_THAN_COUNTED: gettext("more have signed up than were counted: check the count"),
        Anomaly.NOT_COUNTED: gettext("not counted by that day: not in the town's sum"),
    }[Anomaly(anomaly)]
    return words


def show_percent(figure: Figure, threshold: int = 0) -> str:
    """65.6%, or a dash where there is nothing to divide by; or as exact as the threshold asks for."""
    shown = write_percent(figure, threshold) if threshold else figure.percent()
    return "—" if shown is None else f"{shown}%"


def show_threshold(threshold: int) -> str:
    """A threshold in hundredths of a per cent as people read it: 66.67%."""
    return f"{write_threshold(threshold)}%"


def write_counted(figure: Figure) -> str:
    """4,018/6,125; a dash for what nobody has counted."""
    households = "—" if figure.households is None else f"{figure.households:,}"
    return f"{figure.subscribed:,}/{households}"


def make_chart_words(of: str) -> ChartWords:
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
        Measure.LIVING: gettext("Households that live there"),
    }[Measure(measure)]
    return words


def name_cause(cause: str) -> str:
    """Why a figure is another."""
    words: str = {
        Cause.CORRECTED: gettext("corrected"),
        Cause.JOINED: gettext("joined"),
        Cause.LEFT: gettext("left"),
        Cause.MOVED: gettext("moved"),
        Cause.COUNTED: gettext("counted anew"),
        Cause.ENTERED: gettext("came into the sum"),
        Cause.DROPPED: gettext("is in the sum no more"),
        Cause.BECAME: gettext("became one"),
        Cause.CEASED: gettext("is one no more"),
    }[Cause(cause)]
    return words


def write_deed(line: Line) -> str:
    """What somebody did who brought a line about."""
    return name_deed(line.action) if line.action else ""


def write_end(line: Line) -> str:
    """What a line's household or village is now: why it left, or what stands there."""
    if line.after in {reason.value for reason in EndReason}:
        return str(END_REASONS[EndReason(line.after)])
    return line.after
