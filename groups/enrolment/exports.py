"""The bill and the ledger of gifts as workbooks, CSV and JSON. Money stands in yuan, to the fen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date

from groups.enrolment.devices import LedgerLine
from groups.enrolment.paid_for import PaidFor
from groups.enrolment.rules.bill import Bill, BillLine
from groups.files.writing import Cell, Look, Money, Table, as_csv, as_workbook
from groups.models.enrolment import DeviceKind
from groups.rules.phone import as_written_here

HEADING = ("村代码", "村居", "套餐", "户数", "村补/户(元)", "电信补/户(元)", "村补贴(元)", "电信补贴(元)", "合计(元)")
KINDS = {DeviceKind.KEY: "#9按键", DeviceKind.PHONE: "专用手机"}
_DETAILS = ("村居", "门牌号", "户主", "计费号码", "套餐", "开通日期", "村补贴(元)", "电信补贴(元)")
_LEDGER = ("村居", "门牌号", "户主", "种类", "编号", "发放日期", "收回日期", "情况")
_WIDTHS = [15] * 9
_PRINTED = Look(printed=True, landscape=True)
NOTES = (
    "计费规则：当月1日在用的开通计一个月，按当日所在村、所用套餐和当日有效的资费计算；一户只计一次。",
    "1日以后开通的，自下月起计；1日以后退订或停机的，当月仍计。",
    "金额以分为单位计算，不作四舍五入；本表以元显示，保留两位小数。",
    "资费未录入的套餐只列户数，不计金额。",
    "已结算的月份不再改动；此后得知的变化作为“差额”列入下一个未结算月份，其户数不计入合计。",
    "“明细”逐户列出；已结算的月份，按结算时所知列出；差额逐户列于其后，为与已结算数之差。",
    "A month is paid for where the subscription counts on its first day, at that day's village, plan and tariff.",
)


def export_bill_xlsx(bill: Bill, households: Sequence[PaidFor], made_on: date, region: str) -> bytes:
    """The bill by village and plan, with its sums; every household of it; and the rule it was drawn up by."""
    notes = [[line] for line in (f"账期：{bill.month:%Y-%m}", f"制表日期：{made_on.isoformat()}", *NOTES)]
    return as_workbook(
        [
            Table(
                "账单",
                HEADING,
                [_make_line(line) for line in bill.lines],
                total=_make_total(bill),
                widths=_WIDTHS,
                look=_PRINTED,
            ),
            Table(
                "明细", _DETAILS, [_make_paid_for(each, region) for each in households], widths=_WIDTHS, look=_PRINTED
            ),
            Table("说明", (), notes, widths=[100]),
        ]
    )


def export_bill_csv(bill: Bill) -> str:
    """The bill's lines with their sum, money as yuan with two places."""
    return as_csv([HEADING, *([*_make_line(line, unpriced="")] for line in bill.lines), _make_total(bill)])


def _make_line(line: BillLine, *, unpriced: str = "未录入资费") -> list[Cell]:
    known: list[Cell] = [line.code, line.village, line.label, line.households]
    if not line.priced:
        return [*known, unpriced, "", "", "", ""]
    each: list[Cell] = [*map(Money, line.shares)] if line.shares else ["", ""]
    sums = (line.village_fen, line.carrier_fen, line.village_fen + line.carrier_fen)
    return [*known, *each, *map(Money, sums)]


def _make_total(bill: Bill) -> list[Cell]:
    total = bill.total
    sums = map(Money, (total.village_fen, total.carrier_fen, total.fen))
    return ["", "合计", "", total.households, "", "", *sums]


def _make_paid_for(each: PaidFor, region: str) -> list[Cell]:
    number = as_written_here(each.number, region) if each.number else ""
    known: list[Cell] = [each.village, each.door, each.head, number, each.label, each.starts_on]
    return [*known, *map(Money, each.shares or ())]


def export_bill_json(bill: Bill) -> str:
    """The bill with its money in fen."""
    total = bill.total
    return json.dumps(
        {
            "month": f"{bill.month:%Y-%m}",
            "settled": bool(bill.settled_by),
            "households": total.households,
            "unpriced": total.unpriced,
            "village_fen": total.village_fen,
            "carrier_fen": total.carrier_fen,
            "lines": [
                {
                    "code": line.code,
                    "name": line.village,
                    "plan": line.plan,
                    "of_month": f"{line.of_month:%Y-%m}" if line.of_month else None,
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


def export_ledger_xlsx(lines: Iterable[LedgerLine], made_on: date) -> bytes:
    """The gifts: whose, which, since when, and whether they came back."""
    return as_workbook(
        [Table("赠机台账", _LEDGER, map(_make_gift, lines), widths=_WIDTHS, footer=f"&R{made_on.isoformat()}")]
    )


def _make_gift(line: LedgerLine) -> list[Cell]:
    device = line.device
    state = "已更换" if device.replaced_by_id else "已收回" if device.returned_on else "在用"
    days = (device.given_on, device.returned_on)
    return [line.village, line.door, line.head, KINDS[device.kind], device.serial, *days, state]
