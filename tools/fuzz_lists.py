"""A fuzzer over the reading of lists that knows how lists are made: sheets, merges, styles, encodings, words, wounds.

    make fuzz                        for a minute
    make fuzz ARGS="--minutes 60"    and further
    make fuzz ARGS="--seed 123"      one list again

Each list is drawn from what people write, with its truth: the numbers that stand in it. What must hold: the reader
takes it or refuses it in words, never crashes, never takes 20 seconds; it makes no number up; a number that it does
not take, and every row with a name and a number that it leaves out, is told.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import sys
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import openpyxl
import xlwt
from openpyxl.styles import Font

from groups.errors import RosterFileError
from groups.errors.words import write_both
from groups.roster.imports.reading import RosterList, open_file, open_pasted, read_households
from groups.roster.imports.rules.judgement import Judgement, judge
from groups.roster.imports.rules.rows import examine

PATIENCE = 20.0
_SURNAMES = "王李张陈林周吴郑孙钱冯许何施俞黄沈徐杨毛"
_GIVEN = "甲乙丙丁戊己庚辛壬癸建明华国生发林平安强芳英"
_HEADINGS = {
    "group": ["组别", "联防组", "組別", "小组", "组", "所属组", ""],
    "door": ["门牌号", "门牌", "地址", "門牌號", "住址", "房号"],
    "head": ["户主", "姓名", "戶主", "户主姓名", "联系人", "户主及电话", "姓名（户主）"],
    "phone": ["手机", "联系电话", "手机号码（微信同号）", "电话/短号", "☎", "手機號碼", "Tel", "联系方式", ""],
    "landline": ["固话", "宅电", "固定电话"],
    "second": ["备用手机", "手机2", "其他电话"],
    "note": ["备注", "短号", "与户主关系", "身份证号", "原手机", "序号"],
}
_NOISE = [
    "合计",
    "小计：3户",
    "以下空白",
    "制表人：王建国",
    "2组",
    "第三联防组",
    "空房",
    "同上",
    "〃",
    '"',
    "注：x",
    "——",
    "#N/A",
    "TRUE",
    "例：张三",
]
_BETWEEN = [
    "、",
    "/",
    ",",
    "，",
    ";",
    " ",
    "\n",
    "—",
    "&",
    "+",
    "：",
    "（",
    "和",
    "<br>",
    "-",
    "  ",
    "|",
    "*",
    "~",
    "//",
    "①",
    " 改",
]
_AROUND = [
    "{}",
    " {} ",
    "'{}",
    "{}.0",
    "+86 {}",
    "手机:{}",
    "{}（短号661061）",
    "tel:{}",
    "{}（妻）",
    "原{}",
    "{}停机",
    "{}-8",
    "{}转801",
    "wx{}",
]


@dataclass
class Draft:
    """A list: its cells, their merges and looks, and every run of digits that was written as a number."""

    rows: list[list[Any]]
    numbers: set[str] = field(default_factory=set)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    struck: set[tuple[int, int]] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    formats: dict[tuple[int, int], str] = field(default_factory=dict)


class Lot:
    """One list drawn by lot."""

    def __init__(self, seed: int) -> None:
        self.lot = random.Random(seed)  # noqa: S311  a list drawn by lot, not a secret
        self.numbers: set[str] = set()

    def one(self, *choices: Any) -> Any:
        """One of them."""
        return self.lot.choice(choices)

    def number(self) -> str:
        """A number that rings, which is noted."""
        landline = self.lot.random() < 0.2
        digits = (
            f"88{self.lot.randrange(10**6):06}"
            if landline
            else f"1{self.one(3, 5, 8, 9)}9{self.lot.randrange(10**8):08}"
        )
        self.numbers.add(digits)
        return digits

    def phone(self) -> Any:
        """A cell of phones as people write them."""
        lot = self.lot
        draw = lot.random()
        if draw < 0.1:
            return lot.choice([None, "", "无", "-", "〃", "1.38E+10", 1.38e10, "#N/A", True])
        if draw < 0.2:
            return float(self.number())
        if draw < 0.25:
            return float(self.number() + self.number())
        written = lot.choice(_AROUND).format(self.number())
        while lot.random() < 0.25:
            written += lot.choice(_BETWEEN) + lot.choice(_AROUND).format(self.number())
        return written

    def name(self) -> str:
        """A head's cell."""
        lot = self.lot
        bare = lot.choice(_SURNAMES) + "".join(lot.choice(_GIVEN) for _ in range(lot.randint(1, 2)))
        form = lot.choice(
            [
                "{}",
                "{}",
                "{}",
                " {} ",
                "组长：{}",
                "★{}",
                "{}（组长）",
                "{}（妻）",
                "{} " + self.number() if lot.random() < 0.2 else "{}",
            ]
        )
        return str(form).format(bare)

    def door(self) -> Any:
        """A door's cell."""
        lot = self.lot
        first, second = lot.randint(1, 20), lot.randint(1, 60)
        return lot.choice(
            [
                f"{first}-{second}",
                f"{first}－{second}",
                f"{first}号",
                "〃",
                "",
                f"{first}月{min(second, 28)}日",
                float(first),
                f"{first}-{second}-3",
            ]
        )

    def draft(self) -> Draft:
        """The list."""
        lot = self.lot
        keys = ["group", "door", "head", "phone"]
        keys += [key for key in ("landline", "second", "note") if lot.random() < 0.4]
        if lot.random() < 0.3:
            lot.shuffle(keys)
        rows: list[list[Any]] = [
            [lot.choice(["墙下陶村名册", "填表单位：村", "", "2026年11月"])] for _ in range(lot.randint(0, 3))
        ]
        if lot.random() < 0.95:
            rows.append([lot.choice(_HEADINGS[key]) for key in keys])
        if lot.random() < 0.1:
            rows.append(["（必填）" for _ in keys])
        group = 1
        for at in range(lot.randint(0, 14)):
            if lot.random() < 0.25:
                group += 1
            rows.append(self._row(keys, group, at))
        drawn = Draft(rows, self.numbers)
        self._looks(drawn, len(keys))
        return drawn

    def _row(self, keys: list[str], group: int, at: int) -> list[Any]:
        lot = self.lot
        if lot.random() < 0.08:
            return [lot.choice(_NOISE) if lot.random() < 0.5 else None for _ in keys]
        cells = {
            "group": lot.choice([f"{group}组", f"第{group}组", "", "〃", group, None]),
            "door": self.door(),
            "head": self.name() if lot.random() < 0.93 else lot.choice([None, "空房", "〃", "（妻）", "户主不详"]),
            "phone": self.phone(),
            "landline": self.phone() if lot.random() < 0.4 else None,
            "second": self.phone() if lot.random() < 0.4 else None,
            "note": lot.choice(["", "老人", "妻", "户主", at, f"儿子{self.number()}", "661061", "330205196001010011"]),
        }
        return [cells[key] for key in keys]

    def _looks(self, drawn: Draft, width: int) -> None:
        lot, height = self.lot, len(drawn.rows)
        if not height:
            return
        for _ in range(lot.randint(0, 3)):
            top, left = lot.randrange(height), lot.randrange(width)
            drawn.merges.append(
                (top, left, min(top + lot.randint(0, 4), height - 1), min(left + lot.randint(0, 2), width - 1))
            )
        if lot.random() < 0.2:
            drawn.hidden_rows.add(lot.randrange(height))
        if lot.random() < 0.15:
            drawn.hidden_columns.add(lot.randrange(width))
        if lot.random() < 0.2:
            drawn.struck.add((lot.randrange(height), lot.randrange(width)))
        for _ in range(lot.randint(0, 2)):
            cell = (lot.randrange(height), lot.randrange(width))
            drawn.formats[cell] = lot.choice(
                ["000", '0"号"', "mmm-yy", 'm"月"d"日"', "yyyy/m/d", "@", "0.00E+00", "000 0000 0000", "h:mm"]
            )


