"""Lists as village heads have them, drawn by lot, each with the truth about it: what a reader must make of it.

A `Draft` holds cells with their types; the writers turn it into the files that WPS, Excel and phones produce.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import openpyxl
import xlsxwriter
import xlwt

SURNAMES = "王李张陈施俞黄沈徐杨毛水应吴董蒋林朱郑周单解仇区查翟欧阳司徒"
GIVEN = "月英明华兰成海良伟娣飞根红福建国芳仙祥宝亚娟秀阿梅永玉凤德康军"
RARE = ["䶮", "𬭎", "㛃", "喆", "堃"]

HEADINGS: dict[str, list[str]] = {
    "group": [
        "组别",
        "联防组",
        "编组",
        "联防组别",
        "小组",
        "组 别",
        "所属联防组",
        "组\n别",
        "联防小组",
        "组名",
        "十户联防组",
    ],
    "serial": ["序号", "编号", "户号", "No.", "序 号"],
    "head": ["户主", "姓名", "户主姓名", "户主(姓名)", "户 主", "住户姓名", "联系人", "户 主 姓 名", "家庭户主"],
    "door": ["门牌", "门牌号", "地址", "家庭住址", "门牌号码", "住 址", "详细地址", "门牌地址"],
    "mobile": ["手机", "电话", "联系电话", "联系方式", "手机号码", "移动电话", "户主手机", "联系 电话", "电话号码"],
    "landline": ["固定电话", "宅电", "固话", "家庭固话", "小灵通", "座机", "家庭电话", "住宅电话"],
    "second": ["备用手机", "备用电话", "其他电话", "家属电话", "手机2", "电话(二)"],
    "note": ["备注", "短号", "身份证号", "人口", "备 注"],
}
GROUP_NAMES: list[Callable[[int], str]] = [
    lambda n: f"第{n}联防组",
    lambda n: f"{n}组",
    lambda n: f"第{'零一二三四五六七八九十'[n]}组",
    lambda n: f"联防{n}组",
    lambda n: f"第{n}小组",
]


@dataclass
class Household:
    """A household in truth: phones as (kind, digits), in the order in which they are rung."""

    group: str
    door: str
    head: str
    phones: list[tuple[str, str]]

    def as_exported(self) -> dict[str, Any]:
        numbers = [f"+86{digits}" if kind == "mobile" else f"+86574{digits}" for kind, digits in self.phones]
        return {"group": self.group, "head": self.head, "door": self.door, "phones": numbers}


@dataclass(frozen=True)
class Formula:
    text: str


@dataclass
class Page:
    name: str
    cells: dict[tuple[int, int], Any] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)

    @property
    def height(self) -> int:
        return max((row for row, _ in self.cells), default=-1) + 1

    @property
    def width(self) -> int:
        return max((column for _, column in self.cells), default=-1) + 1


@dataclass
class Draft:
    """A messy list and its truth: the households that come of it, and the rows with something wrong about them."""

    pages: list[Page]
    households: list[Household]
    problems: list[dict[str, Any]]
    fits_text: bool
    """Whether text alone tells it all: not a sheet's name that stands for its group."""
    seed: int


