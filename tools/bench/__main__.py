"""Run the benchmark and print its table; `--write` puts it into docs/bench.md as well."""

from __future__ import annotations

import argparse
import os
import sys
import time

from config.database import Database
from joint_defense.processes.stand_in import LOAD_AFTER
from tools.bench import figure_pages, figures, page, planning, rosters, soak
from tools.bench.county import ROSTER, county
from tools.bench.measuring import Bench, measure
from tools.bench.plain import PlainClient
from tools.bench.report import Beside, as_markdown, as_text
from tools.bench.service import Service
from tools.bench.town import settle

SIZES = (10, 40, 500)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="alarms per size (default: 9)")
    parser.add_argument("--write", action="store_true", help="put the table into docs/bench.md")
    parser.add_argument("--alarms", action="store_true", help="only the alarm, and a storm of 200")
    parser.add_argument("--figures", action="store_true", help="only the figures of a county")
    parser.add_argument("--rosters", action="store_true", help="only the rosters' pages of a county")
    parser.add_argument("--planning", action="store_true", help="only the plan of a county's tests")
    given = parser.parse_args()
    if given.planning:
        return _measure_planning(write=given.write)
    everything = not (given.figures or given.rosters or given.alarms)
    if everything or given.alarms:
        _measure_alarms(given.runs, write=given.write)
    if given.alarms:
        return 0
    load = rosters.load_now()
    with county() as url:
        if everything or given.figures:
            asked = figures.measure_figures(url) + figure_pages.measure_pages(url)
            if given.write:
                figures.write(asked, load)
        # Last, because it brings lists in: the figures are of a county as it was.
        if everything or given.rosters:
            timed = rosters.measure_rosters(url)
            print(rosters.as_text(timed))
            if given.write:
                rosters.write(timed, load)
    return 0


def _measure_planning(*, write: bool) -> int:
    load = rosters.load_now()
    with county(ROSTER) as url:
        days = planning.measure_days(url)
    print(planning.as_markdown(days))
    if write:
        planning.write(days, load)
    return 0 if days[-1].seconds < planning.MAY_TAKE else 1


def _measure_alarms(runs: int, *, write: bool) -> None:
    # What else the machine was doing: on a busy one times mean little, and processor time a little more.
    load = os.getloadavg()[0]
    with Service() as service:
        database = Database(service.settings.database_url)
        crowds = settle(database, SIZES)
        bench = Bench(service, database)
        first = bench.raise_alarm(crowds[0])
        # A while after their start processes load what sending needs: they are not at rest before.
        time.sleep(LOAD_AFTER + 2.0)
        before, begun = service.cpu(), time.monotonic()
        time.sleep(5.0)
        idle = (service.cpu() - before) / (time.monotonic() - begun) * 1000
        memory = service.memory()
        with PlainClient(service.carrier) as client:
            results = [measure(bench, crowd, runs, client) for crowd in crowds]
        database.close()
    beside = Beside(first.last_taken, idle, memory, load)
    print(as_text(results, beside))
    storm = _measure_storm()
    print(storm)
    if write:
        page.put_first(f"{as_markdown(results, beside)}\n{storm}\n")


def _measure_storm() -> str:
    """200 alarms in ten seconds, with callbacks."""
    with soak.open_town() as town:
        storm = soak.raise_storm(town)
        time.sleep(soak.CALLBACKS_AFTER)
        told = town.service.ask_carrier("GET", "/bench/told")
    return f"{soak.describe_storm(storm)}\n{soak.describe_callbacks(told)}"


if __name__ == "__main__":
    sys.exit(main())
