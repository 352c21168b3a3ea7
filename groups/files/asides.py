"""Rows below a heading that are no rows of the list: sums, notes, hints how to fill it in, numbers of the columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

COUNTING = re.compile(r"[\w第]{0,8}?(合计|总计|小计|共计|累计|总数|汇总|总共|其中).{0,40}")
COUNTED = re.compile(r"(本组|全村|本村|本页|以上)?(共|计|总)?:?\d+(户|人|家|组|部|个)\.?")
NOTE = re.compile(
    r"(制表|填表|审核|审批|复核|负责|联系|填报|经办|登记|统计|报送|打印|编制|校对|单位|日期|时间|注|说明|备注|盖章|签字|签名|联防长"
    r"|组长|村|社区|电话)(人|员|单位|时间|日期|负责人|领导)*:.*|第\d+页.*|\(盖章\)|[(\[【]?(以下|此处)?(空白|无正文|无内容|为空)[)\]】]?"
    r"|[-—=*]*(以下空白|完|结束|END)[-—=*]*"
)
_SIGNS = r"(?:填表|填报|制表|制单|审核|审批|复核|经办|统计|报送|编制|校对|录入|签字|签名|签章|盖章|监督|办公|投诉|咨询)"
_SIGNS_WITH = re.compile(rf"[^:\d]{{0,8}}{_SIGNS}[^:\d]{{0,8}}:.*")
_SIGNS_ALONE = re.compile(
    rf"{_SIGNS}(?:人员?|单位|部门|日期|时间|领导|电话)?|[^:\d]{{1,6}}\(?(?:签字|签名|签章|盖章)\)?|联系人|村委会电话"
)
_BESIDE_A_SIGNATURE = re.compile(
    r"(?:联系|负责|责任|村委会?)?(?:人|电话|手机|号码|方式)|(?:日期|时间|单位|地址|传真|村?支书|书记|村?主任|分管领导)(?:\(.{1,6}\))?"
)
HINT = re.compile(
    r"[(\[【<].{1,40}[)\]】>]|(必填|选填|非必填|可不填|示例|样例|填写示例|文本|数字|11位|8位|6位|[1-9]位).{0,12}|例(如|:).*|如:.*|格式.*|填写(说明|要求).*"
)
_AS_IN = re.compile(r"如\d.*")
DASHES = re.compile(r"[-‐-―−_~/\\.、。*]+")
_OF_A_COLUMN = re.compile(r"[甲乙丙丁戊己庚]|[A-Z]|\(?\d{1,2}\)?")
_FIRST_ROWS = 3
"""So many rows below a heading may be hints, or number its columns."""


def simplify(text: str) -> str:
    """A cell as these patterns have it: without blanks, in plain characters."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text[:200]))


def is_aside(text: str) -> bool:
    """Whether a cell sums up or notes something: 合计, 制表人：张三, 以下空白, 2人."""
    plain = simplify(text)
    return any(pattern.fullmatch(plain) for pattern in (COUNTING, COUNTED, NOTE))


def is_signature(cells: Sequence[str]) -> bool:
    """Whether a row only signs the list: 填表人：张三 beside 电话：…, or the labels and what they say in turns.

    One of its labels has to be of whoever fills a list in or puts a name to it; a household's are not enough.
    """
    texts = [simplify(cell) for cell in cells if cell.strip()]
    signs, at = False, 0
    while at < len(texts):
        text = texts[at]
        label, colon, said = text.partition(":")
        is_sign = bool(_SIGNS_WITH.fullmatch(text) if colon else _SIGNS_ALONE.fullmatch(text))
        if not is_sign and not _BESIDE_A_SIGNATURE.fullmatch(label):
            return False
        signs = signs or is_sign
        # A label alone has what it says in the next cell.
        at += 1 if said or (at + 1 < len(texts) and _is_label(texts[at + 1])) else 2
    return signs


def _is_label(text: str) -> bool:
    label, colon, _ = text.partition(":")
    is_sign = _SIGNS_WITH.fullmatch(text) if colon else _SIGNS_ALONE.fullmatch(text)
    return bool(is_sign or _BESIDE_A_SIGNATURE.fullmatch(label))


def is_row_of_asides(cells: Sequence[str], who: Sequence[str], below: int) -> bool:
    """Whether a row is none of its list. `who` are its cells that would say whom it is about.

    `below`: how many rows it stands below the heading, from 0 on. A row that names anybody is one of the list.
    """
    texts = [simplify(cell) for cell in cells if cell.strip()]
    if all(DASHES.fullmatch(text) for text in texts):
        return True
    if below < _FIRST_ROWS and len(texts) > 1 and (_are_hints(texts) or _count_the_columns(texts)):
        return True
    return is_signature(cells) or (
        any(map(is_aside, texts)) and all(not cell.strip() or is_aside(cell) for cell in who)
    )


def _are_hints(texts: Sequence[str]) -> bool:
    return all(HINT.fullmatch(text) or _AS_IN.fullmatch(text) for text in texts)


def _count_the_columns(texts: Sequence[str]) -> bool:
    """甲 乙 1 2: words first, then figures that go up by one."""
    if not all(_OF_A_COLUMN.fullmatch(text) for text in texts):
        return False
    figures = [int(text.strip("()")) for text in texts if text.strip("()").isdecimal()]
    return figures[:1] in ([], [1]) and figures == list(range(1, len(figures) + 1))