class Lot:
    """One list drawn by lot. Everything that a head may do differently is one draw here."""

    def __init__(self, seed: int) -> None:
        self.lot = random.Random(seed)  # noqa: S311  a list drawn by lot, not a secret
        self.used: set[str] = set()
        self.problems: list[dict[str, Any]] = []
        self.extra: list[Household] = []
        lot = self.lot
        self.typed = lot.random() < 0.6
        self.sheets_by_group = self.typed and lot.random() < 0.25
        self.group_style = lot.choice(["merged", "first", "every", "section"] if self.typed else ["first", "every"])
        self.titles = lot.randint(0, 5)
        self.two_rows = lot.random() < 0.3
        self.has_serial = lot.random() < 0.7
        self.has_second = lot.random() < 0.4
        self.has_landline = lot.random() < 0.85
        self.name_of_group = lot.choice(GROUP_NAMES)
        self.words = {key: lot.choice(words) for key, words in HEADINGS.items()}

    def number(self, kind: str) -> str:
        while True:
            digits = f"199{self.lot.randrange(10**8):08}" if kind == "mobile" else f"88{self.lot.randrange(10**6):06}"
            if digits not in self.used and not digits.endswith("0000000"):
                self.used.add(digits)
                return digits

    def head(self) -> str:
        lot = self.lot
        surname: str = lot.choice([*SURNAMES[:26], "欧阳", "司徒"])
        given = "".join(lot.choice(GIVEN) for _ in range(lot.randint(1, 2)))
        return surname + (given if lot.random() < 0.95 else lot.choice(RARE))

    def households(self) -> list[Household]:
        made = []
        for group in range(1, self.lot.randint(2, 6)):
            for door in range(1, self.lot.randint(4, 13)):
                mobile = ("mobile", self.number("mobile"))
                landline = ("landline", self.number("landline"))
                spare = ("mobile", self.number("mobile"))
                kinds = [[mobile], [mobile, landline], [mobile, spare], [mobile, landline, spare]]
                phones = self.lot.choice(kinds if self.has_landline else [[mobile], [mobile, spare]])
                if self.has_landline and self.lot.random() < 0.15:
                    phones = [landline]
                made.append(Household(self.name_of_group(group), f"{group}-{door}", self.head(), phones))
        return made

    def written(self, kind: str, digits: str) -> Any:
        """A number in one of the forms people give it."""
        wide = str.maketrans("0123456789-", "０１２３４５６７８９－")
        if kind == "mobile":
            forms: list[Any] = [
                digits,
                f"{digits[:3]} {digits[3:7]} {digits[7:]}",
                f"{digits[:3]}-{digits[3:7]}-{digits[7:]}",
                digits.translate(wide),
                f"+86 {digits}",
                f"+86{digits}",
                f"86-{digits}",
                f"(+86){digits}",
                f"'{digits}",
                f" {digits} ",
                f"{digits}.0",
                f"手机:{digits}",
            ]
        else:
            forms = [
                digits,
                f"0574-{digits}",
                f"(0574){digits}",
                f"（0574）{digits}",
                f"0574{digits}",
                f"0574－{digits}".translate(wide),
                f"+86-574-{digits}",
                f"0574 {digits}",
                f"{digits[:4]} {digits[4:]}",
                f"宅{digits}",
            ]
        if self.typed and self.lot.random() < 0.3:
            return float(digits) if self.lot.random() < 0.5 else int(digits)
        return self.lot.choice(forms)

    def blank(self) -> Any:
        return self.lot.choice([None, None, None, "", " ", "-", "—", "——", "无", "/", "　"])

    def several(self, numbers: list[tuple[str, str]]) -> str:
        sign = self.lot.choice(["、", ",", "，", ";", "；", "/", " ", "\n", "  ", " / "])
        plain = sign.strip() == "" and "\n" not in sign
        return sign.join(
            digits if plain else str(self.written(kind, digits)).removesuffix(".0") for kind, digits in numbers
        )

    def name(self, head: str) -> str:
        forms = [
            head,
            head,
            head,
            f" {head} ",
            f"{head[0]} {head[1:]}",
            f"{head[0]}　{head[1:]}",
            "  ".join(head),
            f"'{head}",
        ]
        return self.lot.choice(forms)


def draw(seed: int) -> Draft:
    """A messy list with its truth; the same seed gives the same."""
    lot = Lot(seed)
    households = lot.households()
    by_group: dict[str, list[Household]] = {}
    for household in households:
        by_group.setdefault(household.group, []).append(household)
    pages = []
    if lot.sheets_by_group:
        pages = [_page(lot, group, {group: members}, inside=False) for group, members in by_group.items()]
        if lot.lot.random() < 0.4:
            note = Page("填表说明")
            note.cells |= {(0, 0): "填表说明", (1, 0): "1. 每组十户左右；2. 电话须核对。"}
            pages.insert(0, note)
    else:
        pages = [_page(lot, lot.lot.choice(["Sheet1", "通讯录", "工作表1"]), by_group, inside=True)]
    truth = [household for members in by_group.values() for household in members]
    return Draft(
        pages, truth, sorted(lot.problems, key=lambda one: (one["sheet"], one["row"])), not lot.sheets_by_group, seed
    )


