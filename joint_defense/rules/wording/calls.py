"""The conversation around an alarm: what callers hear, and what a neighbour's key is answered with.

What is written is in `written`.

Each line in both languages; a phone that is not marked otherwise gets Chinese.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from joint_defense.rules.escalation import Whom
from joint_defense.rules.replies import LATER, Answer
from joint_defense.rules.triggers import Category
from joint_defense.rules.wording.alarm import CHINESE, ENGLISH, find_official_number, name_category, say_how_to_answer

MENU = {
    CHINESE: "十户联防。紧急求助请按井号9。",
    ENGLISH: "Joint Defence. For help press pound nine.",
}


class Unheard(StrEnum):
    """What came at the menu instead of #9."""

    NOTHING = "nothing"
    KEY = "key"
    WORDS = "words"
    """Spoken words that were not understood."""


_UNHEARD = {
    Unheard.NOTHING: {CHINESE: "没有收到按键", ENGLISH: "No key was received."},
    Unheard.KEY: {CHINESE: "按错了", ENGLISH: "That is not the key."},
    Unheard.WORDS: {CHINESE: "没有听懂您说的话", ENGLISH: "What you said was not understood."},
}


def say_menu_again(unheard: Unheard, language: str) -> str:
    """The menu once more, behind what came instead of its key."""
    said = _UNHEARD[unheard][language]
    if language == CHINESE:
        return f"{said}。需要帮忙，请按井号9。"
    return f"{said} If you need help, press pound nine."


def say_wordless(unheard: Unheard, language: str, *, told: bool) -> str:
    """The last words to a caller who did not press #9; `told`: their leader is being told, words and all."""
    said = _UNHEARD[unheard][language]
    if language == CHINESE:
        kept = "，已记下" if unheard is Unheard.WORDS else ""
        return f"{said}{kept}。{'正在通知您的联防长跟您联系。' if told else ''}有危险请直接打110。"
    kept = " It is noted." if unheard is Unheard.WORDS else ""
    leader = " Your group's leader is being told." if told else ""
    return f"{said}{kept}{leader} In danger, dial 110."


STRANGER = {
    CHINESE: "您的号码不在联防名单上，没法通知邻居。情况紧急请马上打110。",
    ENGLISH: "Your number is not on a list, so no neighbours can be rung. In an emergency, dial 110 now.",
}
BROKEN = {
    CHINESE: "系统出故障了，请马上打110。",
    ENGLISH: "The system has failed. Dial 110 now.",
}
KEPT = {
    CHINESE: "求助已记下，系统一恢复就给邻居打电话。请别挂机，并请马上打110。",
    ENGLISH: "Your alarm is kept, and your neighbours will be rung as soon as the system is back. Dial 110 as well.",
}
KEPT_STILL = {
    CHINESE: "系统还在恢复，您的求助已记下。请同时打110。",
    ENGLISH: "The system is coming back; your alarm is kept. Please dial 110 as well.",
}
KEPT_ANSWER = {
    CHINESE: "已记下，会马上转告。谢谢您。",
    ENGLISH: "Noted; it will be passed on at once. Thank you.",
}
HOLD_ON = {
    CHINESE: "系统还在恢复，请别挂机。刚才的按键没有收到，请过一会儿再按。",
    ENGLISH: "The system is coming back; please hold. Your key was not received: press it again in a moment.",
}
FLOOD = {
    CHINESE: "您已多次求助，每次都已记下。现在请直接打110。",
    ENGLISH: "You have called several times, and all of it is on record. Dial 110 now.",
}


MUTED = {
    CHINESE: "值班员已暂停受理这个号码的求助，这次没有通知邻居。情况紧急请马上打110。",
    ENGLISH: "An operator has stopped alarms from this number for now; no neighbours were told. Dial 110 now.",
}
LATEST_SECONDS = 30
"""Within so many seconds an alarm that is held goes to all."""


