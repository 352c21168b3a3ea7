"""Our own exports, opened and saved by LibreOffice, and imported again: nothing may change.

    make office                      every form that LibreOffice saves
    python -m tools.office_round_trip --office /usr/bin/soffice

A village drawn by lot, with doors that look like days, groups and names of all kinds, is exported as .xlsx and .csv;
LibreOffice opens each (in Chinese, as a clerk has it) and saves it as .xlsx, .xls, .ods and .csv; each is judged
against the village. It ends with 1 where anything would change, with 3 where there is no LibreOffice.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from groups.errors import RosterFileError
from groups.errors.words import write_both
from groups.roster import exports
from groups.roster.imports.reading import read_list
from groups.roster.imports.rules.judgement import Judgement, judge
from groups.roster.imports.rules.rows import examine
from groups.roster.rules.household import RosterHousehold

REGION, AREA = "CN", "574"
FORMS = ("xlsx", "xls", "ods", "csv")
_SURNAMES, _GIVEN = "王李张陈林周吴郑孙钱", "建明华国生发林平安强芳英䶮"
PATIENCE = 170.0


def draw_village(households: int, seed: int) -> list[RosterHousehold]:
    """A village drawn by lot: of its doors many are what a spreadsheet takes for a day or a figure."""
    lot = random.Random(seed)  # noqa: S311  a list drawn by lot, not a secret
    made = []
    for at in range(households):
        number = at // 10 + 1
        first, second = lot.randint(1, 20), lot.randint(1, 60)
        like_days = [
            f"{first}-{second}",
            f"{first}-{second}-{lot.randint(1, 9)}",
            f"{first}.{second}",
            f"{first}/{second}",
        ]
        like_figures = [f"{first}", f"{first:03}", f"{first}E{second}"]
        door = lot.choice([*like_days, *like_figures, f"{first}号", "东街1-1", f"{at}-1", ""])
        mobile = f"+861{lot.choice('3589')}9{at:08}"
        phones = [mobile, *([f"+865748800{at:04}"] if lot.random() < 0.3 else [])]
        phones += [f"+861777{at:07}"] if lot.random() < 0.3 else []
        head = lot.choice(_SURNAMES) + "".join(lot.choice(_GIVEN) for _ in range(lot.randint(1, 2)))
        place = "" if lot.random() < 0.7 else "=村口"
        made.append(RosterHousehold(at + 1, f"第{number}联防组", door, head, place, at % 10 + 1, tuple(phones)))
    return made


def judge_file(content: bytes, name: str, roster: Sequence[RosterHousehold]) -> Judgement:
    """What importing a file into the village would do. Raises RosterFileError."""
    rows = [examine(row, REGION, AREA) for row in read_list(content, name).rows]
    return judge(rows, roster, {}, REGION)


def save_by_office(office: str, source: Path, form: str, folder: Path) -> list[Path]:
    """The files that LibreOffice saves, in Chinese: of CSV one a sheet. Raises CalledProcessError, TimeoutExpired."""
    folder.mkdir(parents=True, exist_ok=True)
    # 76: UTF-8; a clerk's CSV is opened with commas between its cells, each as LibreOffice takes it by itself.
    filters = {"csv": "csv:Text - txt - csv (StarCalc):44,34,76,1,,2052,false,true,false,false,false,-1"}
    opens = ["--infilter=CSV:44,34,76,1,,2052"] if source.suffix == ".csv" else []
    command = [office, f"-env:UserInstallation=file://{folder.parent}/profile", "--headless", "--norestore", *opens]
    command += ["--convert-to", filters.get(form, form), "--outdir", str(folder), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)
    return sorted(folder.glob(f"{source.stem}*.{form}"))


def find_flaws(files: Sequence[Path], roster: Sequence[RosterHousehold]) -> list[str]:
    """What importing the files would change, and the households that none of them has; a line each."""
    wrong: list[str] = []
    missing = {household.id: household.label for household in roster}
    for file in files:
        try:
            found = judge_file(file.read_bytes(), file.name, roster)
        except RosterFileError as error:
            wrong.append(f"refused: {write_both(error.message)}")
            continue
        wrong += [
            f"row {row.row} {row.household}: {row.change} {row.changed} {[one.reason for one in row.findings]}"
            for row in found.verdicts
            if row.change != "same" or row.changed
        ]
        for entry in found.entries:
            if entry.household is not None:
                missing.pop(entry.household.id, None)
    return wrong + [f"missing: {label}" for label in missing.values()]


def main() -> int:
    """Make the exports, have them saved, and judge them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--office", default=shutil.which("soffice") or "")
    parser.add_argument("--households", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if not given.office:
        print("no LibreOffice here: apt-get install libreoffice-calc")
        return 3
    roster = draw_village(given.households, given.seed)
    day = datetime(2026, 11, 30, tzinfo=UTC).date()
    proven = {each.id: day for each in roster[::2]}
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        sources = {"xlsx": exports.as_xlsx(roster, REGION, "四甲村", day, proven)}
        sources["csv"] = exports.as_csv(roster, REGION, proven).encode("utf-8-sig")
        for made, content in sources.items():
            source = Path(folder) / f"export-{made}.{made}"
            source.write_bytes(content)
            for form in FORMS:
                saved = save_by_office(given.office, source, form, Path(folder) / f"{made}-{form}")
                wrong = find_flaws(saved, roster)
                failed = failed or bool(wrong)
                print(f"{made} saved as {form}: {len(roster)} households, {len(wrong)} changed", *wrong[:8], sep="\n  ")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
