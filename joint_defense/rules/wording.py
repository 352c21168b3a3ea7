"""What neighbours hear and read, in Chinese and English.

Who and where come first in every call, in words a neighbour navigates by, and are said again; everything else comes
after. A message says who, where, what, when and how to answer, and fits two UCS-2 segments with an ordinary address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from joint_defense.rules.trigger import Category

CHINESE = "zh"
ENGLISH = "en"

LONGEST_QUOTE = 300
"""Signs of a neighbour's own text that travel in a message; a carrier takes 1,600 in all."""

_CATEGORY = {
    Category.UNSPECIFIED: ("", ""),
    Category.BURGLARY: ("有贼进屋", "Burglary"),
    Category.FIRE: ("着火了", "Fire"),
    Category.MEDICAL: ("有人受伤或发病", "Somebody is hurt or ill"),
    Category.OTHER: ("有急事", "Urgent trouble"),
}
_OFFICIAL = {Category.FIRE: "119", Category.MEDICAL: "120"}


@dataclass(frozen=True, slots=True)
class Voice:
    """One household's call for help, as it is told to others. `raised_at` is in local time."""

    household: str
    household_en: str
    place: str
    place_en: str
    door: str
    number: str
    category: Category
    text: str
    raised_at: datetime
    drill: bool = False


def official_number(category: Category) -> str:
    """The emergency number that belongs to a category: 119 fire, 120 ambulance, 110 police."""
    return _OFFICIAL.get(category, "110")


def category_words(category: Category, language: str) -> str:
    """What has happened, in words; empty where nobody said."""
    return _CATEGORY[category][0 if language == CHINESE else 1]


def local_number(number: str) -> str:
    """The number as a neighbour would dial it: +8613800138000 -> 13800138000, +8657488805255 -> 057488805255."""
    if not number.startswith("+86"):
        return number
    national = number.removeprefix("+86")
    return national if national.startswith("1") and len(national) == 11 else f"0{national}"


def announcement(voices: Sequence[Voice], language: str) -> list[str]:
    """The sentences of an alarm call, said once; a call says them twice. The newest voice comes first."""
    return [sentence for voice in reversed(voices) for sentence in _who_where_what(voice, language)]


def _who_where_what(voice: Voice, language: str) -> list[str]:
    what = category_words(voice.category, language)
    if language == CHINESE:
        where = voice.place.replace("·", ",")
        sentences = [f"{'演练!' if voice.drill else ''}{voice.household}求助!{where}。"]
        extra = ",".join(part for part in (what, f"门牌{voice.door}" if voice.door else "") if part)
    else:
        where = voice.place_en.replace("·", ", ")
        sentences = [f"{'Drill! ' if voice.drill else ''}{voice.household_en} needs help! {where}."]
        extra = ", ".join(part for part in (what, f"door {voice.door}" if voice.door else "") if part)
    return [*sentences, extra + ("。" if language == CHINESE else ".")] if extra else sentences


def how_to_answer(language: str) -> str:
    """The keys of an alarm call."""
    if language == CHINESE:
        return "能来请按1,不能来请按2,到了请按3。"
    return "Press 1 if you are coming, 2 if you cannot, 3 when you are there."


def no_key_pressed(language: str) -> str:
    """The last words of an alarm call in which no key was pressed."""
    if language == CHINESE:
        return "没有收到您的按键。请尽快去看一看,也可以回拨本号码后按1。再见。"
    return "No key was received. Please go and look, or call this number back and press 1. Goodbye."


def message(voice: Voice, language: str) -> str:
    """The text of an alarm."""
    what = category_words(voice.category, language)
    official = official_number(voice.category)
    when = f"{voice.raised_at:%H:%M}"
    quoted = voice.text.strip()[:LONGEST_QUOTE]
    if language == CHINESE:
        drill = "演练,不是真的警情。" if voice.drill else ""
        quote = f"原话:“{quoted}”" if quoted else ""
        door = f"({voice.door})" if voice.door else ""
        return (
            f"【十户联防】{drill}{voice.household}求助{':' + what if what else ''}!{voice.place}{door},{when}。{quote}"
            f"电话{local_number(voice.number)}。能来回1,不能来回2,到了回3。必要时拨{official}"
        )
    drill = "DRILL, not real. " if voice.drill else ""
    quote = f' They say: "{quoted}".' if quoted else ""
    door = f" ({voice.door})" if voice.door else ""
    return (
        f"[Joint Defence] {drill}{voice.household_en} needs help{': ' + what if what else ''}! {voice.place_en}{door}, "
        f"{when}.{quote} Phone {local_number(voice.number)}. Reply 1 coming, 2 cannot, 3 there. Dial {official} if needed"
    )


