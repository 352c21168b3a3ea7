"""`make mutants`: small faults put into the core one at a time, and whether the tests notice.

A flipped comparison or condition, an operator's opposite, a changed number, a dropped filter or lock. Tests run in one
warm process: each once, to see which lines it runs through (kept in `var/mutants`; `--map` adds what is not in it
yet; where there is none, all are looked at first); then for each fault those that run through its line, the quickest
first, until one fails. What survives is printed with its file and line; what is known to change nothing stands in
`equivalent.toml`, with the reason.

`ARGS="--most 200 --seed 12"`: a sample of the core; `--first 80` goes on where a run was cut off after the eightieth.
`ARGS=--named`: the faults that reviews have named (`named.toml`).
`ARGS="--module joint_defense/rules/answers.py"`: a sample of a file or folder.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tools.mutants.changes import ROOT, Fault, Place, list_places, read_equivalent, read_named
from tools.mutants.marks import mark_imports
from tools.mutants.trying import PARTS, WARM, Profile, Tried, Trying, make_arguments
from tools.mutants.ways import KEPT, Ways

CORE = (
    "joint_defense/rules",
    "joint_defense/alarms",
    "joint_defense/incidents",
    "joint_defense/delivery",
    "groups/coverage/figures.py",
    "groups/coverage/rules",
    "groups/enrolment/bills.py",
    "groups/enrolment/paid_for.py",
    "groups/enrolment/rules",
    "groups/history/undo.py",
    "groups/web/shell/access.py",
)
"""Where faults are drawn by lot."""


def main() -> int:
    given, gone = _read_arguments(), list[str]()
    if given.named:
        faults = [each for each in read_named(gone) if given.only in f"{each.place_then} {each.place} {each.what}"]
    elif given.map and not (given.module or given.most):
        faults = []
    else:
        faults = _draw(given)
    faults = faults[given.first :][: given.most or None]
    # Not the tests' own: what they print goes elsewhere.
    out = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    equivalent = read_equivalent()

    def tell(tried: Tried) -> None:
        number = len(trying.tried)
        word = "noticed " if tried.noticed_by else "known   " if _find_why(tried.fault, equivalent) else "SURVIVED"
        told = tried.noticed_by or f"{tried.tests} tests"
        out.write(
            f"{number}/{len(faults)} {word} {tried.fault.place_then} {tried.fault.place} {tried.fault.what}"
            f" · {told} · {tried.seconds:.1f} s\n"
        )

    files = sorted({each.noticed_by.partition("::")[0] for each in faults if each.noticed_by})
    # Without a map, where a test or a reason is known for each of them: those alone are run.
    known = bool(faults) and all(each.noticed_by or _find_why(each, equivalent) for each in faults)
    map_anew = given.map or not (KEPT.exists() or known)
    parts = given.tests or (PARTS if map_anew else Ways.read().list_files())
    if map_anew:
        mark_imports()
    trying = Trying(faults, tell, given.seconds, map_anew, also=given.tests or (), leave_out=given.without)
    pytest.main(make_arguments(list(dict.fromkeys([*parts, *files, *WARM]))), plugins=[trying, Profile()])
    return _report(trying, equivalent, gone)


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--named", action="store_true", help="the faults of named.toml")
    parser.add_argument("--only", default="", help="of these, those with this in their place or their words")
    parser.add_argument("--module", action="append", help="only this file or folder (default: the core)")
    parser.add_argument(
        "--tests", nargs="*", help="the tests that are to notice, in the map or not (default: all in it)"
    )
    parser.add_argument("--without", default="", help="leave out tests with this in their name: postgresql")
    parser.add_argument("--most", type=int, default=0, help="a sample of so many (default: 100)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="leave out so many of them")
    parser.add_argument("--seconds", type=float, default=60, help="tests of so many seconds for one fault, at most")
    parser.add_argument(
        "--map", action="store_true", help="look anew which tests run through which lines: all, or those of --tests"
    )
    return parser.parse_args()


def _draw(given: argparse.Namespace) -> list[Fault]:
    found: list[Place] = []
    for place in given.module or CORE:
        whole = ROOT / place
        files: Sequence[Path] = sorted(whole.rglob("*.py")) if whole.is_dir() else [whole]
        found += [each for path in files for each in list_places(path)]
    # Not a secret: a sample.
    sample = random.Random(given.seed).sample(found, min(given.most or 100, len(found)))  # noqa: S311
    print(f"{len(sample)} of {len(found)}", flush=True)
    return [each.put() for each in sample]


def _find_why(fault: Fault, equivalent: dict[tuple[str, str, str], str]) -> str:
    line = (ROOT / fault.path).read_text().split("\n")[fault.lines[0] - 1].strip()
    return equivalent.get((fault.path, line, fault.what)) or equivalent.get(("*", line, fault.what), "")


def _report(trying: Trying, equivalent: dict[tuple[str, str, str], str], gone: list[str]) -> int:
    tried = trying.tried
    survived = [each for each in tried if not each.noticed_by and not _find_why(each.fault, equivalent)]
    known = [each for each in tried if not each.noticed_by and _find_why(each.fault, equivalent)]
    noticed = len(tried) - len(survived) - len(known)
    print(f"\n{noticed} noticed, {len(known)} known to change nothing, {len(survived)} survived", flush=True)
    for each in survived:
        print(f"  {each.fault.place_then} {each.fault.place} {each.fault.what}")
    for test in sorted(trying.unsound):
        print(f"  fails without any fault: {test}")
    for told in gone:
        print(f"  to be found anew in the house: {told}")
    return 1 if survived or gone else 0


if __name__ == "__main__":
    sys.exit(main())