def as_xlsx(drawn: Draft) -> bytes:
    """The list as a workbook, with its looks; merges that overlap, as a forged file may have them."""
    book = openpyxl.Workbook()
    sheet = book.active
    for at, row in enumerate(drawn.rows):
        for column, value in enumerate(row):
            cell = sheet.cell(at + 1, column + 1)
            cell.value = value
            cell.number_format = drawn.formats.get((at, column), "General")
            if (at, column) in drawn.struck:
                cell.font = Font(strike=True)
    for top, left, bottom, right in drawn.merges:
        sheet.merge_cells(start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1)
    for at in drawn.hidden_rows:
        sheet.row_dimensions[at + 1].hidden = True
    for column in drawn.hidden_columns:
        sheet.column_dimensions[chr(ord("A") + column)].hidden = True
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def as_xls(drawn: Draft) -> bytes:
    """The list as an old workbook."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet1", cell_overwrite_ok=True)
    for at, row in enumerate(drawn.rows):
        for column, value in enumerate(row):
            style = xlwt.XFStyle()
            style.font.struck_out = (at, column) in drawn.struck
            style.num_format_str = drawn.formats.get((at, column), "General")
            sheet.write(at, column, value, style)
    for at in drawn.hidden_rows:
        sheet.row(at).hidden = True
    for column in drawn.hidden_columns:
        sheet.col(column).hidden = True
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def as_text(drawn: Draft, delimiter: str) -> str:
    """The list as lines, quoted as spreadsheets do it; a ditto sign alone is not."""
    lines = []
    for row in drawn.rows:
        cells = ["" if value is None else str(value) for value in row]
        quoted = [
            f'"{cell.replace(chr(34), chr(34) * 2)}"' if (delimiter in cell or "\n" in cell) else cell for cell in cells
        ]
        lines.append(delimiter.join(quoted))
    return "\n".join(lines)


def wounded(content: bytes, lot: random.Random) -> bytes:
    """The file with some bytes lost, doubled or other ones."""
    for _ in range(lot.randint(1, 4)):
        at = lot.randrange(len(content) + 1)
        content = content[:at] + lot.randbytes(lot.randint(0, 8)) + content[at + lot.randint(0, 30) :]
    return content


def wounded_inside(content: bytes, lot: random.Random) -> bytes:
    """A workbook of which one part has wounds, packed anew."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = lot.choice(sorted(parts))
    parts[name] = wounded(parts[name], lot)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for part, inside in parts.items():
            archive.writestr(part, inside)
    return file.getvalue()


