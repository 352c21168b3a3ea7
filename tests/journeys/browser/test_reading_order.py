"""In which order a screen reader reads the board: what is wanted first, and the text that docs/look.md keeps of it."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page

from tests.journeys.browser.conftest import Window, on_a_phone

LOOK = Path(__file__).parents[3] / "docs/look.md"
# Who calls, for how long, where, who comes, who is there, what happens next, 110, what a reader can do, and the rest.
ORDER = (
    "求助", "分钟", "桥东第1家", "正在赶来：", "已到场：", "再叫", "拨打110",
    "再次呼叫", "添加备注", "解除警情", "各户情况", "时间线",
)  # fmt: skip


@on_a_phone
def test_a_screen_reader_hears_who_and_where_who_comes_and_110_before_anything_else(window: Window) -> None:
    window.sign_in()
    window.page.goto(window.site.incident)

    read = read_aloud(window.page)

    places = [next((at for at, line in enumerate(read) if words in line), -1) for words in ORDER]
    assert places == sorted(places), dict(zip(ORDER, places, strict=True))
    assert places[0] == 0
    kept = re.search(r"```text\n(.*?)\n```", LOOK.read_text(), re.DOTALL)
    assert kept is not None
    assert "\n".join(read) == kept[1], "docs/look.md has the order as it is"


def read_aloud(page: Page) -> list[str]:
    """What is read of the board, a line a part, down to the households; of those and the timeline the headings."""
    lines: list[str] = []
    rest = False
    for line in page.locator("#live").aria_snapshot().splitlines():
        found = re.match(r'\s*- (?:"?)(\w+)(?: "(.*?)")?(?: \[level=\d\])?(?:: (.*?))?:?(?:"?)$', line)
        if found is None or found[1] == "time":
            continue
        role, text = found[1], (found[2] or found[3] or "").strip(" ·")
        rest = rest or role == "region"
        if text and (role == "heading" or not rest):
            lines.append(f"{role}: {re.sub(r'已 [0-9]+ 分钟', '已 … 分钟', text)}")
    return lines
