"""Wording: sentences a reader found wrong stay away, those that took their place are there, a thing has one word."""

from __future__ import annotations

from pathlib import Path

import pytest

from joint_defense.rules.states import ClosingOutcome
from joint_defense.rules.triggers import Category
from joint_defense.rules.wording import written

ROOT = Path(__file__).parents[2]
KINDS = ("*.py", "*.po", "*.html", "*.js", "*.md", "*.txt", "*.j2")
PLACES = ("groups", "joint_defense", "config", "tools", "docs", "deploy")
NOT_OURS = ("understanding", "roster/imports/rules")
"""Tables of what people write: their words, not ours."""

NO_MORE = (
    *("能来回1", "不能来回2", "到了回3", "改为不能来", "事情已了", "您自己要求助", "求助人现在没有", "无法接通对方"),
    *("暂无人应答", "的求助是误报", "来人太少时", "来的人够了", "少于2户时", "红色 · ", "已扩大呼叫", "不再扩大"),
    *(
        "不再需要",
        "未说话",
        "不在这户弄出声响",
        "归档该户",
        "把它从那里移过来",
        "将有的变化",
        "已移到别的组",
        "第 Sheet",
    ),
    *("调度员", "镇管理员", "更改", "出动", "另一位管理员", "Taken back", "Red: widened", "The alarm of"),
)
INSTEAD = (
    *("能来请回复1，不能来请回复2，到了请回复3", "来不了了请按2，到了请按3", "又能来了请按1", "按错了，请按1、2或3"),
    *("事情解决了，请按0", "您家如果也需要帮忙，请按井号9", "对方已挂机，暂时接不通", "没事，是误按，不用去了"),
    *("还没有人回应，请马上打110", "如还没人打", "人手不够时的安排", "人手够了；不足", "人手不够，已叫周边组和镇中心"),
    *("已停拨，家里有人应了", "不用再叫", "没有说话", "静默求助：不给这户打电话", "移出名册", "改归这一户"),
    *(
        "导入后的变化",
        "值班员",
        "镇综治办",
        "正在赶来",
        "改动",
        "姓名",
        "Cancelled",
        "Wider call – red",
        "alarm is over",
    ),
)
QUIET = Category.UNSPECIFIED
WRITTEN = (
    written.write_news([], [], QUIET, "zh")
    + written.write_all_clear(["王家"], ClosingOutcome.FALSE_ALARM, "zh")
    + written.write_all_clear(["the Wang household"], ClosingOutcome.HELPED, "en")
)


def list_sources() -> dict[Path, str]:
    """What we say: every file of ours that holds sentences, but the tables of what others write."""
    found = [path for place in PLACES for kind in KINDS for path in (ROOT / place).rglob(kind)]
    found += [path for path in ROOT.glob("*.md") if path.name != "CHANGELOG.md"]
    return {
        path.relative_to(ROOT): path.read_text("utf-8")
        for path in found
        if not any(part in path.as_posix() for part in NOT_OURS) and "vendor" not in path.parts
    }


SOURCES = list_sources()


@pytest.mark.parametrize("words", NO_MORE)
def test_a_sentence_that_was_found_wrong_is_nowhere(words: str) -> None:
    assert [str(path) for path, text in SOURCES.items() if words in text] == []


@pytest.mark.parametrize("words", INSTEAD)
def test_what_took_its_place_is_there(words: str) -> None:
    assert words in WRITTEN or any(words in text for text in SOURCES.values())