def forms(drawn: Draft, lot: random.Random) -> tuple[str, bool, Callable[[], RosterList]]:
    """One of the ways in which the list comes in: its name, whether it is whole, and how it is read."""
    kind = lot.choice(
        ["xlsx", "xlsx", "xls", "csv", "tsv", "pasted", "gb18030", "utf-16", "utf-16-le", "wounded", "inside"]
    )
    if kind in {"xlsx", "wounded", "inside"}:
        content = as_xlsx(drawn)
        if kind != "xlsx":
            content = wounded(content, lot) if kind == "wounded" else wounded_inside(content, lot)
        return kind, kind == "xlsx", lambda: read_households(open_file(content, "list.xlsx"))
    if kind == "xls":
        old = as_xls(drawn)
        return kind, True, lambda: read_households(open_file(old, "list.xls"))
    delimiter = "\t" if kind in {"tsv", "pasted"} else lot.choice([",", ",", ";", "\t"])
    text = as_text(drawn, delimiter)
    if kind == "pasted":
        return kind, True, lambda: read_households(open_pasted(text))
    encoding = {"csv": "utf-8", "tsv": "utf-8-sig"}.get(kind, kind)
    raw = text.encode(encoding, "replace")
    is_whole = lot.random() < 0.8
    if not is_whole:
        raw = wounded(raw, lot)
    return kind, is_whole, lambda: read_households(open_file(raw, "list.csv"))


