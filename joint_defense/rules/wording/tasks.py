"""What is written about a number that fails, in both languages: to its household, its leader, the village head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from joint_defense.rules.tasks import TaskReason

CHINESE = "zh"
EXAMPLE = "13800138000"
MOST_NAMED = 5
"""A text names so many households at most."""


@dataclass(frozen=True, slots=True)
class FailingNumber:
    """A number that fails, as a text speaks of it: whose, its last digits, whether it is a mobile, and why."""

    household: str
    household_en: str
    ending: str
    is_mobile: bool
    reason: TaskReason


def ask_household(numbers: Sequence[FailingNumber], language: str) -> str:
    """To the household's other phone."""
    if language == CHINESE:
        which = "、".join(f"{_name_kind(each)}（尾号{each.ending}）" for each in numbers[:MOST_NAMED])
        more = f"改 {EXAMPLE}" if len(numbers) == 1 else f"改 尾号{numbers[0].ending} {EXAMPLE}"
        return f"【十户联防】您家的{which}{_say_why(numbers[0].reason)}。请回复新号码，例如：{more}"
    which = ", ".join(f"{_name_kind_in_english(each)} ending {each.ending}" for each in numbers[:MOST_NAMED])
    more = f"NEW {EXAMPLE}" if len(numbers) == 1 else f"NEW {numbers[0].ending} {EXAMPLE}"
    why = _say_why_in_english(numbers[0].reason)
    return f"[Joint Defence] Your {which} {why}. Please reply with the new number, like: {more}"


def ask_leader(numbers: Sequence[FailingNumber], language: str) -> str:
    """To the leader of the group: with several households the answer has to name one."""
    first = numbers[0]
    one = len(numbers) == 1
    if language == CHINESE:
        whose = "、".join(f"{each.household}的{_name_kind(each)}（尾号{each.ending}）" for each in numbers[:MOST_NAMED])
        more = f"改 {EXAMPLE}" if one else f"改 {first.household} {EXAMPLE}"
        return f"【十户联防】{whose}{_say_why(first.reason)}。知道新号码请回复，例如：{more}"
    whose = ", ".join(
        f"{each.household_en} ({_name_kind_in_english(each)} ending {each.ending})" for each in numbers[:MOST_NAMED]
    )
    more = f"NEW {EXAMPLE}" if one else f"NEW {first.household_en.removeprefix('the ')} {EXAMPLE}"
    return (
        f"[Joint Defence] {whose}: {_say_why_in_english(first.reason)}. "
        f"If you know the new number please reply, like: {more}"
    )


def ask_household_for_press(numbers: Sequence[FailingNumber], language: str) -> str:
    """To a household whose device keeps silent: somebody comes, for a press without being asked is a call for help."""
    if language == CHINESE:
        return (
            "【十户联防】您家的#9按键或专用手机两次没有测试。用这部电话拨打我们的号码后按8，"
            "半小时内按一次#9，听到问话后再按8；坏了请告诉组长或村干部"
        )
    return (
        "[Joint Defence] Your #9 key or dedicated phone missed two tests. Call our number from its phone and press 8, "
        "press #9 within half an hour, then key 8 when asked. If it is broken tell your leader or the village office"
    )


def ask_leader_for_press(numbers: Sequence[FailingNumber], language: str) -> str:
    """To the leader of the group, about households whose devices keep silent."""
    if language == CHINESE:
        whose = "、".join(dict.fromkeys(f"{each.household}" for each in numbers[:MOST_NAMED]))
        return (
            f"【十户联防】{whose}的#9按键或专用手机两次没有测试。请上门看看：用他家的电话拨打我们的号码后按8，"
            "半小时内按一次#9，听到问话后再按8；坏了请告诉村干部"
        )
    whose = ", ".join(dict.fromkeys(each.household_en for each in numbers[:MOST_NAMED]))
    return (
        f"[Joint Defence] {whose}: the #9 key or dedicated phone missed two tests. Please look in: call our number "
        "from their phone and press 8, press #9 within half an hour, then key 8 when asked. If it is broken tell the "
        "village office"
    )


def tell_head(
    village: str,
    households: Sequence[str],
    reasons: Sequence[TaskReason],
    language: str,
    overdue: date | None = None,
) -> str:
    """To the village's head, once a week: how many numbers and silent devices wait to be mended, by what is wrong with
    them (`reasons`: one for each), and whose (`households`: each once); and the day on which the half-monthly check was
    due, if nobody has signed it off.
    """
    shown = households[:MOST_NAMED]
    counts = [(said, sum(each in of for each in reasons)) for of, said in _COUNTED]
    if language == CHINESE:
        names = "、".join(shown) + ("等" if len(households) > len(shown) else "")
        what = [f"{count}个{said[0]}" for said, count in counts if count]
        waiting = f"有{'，'.join(what)}，等您处理：{names}。请看村里的“待办号码”页。" if what else ""
        check = (
            f"{overdue.month}月{overdue.day}日的半月检查还没有签字，请在“半月检查”页上逐项核对后签字。"
            if overdue
            else ""
        )
        return f"【十户联防】{village}{waiting}{check}"
    names = ", ".join(shown) + (" and others" if len(households) > len(shown) else "")
    what = [f"{count} {said[1] if count == 1 else said[2]}" for said, count in counts if count]
    waiting = f" {', '.join(what)}, waiting for you: {names}. See the page of numbers to mend." if what else ""
    check = f" The half-monthly check of {overdue} is not signed off yet. See its page." if overdue else ""
    return f"[Joint Defence] {village}:{waiting}{check}"


_COUNTED: tuple[tuple[frozenset[TaskReason], tuple[str, str, str]], ...] = (
    (
        frozenset({TaskReason.REFUSED, TaskReason.FAILED}),
        ("号码打不通", "number cannot be reached", "numbers cannot be reached"),
    ),
    (
        frozenset({TaskReason.NOT_THEIRS}),
        ("号码接电话的人说不是这家的", "number is said to be another's", "numbers are said to be another's"),
    ),
    (
        frozenset({TaskReason.UNANSWERED}),
        ("号码两次测试都没有人接", "number missed two tests", "numbers missed two tests"),
    ),
    (
        frozenset({TaskReason.SILENT_DEVICE}),
        ("#9按键或专用手机两次没有测试", "device was not tested", "devices were not tested"),
    ),
)
"""What is counted together: in Chinese behind 个, in English of one and of several."""


def _name_kind(number: FailingNumber) -> str:
    return "手机" if number.is_mobile else "座机"


def _name_kind_in_english(number: FailingNumber) -> str:
    return "mobile" if number.is_mobile else "landline"


def _say_why(reason: TaskReason) -> str:
    return _WHY[reason][0]


def _say_why_in_english(reason: TaskReason) -> str:
    return _WHY[reason][1]


_WHY = {
    TaskReason.REFUSED: ("打不通", "cannot be reached"),
    TaskReason.FAILED: ("打不通", "cannot be reached"),
    TaskReason.NOT_THEIRS: ("接电话的人说不是这家的", "was answered by somebody who says it is another's"),
    TaskReason.UNANSWERED: ("两次测试都没有人接", "was not answered in two tests"),
    TaskReason.SILENT_DEVICE: ("的按键两次没有测试", "has a device that missed two tests"),
}
