"""The conversation around an alarm: what callers hear, and what a neighbour's key is answered with.

What is written is in `written`.

Each line in both languages; a phone that is not marked otherwise gets Chinese.
"""

from __future__ import annotations

from collections.abc import Sequence

from joint_defense.rules.escalation import Whom
from joint_defense.rules.replies import Answer
from joint_defense.rules.triggers import Category
from joint_defense.rules.wording.alarm import CHINESE, ENGLISH, category_words, official_number

MENU = {
    CHINESE: "十户联防。紧急求助请按井号9。",
    ENGLISH: "Joint Defence. For help press pound nine.",
}
MENU_AGAIN = {
    CHINESE: "没有收到按键。需要求助,请按井号9。",
    ENGLISH: "No key was received. If you need help, press pound nine.",
}
NO_WORD = {
    CHINESE: "没有收到按键。已通知您的联防长与您联系。危险时请直接拨打110。",
    ENGLISH: "No key was received. Your group's leader is being told. In danger, dial 110.",
}
NO_WORD_NO_LEADER = {
    CHINESE: "没有收到按键。危险时请直接拨打110。",
    ENGLISH: "No key was received. In danger, dial 110.",
}
STRANGER = {
    CHINESE: "您的号码不在联防名单上,无法通知邻居。紧急情况请立即拨打110。",
    ENGLISH: "Your number is not on a list, so no neighbours can be rung. In an emergency, dial 110 now.",
}
BROKEN = {
    CHINESE: "系统故障,请立即拨打110。",
    ENGLISH: "The system has failed. Dial 110 now.",
}
KEPT = {
    CHINESE: "求助已记下,系统恢复后会马上呼叫您的邻居。请不要挂机,并请立即拨打110。",
    ENGLISH: "Your alarm is kept, and your neighbours will be rung as soon as the system is back. Dial 110 as well.",
}
KEPT_STILL = {
    CHINESE: "系统正在恢复,您的求助已记下。请同时拨打110。",
    ENGLISH: "The system is coming back; your alarm is kept. Please dial 110 as well.",
}
KEPT_ANSWER = {
    CHINESE: "已记下,会马上转告。谢谢您。",
    ENGLISH: "Noted; it will be passed on at once. Thank you.",
}
HOLD_ON = {
    CHINESE: "系统正在恢复,请不要挂机。刚才的按键没有收到,请稍后再按。",
    ENGLISH: "The system is coming back; please hold. Your key was not received: press it again in a moment.",
}
FLOOD = {
    CHINESE: "您已多次求助,求助都已记录在案。现在请直接拨打110。",
    ENGLISH: "You have called several times, and all of it is on record. Dial 110 now.",
}


def alarm_raised(phones: int, households: int, language: str, *, begun: bool = True) -> str:
    """To the caller, at once: how many are being rung, or (not `begun`) are to be. With nobody to ring: to dial 110."""
    if language == CHINESE:
        if not households:
            return "求助已记录,但您家还没有可以通知的邻居,请立即拨打110。"
        if not begun:
            return f"求助已收到,马上呼叫{households}户邻居,共{phones}部电话。请不要挂机。危险时请拨打110。"
        return f"求助已发出,正在呼叫{households}户邻居,共{phones}部电话。危险时请拨打110。"
    if not households:
        return "Your call is on record, but there are no neighbours to ring for you yet. Dial 110 now."
    if not begun:
        return f"Your alarm is in. {households} households are to be rung. Please hold. In danger, dial 110."
    return f"Your alarm is out. {households} neighbouring households are being rung. In danger, dial 110."


def alarm_joined(households: int, language: str) -> str:
    """To a second caller, or to one who presses again: the same neighbours are on it already."""
    if language == CHINESE:
        return f"求助已收到。{households}户邻居会接到通知,知道您家也在求助。危险时请拨打110。"
    return f"Your alarm is in. {households} households are being told of you. In danger, dial 110."


BEING_RUNG = {
    CHINESE: "邻居的电话正在拨打。",
    ENGLISH: "Your neighbours are being rung now.",
}
NOT_RUNG_YET = {
    CHINESE: "邻居的电话还没有打出去,系统正在重试。请立即拨打110。",
    ENGLISH: "Your neighbours could not be rung yet; it is being tried again. Dial 110 now.",
}