def second_voice(voice: Voice, language: str) -> str:
    """The text that tells everybody of an incident that another household calls for help too."""
    what = category_words(voice.category, language)
    quoted = voice.text.strip()[:LONGEST_QUOTE]
    when = f"{voice.raised_at:%H:%M}"
    if language == CHINESE:
        quote = f"原话:“{quoted}”" if quoted else ""
        door = f"({voice.door})" if voice.door else ""
        return (
            f"【十户联防】又有一户求助:{voice.household}{',' + what if what else ''}!{voice.place}{door},{when}。{quote}"
            f"电话{local_number(voice.number)}。能来回1,不能来回2"
        )
    quote = f' They say: "{quoted}".' if quoted else ""
    return (
        f"[Joint Defence] A second household calls: {voice.household_en}{', ' + what if what else ''}! {voice.place_en}, "
        f"{when}.{quote} Phone {local_number(voice.number)}. Reply 1 coming, 2 cannot"
    )


def wordless(voice: Voice, language: str) -> str:
    """To the group's leader: a call in which nobody said or pressed anything."""
    when = f"{voice.raised_at:%H:%M}"
    if language == CHINESE:
        return (
            f"【十户联防】{voice.household}{when}来电,没有说话也没有按键。{voice.place}。"
            f"请联系或上门看看。电话{local_number(voice.number)}"
        )
    return (
        f"[Joint Defence] A call without a word from {voice.household_en} at {when}. {voice.place_en}. "
        f"Please get in touch or look in. Phone {local_number(voice.number)}"
    )


def segments(body: str) -> int:
    """How many SMS segments a text takes: 160/153 signs in GSM-7, 70/67 in UCS-2, as the carrier bills and paces."""
    if all(sign in _GSM7 for sign in body):
        length = sum(2 if sign in _GSM7_TWO else 1 for sign in body)
        single, many = 160, 153
    else:
        length = len(body.encode("utf-16-be")) // 2
        single, many = 70, 67
    return 1 if length <= single else -(-length // many)


_GSM7_TWO = frozenset("^{}\\[~]|€\f")
_GSM7 = (
    frozenset("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ÄÖÑÜ§¿äöñüà")
    | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    | _GSM7_TWO
)


# What the caller hears. Each in both languages: a caller whose phone is not marked hears Chinese.

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
BROKEN_TEXT = "【十户联防】系统故障,请立即拨打110。The system has failed; dial 110."
FLOOD = {
    CHINESE: "您已多次求助,求助都已记录在案。现在请直接拨打110。",
    ENGLISH: "You have called several times, and all of it is on record. Dial 110 now.",
}
HELP_TEXT = {
    CHINESE: "【十户联防】需要求助请回复9,或拨打本号码按#9。报警请拨110。",
    ENGLISH: "[Joint Defence] To call your neighbours for help reply 9, or call this number and press #9. Police: 110.",
}
STRANGER_TEXT = "您的号码不在联防名单上,无法通知邻居,紧急情况请拨110。Your number is not on a list; dial 110."


def alarm_raised(phones: int, households: int, language: str) -> str:
    """To the caller, at once: how many are being rung. With nobody to ring: to dial 110."""
    if language == CHINESE:
        if not households:
            return "求助已记录,但您家还没有可以通知的邻居,请立即拨打110。"
        return f"求助已发出,正在呼叫{households}户邻居,共{phones}部电话。危险时请拨打110。"
    if not households:
        return "Your call is on record, but there are no neighbours to ring for you yet. Dial 110 now."
    return f"Your alarm is out. {households} neighbouring households are being rung. In danger, dial 110."


def alarm_joined(households: int, language: str) -> str:
    """To a second caller, or to one who presses again: the same neighbours are on it already."""
    if language == CHINESE:
        return f"求助已收到。{households}户邻居已接到通知,并会知道您家也在求助。危险时请拨打110。"
    return f"Your alarm is in. {households} households have been called and are told of you. In danger, dial 110."


def alarm_text_answer(households: int, language: str) -> str:
    """To a caller who raised the alarm by text."""
    if language == CHINESE:
        if not households:
            return "【十户联防】已收到求助,但您家还没有可以通知的邻居,请立即拨打110。"
        return f"【十户联防】已收到,正在呼叫{households}户邻居。误报请回复0。报警请拨110。"
    if not households:
        return "[Joint Defence] Received, but there are no neighbours to ring for you yet. Dial 110 now."
    return f"[Joint Defence] Received; {households} households are being rung. False alarm: reply 0. Police: 110."