def say_alarm_held(households: int, key: str, language: str) -> str:
    """To a caller whose leader is rung first: the key that has all others rung at once."""
    if language == CHINESE:
        return (
            f"求助已收到，先找联防长。是真的请按{key}，就马上呼叫{households}户邻居。"
            f"不按，{LATEST_SECONDS}秒内也会呼叫。请别挂机。有危险请马上打110。"
        )
    return (
        f"Your alarm is in, and your group's leader is asked first. If it is real press {key}: {households} households "
        f"are then called at once; without it within {LATEST_SECONDS} seconds. Please hold. In danger, dial 110."
    )


def say_wrong_key(key: str, language: str) -> str:
    """To another key than that."""
    if language == CHINESE:
        return f"按错了。是真的请按{key}，就马上呼叫邻居。"
    return f"That is not the key. If it is real press {key}, and your neighbours are called at once."


HELD_NO_MORE = {
    CHINESE: "马上呼叫各户邻居。",
    ENGLISH: "All neighbours are to be called now.",
}
"""To a caller on the line, once the alarm goes to all."""


def say_alarm_raised(phones: int, households: int, language: str) -> str:
    """To the caller, at once: how many are to be rung. That they ring is said once they do. With nobody to ring: to
    dial 110.
    """
    if language == CHINESE:
        if not households:
            return "求助已记下，但您家还没有可以通知的邻居，请马上打110。"
        return f"求助已收到，马上呼叫{households}户邻居，共{phones}部电话。有危险请打110。"
    if not households:
        return "Your call is on record, but there are no neighbours to ring for you yet. Dial 110 now."
    return f"Your alarm is in. {households} neighbouring households are rung at once. In danger, dial 110."


def say_alarm_joined(households: int, language: str) -> str:
    """To a second caller, or to one who presses again: the same neighbours are on it already."""
    if language == CHINESE:
        return f"求助已收到，马上告诉{households}户邻居，您家也在求助。有危险请打110。"
    return f"Your alarm is in. {households} households are told at once that you need help too. In danger, dial 110."


BEING_RUNG = {
    CHINESE: "正在给邻居打电话。",
    ENGLISH: "Your neighbours are being rung now.",
}
NOT_RUNG_YET = {
    CHINESE: "邻居的电话还没有打出去，系统正在重试。请马上打110。",
    ENGLISH: "Your neighbours could not be rung yet; it is being tried again. Dial 110 now.",
}
PERHAPS_RUNG = {
    CHINESE: "还不知道邻居的电话打通没有，系统正在核实。请马上打110。",
    ENGLISH: "It is not known yet whether your neighbours are being rung; we are finding out. Dial 110 now.",
}