CATEGORY_PROMPT = {
    CHINESE: "请不要挂机。有贼按1,着火按2,伤病按3,其他按4。误报请按两次星号。",
    ENGLISH: "Please hold. Burglary press 1, fire 2, medical 3, other 4. False alarm: press star twice.",
}
CATEGORY_KEYS = {"1": Category.BURGLARY, "2": Category.FIRE, "3": Category.MEDICAL, "4": Category.OTHER}
STAR_AGAIN = {
    CHINESE: "再按一次星号,取消求助。",
    ENGLISH: "Press star once more to take the alarm back.",
}
OVER_FOR_CALLER = {
    CHINESE: "求助已解除,邻居们都会得到通知。再见。",
    ENGLISH: "The alarm is over, and your neighbours are being told. Goodbye.",
}
OVER_FOR_NEIGHBOUR = {
    CHINESE: "这次求助已经解除,谢谢您。",
    ENGLISH: "This alarm is over already. Thank you.",
}
NOT_RUNG = {
    CHINESE: "没有找到与您有关的求助。",
    ENGLISH: "There is no alarm that concerns you.",
}
CHANGE_OR_TALK = {
    CHINESE: "改为不能来请按2,到了请按3,要与求助人通话请按9。",
    ENGLISH: "If you cannot come after all press 2, when you are there 3, to talk to the caller 9.",
}
CHANGE = {
    CHINESE: "改为不能来请按2,到了请按3。",
    ENGLISH: "If you cannot come after all press 2, when you are there 3.",
}
NO_TALK = {
    CHINESE: "这条线路不能与求助人通话。",
    ENGLISH: "This line cannot put you through to the caller.",
}
LEADER_MAY_CLOSE = {
    CHINESE: "事情已了,请按0解除。",
    ENGLISH: "When it is over, press 0.",
}
GOODBYE = {
    CHINESE: "谢谢您。再见。",
    ENGLISH: "Thank you. Goodbye.",
}
TALKING = {
    CHINESE: "正在为您接通求助人。",
    ENGLISH: "You are being connected to the caller.",
}
NOT_ON_LINE = {
    CHINESE: "求助人现在没有在线,无法接通。",
    ENGLISH: "The caller is not on the line and cannot be put through.",
}
BACK_FROM_TALK = {
    CHINESE: "通话已结束,请不要挂机。取消求助请按星号。",
    ENGLISH: "The conversation is over; please hold. To take the alarm back press star.",
}
NEIGHBOUR_BACK_FROM_TALK = {
    CHINESE: "通话已结束。",
    ENGLISH: "The conversation is over.",
}
CALL_BACK = {
    CHINESE: "您自己要求助,请按井号9。",
    ENGLISH: "If you need help yourself, press pound nine.",
}


def category_noted(category: Category, language: str) -> str:
    """To the caller who has said what it is."""
    official = official_number(category)
    if language == CHINESE:
        return f"已告诉邻居{category_words(category, language)}。请同时拨打{official}。"
    return f"Your neighbours are told: {category_words(category, language)}. Please dial {official} as well."


def who_comes(coming: Sequence[str], on_scene: Sequence[str], language: str) -> list[str]:
    """The households that are on their way or there, a sentence each way; nothing where there are none."""
    sentences = []
    if on_scene:
        sentences.append(
            f"{'、'.join(on_scene)}已到现场。" if language == CHINESE else f"{', '.join(on_scene)}: on the scene."
        )
    if coming:
        sentences.append(
            f"{'、'.join(coming)}正在赶来。" if language == CHINESE else f"{', '.join(coming)}: on the way."
        )
    return sentences


def who_cannot_after_all(households: Sequence[str], language: str) -> list[str]:
    """Those of whom the caller was told that they come, and who cannot: a sentence, or nothing."""
    if not households:
        return []
    if language == CHINESE:
        return [f"{'、'.join(households)}来不了了。"]
    return [f"{', '.join(households)}: cannot come after all."]


def nobody_yet(category: Category, language: str) -> str:
    """To a caller for whom nobody has said to come: whom to dial, the fire brigade or an ambulance besides."""
    official = official_number(category)
    if language == CHINESE:
        return f"暂无人应答,请拨打110{'' if official == '110' else f'、{official}'}。"
    return f"Nobody has answered yet. Please dial 110{'' if official == '110' else f' and {official}'}."


_CALLED = {
    Whom.LEADERS: ("联防长", "the group's leader once more"),
    Whom.DUTY: ("村值班人员", "whoever is on duty in the village"),
    Whom.BACKUP: ("支援组", "the back-up group"),
    Whom.NEIGHBOURS: ("周边联防组", "the groups nearby"),
    Whom.CENTRE: ("镇中心", "the town's centre"),
}


def widened(whom: Sequence[Whom], language: str) -> list[str]:
    """To the caller: who is being called besides, because too few come. A sentence, or nothing."""
    if not whom:
        return []
    if language == CHINESE:
        return [f"来的人还不够,正在呼叫{'、'.join(_CALLED[each][0] for each in whom)}。"]
    return [f"Too few are coming: we are calling {', '.join(_CALLED[each][1] for each in whom)}."]


def thanks(callers: Sequence[str], answer: Answer, language: str) -> str:
    """To a neighbour whose answer is on record."""
    if language == CHINESE:
        names = "、".join(callers)
        return {
            Answer.COMING: f"谢谢,已告诉{names}您正在赶来。",
            Answer.CANNOT: f"知道了,已记下您不能去{names}。谢谢。",
            Answer.ON_SCENE: f"谢谢,已告诉{names}您已到场。",
        }[answer]
    names = " and ".join(callers)
    return {
        Answer.COMING: f"Thank you. {names} has been told that you are coming.",
        Answer.CANNOT: f"Noted that you cannot go to {names}. Thank you.",
        Answer.ON_SCENE: f"Thank you. {names} has been told that you are there.",
    }[answer]


def caller_joins(households: Sequence[str], language: str) -> str:
    """To the caller, just before the line is opened to neighbours who wait on it."""
    if language == CHINESE:
        return f"{'、'.join(households)}已接通,请讲话。"
    return f"{', '.join(households)} on the line. Please speak."
