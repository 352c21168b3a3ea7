"""The bill and the ledger of gifts as workbooks, CSV and JSON. Money stands in yuan, to the fen."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import xlsxwriter

from groups.enrolment.bills import PaidFor
from groups.enrolment.devices import LedgerLine
from groups.enrolment.rules.bill import Bill, yuan
from groups.files.writing import harmless
from groups.models.enrolment import DeviceKind
from groups.rules.phone import as_written_here

HEADING = ("村代码", "村居", "套餐", "户数", "村补/户(元)", "电信补/户(元)", "村补贴(元)", "电信补贴(元)", "合计(元)")
KINDS = {DeviceKind.KEY: "#9按键", DeviceKind.PHONE: "专用手机"}
_DETAILS = ("村居", "门牌号", "户主", "计费号码", "套餐", "开通日期", "村补贴(元)", "电信补贴(元)")
_LEDGER = ("村居", "门牌号", "户主", "种类", "编号", "发放日期", "收回日期", "情况")
_AS_TEXT = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_MONEY, _DAY = "#,##0.00", "yyyy-mm-dd"
NOTES = (
    "计费规则：当月1日在用的开通计一个月，按当日所在村、所用套餐和当日有效的资费计算；一户只计一次。",
    "1日以后开通的，自下月起计；1日以后退订或停机的，当月仍计。",
    "金额以分为单位计算，不作四舍五入；本表以元显示，保留两位小数。",
    "资费未录入的套餐只列户数，不计金额。",
    "A month is paid for where the subscription counts on its first day, at that day's village, plan and tariff.",
)


@dataclass(frozen=True, slots=True)
class _Formats:
    bold: Any
    money: Any
    day: Any
    sum: Any
    sum_money: Any


def bill_xlsx(bill: Bill, households: Sequence[PaidFor], made_on: date, region: str) -> bytes:
    """The bill by village and plan, with its sums; every household of it; and the rule it was drawn up by."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, _AS_TEXT) as book:
        formats = _formats(book)
        _bill_sheet(book.add_worksheet("账单"), bill, formats)
        _details_sheet(book.add_worksheet("明细"), households, formats, region)
        notes = book.add_worksheet("说明")
        notes.set_column(0, 0, 100)
        for at, line in enumerate((f"账期：{bill.month:%Y-%m}", f"制表日期：{made_on.isoformat()}", *NOTES)):
            notes.write_string(at, 0, line)
    return content.getvalue()


def bill_csv(bill: Bill) -> str:
    """The bill's lines with their sum, money as yuan with two places."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(HEADING)
    for line in bill.lines:
        each = [yuan(fen).replace(",", "") for fen in line.shares] if line.shares else ["", ""]
        money = (line.village_fen, line.carrier_fen, line.village_fen + line.carrier_fen)
        sums = [yuan(fen).replace(",", "") if line.shares else "" for fen in money]
        writer.writerow(
            [harmless(line.code), harmless(line.village), harmless(line.plan), line.households, *each, *sums]
        )
    total = bill.total
    sums = [yuan(fen).replace(",", "") for fen in (total.village_fen, total.carrier_fen, total.fen)]
    writer.writerow(["", "合计", "", total.households, "", "", *sums])
    return table.getvalue()


def bill_json(bill: Bill) -> str:
    """The bill with its money in fen."""
    total = bill.total
    return json.dumps(
        {
            "month": f"{bill.month:%Y-%m}",
            "households": total.households,
            "unpriced": total.unpriced,
            "village_fen": total.village_fen,
            "carrier_fen": total.carrier_fen,
            "lines": [
                {
                    "code": line.code,
                    "name": line.village,
                    "plan": line.plan,
                    "households": line.households,
                    "village_fen_each": line.shares[0] if line.shares else None,
                    "carrier_fen_each": line.shares[1] if line.shares else None,
                    "village_fen": line.village_fen,
                    "carrier_fen": line.carrier_fen,
                }
                for line in bill.lines
            ],
        },
        ensure_ascii=False,
        indent=1,
    )


def ledger_xlsx(lines: Iterable[LedgerLine], made_on: date) -> bytes:
    """The gifts: whose, which, since when, and whether they came back."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, _AS_TEXT) as book:
        formats = _formats(book)
        sheet = book.add_worksheet("赠机台账")
        _heading(sheet, _LEDGER, formats)
        for at, line in enumerate(lines, start=1):
            device = line.device
            for column, text in enumerate((line.village, line.door, line.head, KINDS[device.kind], device.serial)):
                sheet.write_string(at, column, harmless(text))
            sheet.write_datetime(at, 5, device.given_on, formats.day)
            if device.returned_on is not None:
                sheet.write_datetime(at, 6, device.returned_on, formats.day)
            state = "已更换" if device.replaced_by_id else "已收回" if device.returned_on else "在用"
            sheet.write_string(at, 7, state)
        sheet.set_footer(f"&R{made_on.isoformat()}")
    return content.getvalue()


def _bill_sheet(sheet: Any, bill: Bill, formats: _Formats) -> None:
    _heading(sheet, HEADING, formats)
    at = 0
    for at, line in enumerate(bill.lines, start=1):
        for column, text in enumerate((line.code, line.village, line.plan)):
            sheet.write_string(at, column, harmless(text))
        sheet.write_number(at, 3, line.households)
        if line.shares is None:
            sheet.write_string(at, 4, "未录入资费")
            continue
        money = (*line.shares, line.village_fen, line.carrier_fen, line.village_fen + line.carrier_fen)
        for column, fen in enumerate(money, start=4):
            sheet.write_number(at, column, fen / 100, formats.money)
    total = bill.total
    sheet.write_string(at + 1, 1, "合计", formats.sum)
    sheet.write_number(at + 1, 3, total.households, formats.sum)
    for column, fen in enumerate((total.village_fen, total.carrier_fen, total.fen), start=6):
        sheet.write_number(at + 1, column, fen / 100, formats.sum_money)


def _details_sheet(sheet: Any, households: Sequence[PaidFor], formats: _Formats, region: str) -> None:
    _heading(sheet, _DETAILS, formats)
    for at, each in enumerate(households, start=1):
        number = as_written_here(each.number, region) if each.number else ""
        for column, text in enumerate((each.village, each.door, each.head, number, each.plan)):
            sheet.write_string(at, column, harmless(text))
        sheet.write_datetime(at, 5, each.starts_on, formats.day)
        for column, fen in enumerate(each.shares or (), start=6):
            sheet.write_number(at, column, fen / 100, formats.money)


def _heading(sheet: Any, words: Sequence[str], formats: _Formats) -> None:
    sheet.write_row(0, 0, words, formats.bold)
    sheet.set_column(0, len(words) - 1, 15)
    sheet.freeze_panes(1, 0)


def _formats(book: xlsxwriter.Workbook) -> _Formats:
    return _Formats(
        bold=book.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1}),
        money=book.add_format({"num_format": _MONEY}),
        day=book.add_format({"num_format": _DAY}),
        sum=book.add_format({"bold": True, "top": 1}),
        sum_money=book.add_format({"bold": True, "top": 1, "num_format": _MONEY}),
    )