def _page(lot: Lot, name: str, groups: dict[str, list[Household]], *, inside: bool) -> Page:
    page = Page(name)
    keys = ["serial"] * lot.has_serial + ["head", "door"] + ["mobile"]
    keys += ["landline"] * lot.has_landline + ["second"] * lot.has_second + ["note"] * (lot.lot.random() < 0.5)
    if inside and lot.group_style != "section":
        keys.insert(0, "group")
    if lot.lot.random() < 0.3:
        phones = [key for key in keys if key in {"mobile", "landline", "second"}]
        rest = [key for key in keys if key not in phones]
        lot.lot.shuffle(rest)
        keys = rest + phones
    at = 0
    for title in range(lot.titles):
        page.cells[at, 0] = [
            "××村平安联防十户联防通讯录(2012年)",
            "制表:村综治工作站",
            "",
            "单位：东溪村",
            "日期: 2012年3月",
        ][title]
        if title == 0:
            page.merged.append((at, 0, at, len(keys) - 1))
        at += 1
    at = _heading(lot, page, keys, at)
    place = {key: column for column, key in enumerate(keys)}
    serial = 0
    for group, members in groups.items():
        first = at
        if inside and lot.group_style == "section":
            page.cells[at, 0] = lot.lot.choice([group, f"{group} 组长：{members[0].head}", f"【{group}】"])
            page.merged.append((at, 0, at, len(keys) - 1))
            at += 1
        for number, household in enumerate(members):
            serial += 1
            _write_household(lot, page, place, at, serial, household)
            if "group" in place and (lot.group_style == "every" or number == 0):
                page.cells[at, place["group"]] = household.group
            at += 1
        at = _problem_rows(lot, page, place, at, serial, members)
        if "group" in place and lot.group_style == "merged" and at - first > 1:
            page.merged.append((first, place["group"], at - 1, place["group"]))
        if "group" in place and lot.group_style == "every":
            for row in range(first, at):
                page.cells[row, place["group"]] = group
        if lot.lot.random() < 0.5:
            at += 1
        if lot.lot.random() < 0.2:
            page.cells[at, 0] = "小计"
            page.cells[at, place["head"] if place["head"] else 1] = f"{len(members)}户"
            at += 1
    if lot.lot.random() < 0.6:
        page.cells[at, 0] = lot.lot.choice(["合计", "总计", "合 计", "共计"])
        page.cells[at, place["head"] if place["head"] else 1] = f"{serial}户"
    if lot.lot.random() < 0.3:
        page.cells[at + 1, 0] = "制表人：王建国    日期：2012年3月1日"
    return page


def _heading(lot: Lot, page: Page, keys: list[str], at: int) -> int:
    phones = [column for column, key in enumerate(keys) if key in {"mobile", "landline", "second"}]
    if lot.two_rows and len(phones) > 1:
        for column, key in enumerate(keys):
            if column in phones:
                page.cells[at + 1, column] = {"mobile": "手机", "landline": "固话", "second": "备用"}[key]
            else:
                page.cells[at, column] = lot.words[key]
                page.merged.append((at, column, at + 1, column))
        page.cells[at, phones[0]] = lot.lot.choice(["联系电话", "电话号码", "联系方式"])
        page.merged.append((at, phones[0], at, phones[-1]))
        return at + 2
    for column, key in enumerate(keys):
        page.cells[at, column] = lot.words[key]
    return at + 1


def _write_household(lot: Lot, page: Page, place: dict[str, int], at: int, serial: int, household: Household) -> None:
    if "serial" in place:
        page.cells[at, place["serial"]] = serial if lot.typed else str(serial)
    page.cells[at, place["head"]] = lot.name(household.head)
    page.cells[at, place["door"]] = lot.lot.choice(
        [household.door, household.door, f" {household.door}", household.door.replace("-", "－")]
    )
    mobiles = [phone for phone in household.phones if phone[0] == "mobile"]
    landlines = [phone for phone in household.phones if phone[0] == "landline"]
    if "second" in place and len(mobiles) > 1:
        page.cells[at, place["mobile"]] = lot.written(*mobiles[0])
        page.cells[at, place["second"]] = lot.written(*mobiles[1])
    else:
        page.cells[at, place["mobile"]] = (
            lot.several(mobiles) if len(mobiles) > 1 else lot.written(*mobiles[0]) if mobiles else lot.blank()
        )
    if "landline" in place:
        page.cells[at, place["landline"]] = lot.written(*landlines[0]) if landlines else lot.blank()
    if "note" in place and lot.lot.random() < 0.2:
        page.cells[at, place["note"]] = lot.lot.choice(["独居老人", "会急救", "党员", "662301", "合计3人"])