CATEGORY_PROMPT = {
    CHINESE: "请别挂机。有贼请按1，着火请按2，伤病请按3，其他请按4。按错了请按两次星号。",
    ENGLISH: "Please hold. Burglary press 1, fire 2, medical 3, other 4. False alarm: press star twice.",
}
CATEGORY_WRONG_KEY = {
    CHINESE: "按错了，请按1、2、3或4。不用来人了请按两次星号。",
    ENGLISH: "That is not one of the keys: press 1, 2, 3 or 4. To cancel, press star twice.",
}
CATEGORY_KEYS = {"1": Category.BURGLARY, "2": Category.FIRE, "3": Category.MEDICAL, "4": Category.OTHER}
STAR_AGAIN = {
    CHINESE: "再按一次星号，就取消求助。",
    ENGLISH: "Press star once more to cancel the alarm.",
}
OVER_FOR_CALLER = {
    CHINESE: "求助已结束，正在通知邻居们。再见。",
    ENGLISH: "The alarm is over, and your neighbours are being told. Goodbye.",
}
OVER_FOR_NEIGHBOUR = {
    CHINESE: "这次求助已经结束，不用来了，谢谢您。",
    ENGLISH: "This alarm is over; there is no need to come. Thank you.",
}
NOT_RUNG = {
    CHINESE: "没有找到与您有关的求助。",
    ENGLISH: "There is no alarm that concerns you.",
}
_CHANGE = {
    Answer.COMING: {
        CHINESE: "来不了了请按2，到了请按3。要告诉对方多久到，请再按1。",
        ENGLISH: "If you cannot come after all press 2, when you are there 3. To say how soon that will be press 1.",
    },
    Answer.CANNOT: {CHINESE: "又能来了请按1。", ENGLISH: "If you can come after all press 1."},
}
_TALK = {CHINESE: "要跟对方通话请按9。", ENGLISH: "To talk to the caller press 9."}
HOW_SOON = {
    CHINESE: "马上到请按1，五分钟请按2，更久请按3。",
    ENGLISH: "If you are there at once press 1, in five minutes 2, later 3.",
}
NOT_A_KEY = {
    CHINESE: "按错了。",
    ENGLISH: "That is not one of the keys.",
}
_WRONG_KEY = {
    None: {CHINESE: "按错了，请按1、2或3。", ENGLISH: "That is not one of the keys: press 1, 2 or 3."},
    Answer.COMING: {CHINESE: "按错了，请按2或3。", ENGLISH: "That is not one of the keys: press 2 or 3."},
    Answer.CANNOT: {CHINESE: "按错了，请按1。", ENGLISH: "That is not one of the keys: press 1."},
    Answer.ON_SCENE: NOT_A_KEY,
}
WORDS_KEPT = {
    CHINESE: "您说的话已记下。",
    ENGLISH: "What you said is noted.",
}
"""To a neighbour whose spoken words are no answer."""
NO_TALK = {
    CHINESE: "这条线路不能跟对方通话。",
    ENGLISH: "This line cannot put you through to the caller.",
}
LEADER_MAY_CLOSE = {
    CHINESE: "事情解决了，请按0。",
    ENGLISH: "When it is over, press 0.",
}
GOODBYE = {
    CHINESE: "谢谢您。再见。",
    ENGLISH: "Thank you. Goodbye.",
}
TALKING = {
    CHINESE: "正在为您接通对方。",
    ENGLISH: "You are being connected to the caller.",
}
NOT_ON_LINE = {
    CHINESE: "对方已挂机，暂时接不通。",
    ENGLISH: "The caller has hung up and cannot be reached for the moment.",
}
WAITING_FOR_CALLER = {
    CHINESE: "对方还没有接通，请稍等。退出请按星号。",
    ENGLISH: "The caller is not on the line yet. Please wait. To leave, press the star key.",
}
NOT_ON_LINE_ANY_MORE = {
    CHINESE: "对方已挂机，暂时接不通。退出请按星号。",
    ENGLISH: "The caller has hung up and cannot be reached for the moment. To leave, press the star key.",
}
ALONE_IN_ROOM = {
    CHINESE: "现在没有邻居在线。返回请按星号。",
    ENGLISH: "No neighbour is on the line now. To go back, press the star key.",
}
BACK_FROM_TALK = {
    CHINESE: "通话已结束，请别挂机。取消求助请按星号。",
    ENGLISH: "The conversation is over; please hold. To cancel the alarm press star.",
}
NEIGHBOUR_BACK_FROM_TALK = {
    CHINESE: "通话已结束。",
    ENGLISH: "The conversation is over.",
}
CALL_BACK = {
    CHINESE: "您家如果也需要帮忙，请按井号9。",
    ENGLISH: "If you need help yourself, press pound nine.",
}


def say_wrong_answer_key(given: Answer | None, language: str) -> str:
    """To a neighbour who pressed another key than those that are left after this answer (None: not yet answered)."""
    return _WRONG_KEY[given][language]


def say_category_noted(category: Category, language: str) -> str:
    """To the caller who has said what it is."""
    official = find_official_number(category)
    if language == CHINESE:
        return f"正在告诉邻居：{name_category(category, language)}。请同时打{official}。"
    return f"Your neighbours are being told: {name_category(category, language)}. Please dial {official} as well."


def offer_keys(given: Answer | None, language: str, *, talks: bool, closes: bool) -> str:
    """The keys that are left to a neighbour who has given this answer (None: not yet); empty where there are none.

    `talks`: they can be put through to the caller; `closes`: they lead the group.
    """
    sentences = [_CHANGE[given][language]] if given in _CHANGE and given is not None else []
    if given is None:
        sentences.append(say_how_to_answer(language))
    if talks:
        sentences.append(_TALK[language])
    if closes:
        sentences.append(LEADER_MAY_CLOSE[language])
    return ("" if language == CHINESE else " ").join(sentences)