def flaw_of(drawn: Draft, read: RosterList, judged: Judgement, *, is_whole: bool) -> str:
    """What is wrong about the outcome; empty where nothing is."""
    taken = {phone.e164 for entry in judged.entries for phone in entry.phones}
    if is_whole:
        written = {f"+86{digits}" for digits in drawn.numbers} | {f"+86574{digits}" for digits in drawn.numbers}
        if made_up := taken - written:
            return f"made up: {sorted(made_up)}"
        said = " ".join(write_both(finding.message) for row in judged.verdicts for finding in row.findings)
        said += " ".join(write_both(note.message) for note in read.notes) + " ".join(read.ignored)
        silent = _lost_in_silence(drawn, taken, said, read, judged)
        if silent:
            return silent
    if len(judged.verdicts) != len(read.rows):
        return "rows and verdicts are not the same in number"
    again = judge([examine(row, "CN", "574") for row in read.rows], [], {}, "CN")
    return "" if again == judged else "judged otherwise the second time"


def _lost_in_silence(drawn: Draft, taken: set[str], said: str, read: RosterList, judged: Judgement) -> str:
    """A row with a name and a plain number of which neither the number nor a word is left."""
    if any(note.reason == "columns_with_numbers" for note in read.notes):
        return ""
    if drawn.hidden_rows or drawn.hidden_columns or drawn.struck or drawn.merges or read.ignored or drawn.formats:
        return ""
    for at, row in enumerate(drawn.rows):
        digits = [str(int(cell)) if isinstance(cell, float) else str(cell or "") for cell in row]
        plain = [one for one in digits if re.fullmatch(r"1[3589]9\d{8}", one)]
        rows_told = {verdict.row for verdict in judged.verdicts if verdict.findings}
        for number in plain:
            shown = f"{number[:3]} {number[3:7]} {number[7:]}"
            known = f"+86{number}" in taken or number in said or shown in said or at + 1 in rows_told
            if not known and f"第{at + 1}行" not in said:
                return f"lost without a word: row {at + 1} {number}"
    return ""


def run_one(seed: int) -> tuple[str, str]:
    """Draw and read the list of this seed: how it came in, and what is wrong; empty where nothing is."""
    lot = Lot(seed)
    drawn = lot.draft()
    kind, is_whole, read_it = forms(drawn, lot.lot)
    began = time.monotonic()
    try:
        read = read_it()
        judged = judge([examine(row, "CN", "574") for row in read.rows], [], {}, "CN")
        flaw = flaw_of(drawn, read, judged, is_whole=is_whole)
    except RosterFileError as error:
        return f"{kind} refused", "" if write_both(error.message).strip() else "refused without a word"
    except Exception:
        return kind, traceback.format_exc()
    took = time.monotonic() - began
    return kind, flaw or (f"took {took:.0f} s" if took > PATIENCE else "")


def main() -> int:
    """Draw lists until the time is over; 1 where one of them went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    given = parser.parse_args()
    if given.seed is not None:
        kind, flaw = run_one(given.seed)
        print(kind, flaw or "is in order")
        return bool(flaw)
    end = time.monotonic() + 60 * given.minutes
    seen: Counter[str] = Counter()
    wrong: list[tuple[int, str]] = []
    seed = given.first
    while time.monotonic() < end and len(wrong) < 20:
        kind, flaw = run_one(seed)
        seen[kind] += 1
        if flaw:
            wrong.append((seed, flaw))
            print(f"seed {seed} ({kind}): {flaw}", flush=True)
        seed += 1
    print(f"{sum(seen.values())} lists, {len(wrong)} wrong; {dict(sorted(seen.items()))}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