def _problem_rows(lot: Lot, page: Page, place: dict[str, int], at: int, serial: int, members: list[Household]) -> int:
    """Rows with something wrong about them, at the end of a group; members that are kept are added to the truth."""
    group = members[0].group
    for number in range(lot.lot.choice([0, 0, 1, 2])):
        kind = lot.lot.choice(
            [
                "invalid_phone",
                "no_phone",
                "duplicate_phone",
                "no_head",
                "rounded",
                "too_long",
                "formula",
                "control_characters",
            ]
        )
        head, door = lot.head(), f"{members[0].door.split('-')[0]}-{90 + number}"
        cells: dict[str, Any] = {"head": head, "door": door}
        value: str | None = None
        if kind == "invalid_phone":
            value = cells["mobile"] = lot.lot.choice(["1378888", "123", "1990064757", "199006475712"])
        elif kind == "rounded":
            value = "1.38E+10"
            cells["mobile"] = 13_800_000_000.0 if lot.typed and lot.lot.random() < 0.5 else "1.38E+10"
        elif kind == "duplicate_phone":
            mobiles = [digits for one in members for sort, digits in one.phones if sort == "mobile"]
            if not mobiles:
                continue
            value = cells["mobile"] = lot.lot.choice(mobiles)
        elif kind == "no_head":
            cells["head"] = lot.lot.choice([None, " ", "-"])
            value = cells["mobile"] = lot.number("mobile")
        elif kind == "too_long":
            cells |= {"head": "王" * 65, "mobile": lot.number("mobile")}
            value = "王" * 24 + "…"
        elif kind == "formula":
            where = lot.lot.choice(["head", "mobile"])
            cells |= {"mobile": lot.number("mobile"), where: Formula("=A1&B1")}
        elif kind == "control_characters":
            cells |= {"head": f"王\x07{head}", "mobile": lot.number("mobile")}
            value = f"王?{head}"
        is_error = kind in {"no_head", "too_long", "formula", "control_characters"}
        for key, cell in cells.items():
            page.cells[at, place[key]] = cell
        lot.problems.append(
            {
                "sheet": page.name,
                "row": at + 1,
                "kind": "invalid_phone" if kind == "rounded" else kind,
                "value": value,
                "verdict": "error" if is_error else "warning",
            }
        )
        if not is_error:
            members.append(Household(group, door, head, []))
        at += 1
    return at


# The files that WPS, Excel and phones make of it


def as_openpyxl(draft: Draft) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for page in draft.pages:
        sheet = book.create_sheet(page.name)
        for (row, column), cell in page.cells.items():
            text = cell.text if isinstance(cell, Formula) else cell
            sheet.cell(row + 1, column + 1, text.replace("\x07", "_x0007_") if isinstance(text, str) else text)
        for top, left, bottom, right in page.merged:
            if (bottom, right) != (top, left):
                sheet.merge_cells(start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def as_xlsxwriter(draft: Draft) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False}) as book:
        for page in draft.pages:
            sheet = book.add_worksheet(page.name)
            for top, left, bottom, right in page.merged:
                if (bottom, right) != (top, left):
                    sheet.merge_range(top, left, bottom, right, "")
            for (row, column), cell in page.cells.items():
                if isinstance(cell, Formula):
                    sheet.write_formula(row, column, cell.text, None, "王建国")
                elif isinstance(cell, str):
                    sheet.write_string(row, column, cell) if cell else sheet.write_blank(row, column, None)
                elif cell is not None:
                    sheet.write_number(row, column, cell)
    return content.getvalue()


def as_xls(draft: Draft) -> bytes:
    book = xlwt.Workbook()
    for page in draft.pages:
        sheet = book.add_sheet(page.name, cell_overwrite_ok=True)
        merged = {(top, left): (bottom, right) for top, left, bottom, right in page.merged}
        for (row, column), cell in page.cells.items():
            value = xlwt.Formula(cell.text.removeprefix("=")) if isinstance(cell, Formula) else cell
            bottom, right = merged.get((row, column), (row, column))
            if (bottom, right) != (row, column):
                sheet.write_merge(row, bottom, column, right, value)
            else:
                sheet.write(row, column, value)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def as_text(draft: Draft, delimiter: str = ",") -> str:
    """The first sheet as text; merged cells have their text in the first of them, as WPS saves and copies them."""
    page = draft.pages[0]
    table = io.StringIO(newline="")
    writer = csv.writer(table, delimiter=delimiter)
    for row in range(page.height):
        cells = [page.cells.get((row, column)) for column in range(page.width)]
        writer.writerow([_as_shown(cell) for cell in cells])
    return table.getvalue()


def _as_shown(cell: Any) -> str:
    if isinstance(cell, Formula):
        return cell.text
    if isinstance(cell, float):
        return "1.38E+10" if cell == 13_800_000_000.0 else str(int(cell))
    return "" if cell is None else str(cell)