def say_how_soon(minutes: int | None, language: str) -> str:
    """Behind a household that is coming: in how many minutes; empty where they did not say."""
    if minutes is None:
        return ""
    if language == CHINESE:
        return "（马上到）" if minutes == 0 else "（五分钟以后到）" if minutes == LATER else f"（约{minutes}分钟到）"
    return (
        " (at once)"
        if minutes == 0
        else " (in more than 5 minutes)"
        if minutes == LATER
        else f" (in {minutes} minutes)"
    )


def say_soon_noted(minutes: int, language: str) -> str:
    """To a neighbour who has said how soon they are there."""
    if language == CHINESE:
        return f"好的，正在告诉对方您{say_how_soon(minutes, language).strip('（）')}。"
    return f"Noted{say_how_soon(minutes, language)}; the caller is being told."


def say_who_comes(coming: Sequence[str], on_scene: Sequence[str], language: str) -> list[str]:
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


def say_who_cannot_after_all(households: Sequence[str], language: str) -> list[str]:
    """Those of whom the caller was told that they come, and who cannot: a sentence, or nothing."""
    if not households:
        return []
    if language == CHINESE:
        return [f"{'、'.join(households)}来不了了。"]
    return [f"{', '.join(households)}: cannot come after all."]


def say_nobody_yet(category: Category, language: str) -> str:
    """To a caller for whom nobody has said to come: whom to dial, the fire brigade or an ambulance besides."""
    official = find_official_number(category)
    if language == CHINESE:
        return f"还没有人回应，请马上打110{'' if official == '110' else f'、{official}'}。"
    return f"Nobody has answered yet. Please dial 110{'' if official == '110' else f' and {official}'}."


def say_nobody_any_more(category: Category, language: str) -> str:
    """To a caller who was told that somebody comes, and nobody does now: whom to dial."""
    official = find_official_number(category)
    if language == CHINESE:
        return f"现在没有人赶来，请马上打110{'' if official == '110' else f'、{official}'}。"
    return f"Nobody is on the way now. Please dial 110{'' if official == '110' else f' and {official}'}."


_CALLED = {
    Whom.LEADERS: ("联防长", "the group's leader once more"),
    Whom.DUTY: ("村值班人员", "whoever is on duty in the village"),
    Whom.BACKUP: ("支援组", "the back-up group"),
    Whom.NEIGHBOURS: ("周边联防组", "the groups nearby"),
    Whom.CENTRE: ("镇中心", "the town's centre"),
}


def say_widened(whom: Sequence[Whom], language: str) -> list[str]:
    """To the caller: who is being called besides, because too few come. A sentence, or nothing."""
    if not whom:
        return []
    if language == CHINESE:
        return [f"来的人还不够，正在叫{'、'.join(_CALLED[each][0] for each in whom)}。"]
    return [f"Too few are coming: we are calling {', '.join(_CALLED[each][1] for each in whom)}."]


def say_thanks(callers: Sequence[str], answer: Answer, language: str) -> str:
    """To a neighbour whose answer is on record; the caller hears of it with the next step, so nothing says that yet."""
    if language == CHINESE:
        names = "、".join(callers)
        return {
            Answer.COMING: f"谢谢，已记下您正赶往{names}。",
            Answer.CANNOT: f"知道了，已记下您不能去{names}。谢谢。",
            Answer.ON_SCENE: f"谢谢，已记下您已到{names}。",
        }[answer]
    names = " and ".join(callers)
    return {
        Answer.COMING: f"Thank you. Noted: you are on your way to {names}.",
        Answer.CANNOT: f"Noted that you cannot go to {names}. Thank you.",
        Answer.ON_SCENE: f"Thank you. Noted: you are with {names}.",
    }[answer]


def say_caller_joins(households: Sequence[str], language: str) -> str:
    """To the caller, just before the line is opened to neighbours who wait on it."""
    if language == CHINESE:
        return f"{'、'.join(households)}已接通，请讲话。"
    return f"{', '.join(households)} on the line. Please speak."
