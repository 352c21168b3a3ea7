from __future__ import annotations

import io
import re
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import openpyxl
from sqlalchemy import select

from config.database import Database
from groups.models.accounts import AccountRole
from groups.models.roster import Village
from joint_defense.rules.states import ClosingOutcome, IncidentKind
from joint_defense.rules.triggers import Category
from tests.edges.web.conftest import OTHER_VILLAGE, VILLAGE, SignedIn, Visitor
from tests.support import past_incidents

SHANGHAI = ZoneInfo("Asia/Shanghai")
JULY = datetime(2026, 7, 14, 22, 30, tzinfo=SHANGHAI)
AUGUST = datetime(2026, 8, 2, 3, 0, tzinfo=SHANGHAI)
YEAR = "since=2026-01&until=2026-12"


def _find(visitor: Visitor, query: str) -> list[str]:
    page = visitor.get(f"/incidents/past?{query}")
    assert page.status_code == 200
    return re.findall(r"<strong>(.)家</strong>", page.text)


def _read_rows(page: str) -> dict[str, str]:
    return {
        name: re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", "|".join(re.findall(r"<td[^>]*>(.*?)</td>", row))))
        for name, row in re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', page)
    }


def test_past_incidents_are_searched_summed_up_and_exported_within_what_each_may_see(
    operator: Visitor, signed_in: SignedIn, store: Database
) -> None:
    with store.begin() as session:
        ids = dict(list(session.execute(select(Village.code, Village.id))))
        close_past = partial(past_incidents.close_past, village=(ids[VILLAGE], "墙下陶村"))
        close_past(session, "林", JULY, comers=((8, 200), (20, None)))
        chen = close_past(session, "陈", JULY + timedelta(days=1), ClosingOutcome.POLICE, rang_after=5, open_for=1800)
        close_past(session, "周", AUGUST, comers=((90, None),), category=Category.FIRE, group="4组东")
        close_past(
            session, "吴", AUGUST, ClosingOutcome.ACCIDENTAL, village=(ids[OTHER_VILLAGE], "四甲村"), rang_after=None
        )
        close_past(session, "徐", AUGUST, kind=IncidentKind.WORDLESS, rang_after=None)

    # The page asks as it is told, and months are the town's, both ends within.
    assert _find(operator, f"{YEAR}&kind=wordless") == ["徐"]
    assert _find(operator, f"{YEAR}&kind=unspecified&village=墙下") == ["陈", "林"]
    assert _find(operator, "since=2026-07&until=2026年7月&order=slowest") == ["陈", "林"]
    assert _find(operator, "since=2026-08&until=2026-08&outcome=helped&group=4") == ["周"]

    # What cannot be read is told beside its field, and what else was typed stays.
    for query, words in (
        ("since=last", "请按2026-11这样写月份"),
        ("since=2026-09&until=2026-08", "结束月份早于开始月份"),
    ):
        page = operator.get(f"/incidents/past?{query}&words=油烧")
        assert page.status_code == 422
        assert words in page.text
        assert 'value="油烧"' in page.text
        assert operator.get(f"/incidents/past.xlsx?{query}").status_code == 422
        assert operator.get(f"/incidents/statistics?{query}").status_code == 422

    # The median and the worst of each time, by month and by village.
    page = operator.get(f"/incidents/statistics?{YEAR}")
    assert _read_rows(page.text) == {
        "2026-07": "2|1|4 秒 / 5 秒|8 秒 / 8 秒|20 秒 / 20 秒|3 分 20 秒 / 3 分 20 秒|20 分钟 / 30 分钟",
        "2026-08": "2|0|2 秒 / 2 秒|90 秒 / 90 秒|–|–|10 分钟 / 10 分钟",
        "墙下陶村": "3|1|2 秒 / 5 秒|49 秒 / 90 秒|20 秒 / 20 秒|3 分 20 秒 / 3 分 20 秒|10 分钟 / 30 分钟",
        "四甲村": "1|0|–|–|–|–|10 分钟 / 10 分钟",
    }
    assert page.text.count("<circle") == 8, "median and worst of two months, for a phone and for a PC"

    # The workbook: whole seconds, in Chinese whatever the reader's language is.
    operator.speak_english()
    answer = operator.get(f"/incidents/past.xlsx?{YEAR}&outcome=police")
    assert "%E8%AD%A6%E6%83%85%E8%AE%B0%E5%BD%95" in answer.headers["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    heading, row = book["警情"].iter_rows(values_only=True)
    assert dict(zip(heading, row, strict=True)) == {
        "编号": chen, "求助时间": "2026-07-15 22:30:00", "村居": "墙下陶村", "组": "3组", "类别": "求助",
        "求助户": "陈家", "位置": "墙下陶村3组4-5", "呼叫户数": 1, "赶来户数": 0, "首次响铃(秒)": 5,
        "首户赶来(秒)": None, "次户赶来(秒)": None, "首户到场(秒)": None, "解除(秒)": 1800, "结果": "已移交110",
        "备注": "",
    }  # fmt: skip
    assert [row[:3] for row in book["反应时间"].iter_rows(values_only=True)] == [
        ("月份/村居", "警情数", "无人赶来"), ("2026-07", 1, 1), ("墙下陶村", 1, 1), ("合计", 1, 1),
    ]  # fmt: skip

    # A village head finds those of the own village only.
    head = signed_in(AccountRole.VILLAGE_HEAD)
    assert _find(head, f"{YEAR}&village=四甲") == ["徐", "周", "陈", "林"]
    assert "四甲村" not in head.get(f"/incidents/statistics?{YEAR}").text
