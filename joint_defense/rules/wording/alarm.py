"""What neighbours hear and read, in Chinese and English.

Who and where come first in every call, in words a neighbour navigates by, and are said again; everything else comes
after. A message says who, where, what, when and how to answer, and fits two UCS-2 segments with an ordinary address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from groups.rules.typed_text import cut_links
from joint_defense.rules.triggers import Category, is_keys
from joint_defense.rules.understanding.dangers import is_bare_nine

CHINESE = "zh"
ENGLISH = "en"

LONGEST_QUOTE = 300
"""Signs of a neighbour's own text that travel in a message; a carrier takes 1,600 in all."""
MOST_VOICES = 4
"""Voices that one call tells of, the newest: what a call says travels in 4,000 signs of TwiML."""

_CATEGORY = {
    Category.UNSPECIFIED: ("", ""),
    Category.BURGLARY: ("有贼进屋", "Burglary"),
    Category.FIRE: ("着火了", "Fire"),
    Category.MEDICAL: ("有人受伤或发病", "Somebody is hurt or ill"),
    Category.OTHER: ("有急事", "Urgent trouble"),
}
_FIRST_HELP = {
    "alone": ("家有独居老人", "elderly living alone"),
    "disabled": ("家中有人行动不便", "cannot get out alone"),
    "other": ("需要优先帮助", "needs help first"),
}
_OFFICIAL = {Category.FIRE: "119", Category.MEDICAL: "120"}


@dataclass(frozen=True, slots=True)
class Voice:
    """One household's call for help, as it is told to others. `raised_at` is in local time.

    `first_help` is why the household needs help first, a key of the table above, or empty.
    """

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
    first_help: str = ""
    line: str = ""
    """The number of ours to call, for whoever gets a text that cannot be replied to; else empty."""


_TOO_FEW = {
    CHINESE: "来的人还不够，请您去支援。",
    ENGLISH: "Too few are coming: please go and help.",
}
_HELD = {
    CHINESE: "这家刚有过一次恶意求助，所以先找您：您按1、2或3，就马上叫大家；没事请按0。没人按，半分钟后也叫大家。",
    ENGLISH: "This household's last call was a malicious one, so you are asked first: press 1, 2 or 3 and all others "
    "are called at once; if nothing is wrong press 0. Without a key all are called in half a minute.",
}
_HELD_TEXT = {
    CHINESE: "这家刚有过一次恶意求助，先找您：您一回复1、2或3就叫大家；没事请回复0。不回复，半分钟后也叫大家。",
    ENGLISH: "Their last call was malicious, so you are asked first: reply 1, 2 or 3 and all are called, 0 if "
    "nothing is wrong. Without a reply all are called in half a minute.",
}


def find_official_number(category: Category) -> str:
    """The emergency number that belongs to a category: 119 fire, 120 ambulance, 110 police."""
    return _OFFICIAL.get(category, "110")


def say_also_dial(category: Category, language: str) -> str:
    """Whom to dial for a fire or an injury, as a sentence for every text about it; empty otherwise."""
    if category not in _OFFICIAL:
        return ""
    what, official = name_category(category, language), _OFFICIAL[category]
    if language == CHINESE:
        return f"{what}，如还没人打{official}，请您打。"
    return f" {what}: if nobody has dialled {official} yet, please do."


def name_category(category: Category, language: str) -> str:
    """What has happened, in words; empty where nobody said."""
    return _CATEGORY[category][0 if language == CHINESE else 1]


def say_first_help(voice: Voice, language: str) -> str:
    """Why the household needs help first, in words; empty where it does not."""
    if not voice.first_help:
        return ""
    return _FIRST_HELP[voice.first_help][0 if language == CHINESE else 1]


def write_local_number(number: str) -> str:
    """The number as a neighbour would dial it: +8613800138000 -> 13800138000, +8657488805255 -> 057488805255."""
    if not number.startswith("+86"):
        return number
    national = number.removeprefix("+86")
    return national if national.startswith("1") and len(national) == 11 else f"0{national}"


def write_announcement(
    voices: Sequence[Voice], language: str, *, widened: bool = False, held: bool = False
) -> list[str]:
    """The sentences of an alarm call, said once; a call says them twice. The newest voice comes first.

    `widened`: to somebody who is called because too few come. `held`: to a leader who is asked before all others.
    """
    newest = list(reversed(voices))[:MOST_VOICES]
    sentences = [sentence for voice in newest for sentence in _say_who_where_what(voice, language)]
    # Behind the first who and where: those have to be heard within three seconds.
    sentences = [*sentences, _HELD[language]] if held else sentences
    return [*sentences[:1], _TOO_FEW[language], *sentences[1:]] if widened else sentences


def _say_who_where_what(voice: Voice, language: str) -> list[str]:
    what = name_category(voice.category, language)
    first = say_first_help(voice, language)
    if language == CHINESE:
        where = voice.place.replace("·", "，")
        sentences = [f"{'演练！' if voice.drill else ''}{voice.household}求助！{where}。"]
        extra = "，".join(part for part in (what, first, f"门牌{voice.door}" if voice.door else "") if part)
    else:
        where = voice.place_en.replace("·", ", ")
        sentences = [f"{'Drill! ' if voice.drill else ''}{voice.household_en} needs help! {where}."]
        extra = ", ".join(
            part for part in (what, first, f"door {voice.door}" if _write_door_in_english(voice) else "") if part
        )
    return [*sentences, extra + ("。" if language == CHINESE else ".")] if extra else sentences


def _write_door_in_english(voice: Voice) -> str:
    """The door, in brackets, where the place does not say it; one Chinese sign would double a text's price."""
    return f" ({voice.door})" if voice.door and voice.door.isascii() and voice.door not in voice.place_en else ""


def say_how_to_answer(language: str) -> str:
    """The keys of an alarm call."""
    if language == CHINESE:
        return "能来请按1，不能来请按2，到了请按3。"
    return "Press 1 if you are coming, 2 if you cannot, 3 when you are there."


def say_no_key_pressed(language: str) -> str:
    """The last words of an alarm call in which no key was pressed."""
    if language == CHINESE:
        return "没有收到您的按键。请尽快去看一看，也可以回拨本号码后按1。再见。"
    return "No key was received. Please go and look, or call this number back and press 1. Goodbye."


def write_message(voice: Voice, language: str, *, widened: bool = False, held: bool = False) -> str:
    """The text of an alarm. `widened`: to somebody who is called because too few come; `held`: to a leader, first."""
    more = (_TOO_FEW[language] if widened else "") + (_HELD_TEXT[language] if held else "")
    return _choose_fitting(lambda each: _write_message(each, language, more), voice)


def write_second_voice(voice: Voice, language: str) -> str:
    """The text that tells everybody of an incident that another household calls for help too."""
    return _choose_fitting(lambda each: _write_second_voice(each, language), voice)


SETTLED_KEY = {CHINESE: "已处理请按0。", ENGLISH: "When it is settled, press 0."}
"""To the leader, at the end of a call about a call without a word."""


def write_wordless(voice: Voice, language: str) -> str:
    """To the group's leader: a call in which nobody said or pressed anything."""
    return _choose_fitting(lambda each: _write_wordless(each, language), voice)


def _choose_fitting(told: Callable[[Voice], str], voice: Voice) -> str:
    """The text; who needs help first is left out where it alone would make it longer than two segments."""
    whole = told(voice)
    if not voice.first_help or count_segments(whole) <= 2:
        return whole
    shorter = told(replace(voice, first_help=""))
    return shorter if count_segments(shorter) <= 2 else whole


def _write_message(voice: Voice, language: str, more: str) -> str:
    what = name_category(voice.category, language)
    official = find_official_number(voice.category)
    when = f"{voice.raised_at:%H:%M}"
    quoted = cut_quote(voice)
    first = _add_comma(say_first_help(voice, language), language)
    if language == CHINESE:
        drill = "演练，不是真的警情。" if voice.drill else ""
        quote = f"原话：“{quoted}”" if quoted else ""
        door = f"（{voice.door}）" if voice.door else ""
        return (
            f"【十户联防】{drill}{voice.household}求助{'：' + what if what else ''}！"
            f"{voice.place}{door}，{first}{when}。{more}{quote}电话{write_local_number(voice.number)}。"
            f"{say_how_to_reply(voice, language)}必要时打{official}"
        )
    drill = "DRILL, not real. " if voice.drill else ""
    quote = f' They say: "{quoted}".' if quoted else ""
    door = _write_door_in_english(voice)
    return (
        f"[Joint Defence] {drill}{voice.household_en} needs help{': ' + what if what else ''}! {voice.place_en}{door}, "
        f"{first}{when}.{' ' + more if more else ''}{quote} Phone {write_local_number(voice.number)}. "
        f"{say_how_to_reply(voice, language)} Dial {official} if needed"
    )


def say_how_to_reply(voice: Voice, language: str, *, there: bool = True) -> str:
    """By a text; by a call where the text comes from a name, to which nobody can reply."""
    if not voice.line:
        if language == CHINESE:
            return f"能来请回复1，不能来请回复2{'，到了请回复3' if there else ''}。"
        return f"Reply 1 coming, 2 cannot{', 3 there' if there else ''}."
    line = write_local_number(voice.line)
    if language == CHINESE:
        return f"短信不能回复，请打{line}：能来按1，不能来按2{'，到了按3' if there else ''}。"
    return f"No replies here: call {line}, press 1 coming, 2 cannot{', 3 there' if there else ''}."


def cut_quote(voice: Voice) -> str:
    """The caller's own words, links cut out; a bare 9 says nothing that the text does not say."""
    words = cut_links(voice.text).strip()
    return "" if is_bare_nine(words) else words[:LONGEST_QUOTE]


def _write_second_voice(voice: Voice, language: str) -> str:
    what = name_category(voice.category, language)
    official = find_official_number(voice.category)
    quoted = cut_quote(voice)
    when = f"{voice.raised_at:%H:%M}"
    first = _add_comma(say_first_help(voice, language), language)
    if language == CHINESE:
        quote = f"原话：“{quoted}”" if quoted else ""
        door = f"（{voice.door}）" if voice.door else ""
        return (
            f"【十户联防】又有一户求助：{voice.household}{'，' + what if what else ''}！{voice.place}{door}，"
            f"{first}{when}。{quote}电话{write_local_number(voice.number)}。"
            f"{say_how_to_reply(voice, language, there=False)}必要时打{official}"
        )
    quote = f' They say: "{quoted}".' if quoted else ""
    door = _write_door_in_english(voice)
    return (
        f"[Joint Defence] A second household calls: {voice.household_en}{', ' + what if what else ''}! "
        f"{voice.place_en}{door}, {first}{when}.{quote} Phone {write_local_number(voice.number)}. "
        f"{say_how_to_reply(voice, language, there=False)} Dial {official} if needed"
    )


def _write_wordless(voice: Voice, language: str) -> str:
    when = f"{voice.raised_at:%H:%M}"
    first = say_first_help(voice, language)
    if language == CHINESE:
        first = f"，{first}" if first else ""
        return (
            f"【十户联防】{voice.household}{when}来电，{_tell_unheard(voice, language)}。{voice.place}{first}。"
            f"请联系或上门看看。电话{write_local_number(voice.number)}"
        )
    first = f", {first}" if first else ""
    what, said = _tell_unheard(voice, language), cut_quote(voice)
    told = f"They pressed {said}. " if is_keys(said) else f'They say: "{said}". ' if said else ""
    return (
        f"[Joint Defence] {what} from {voice.household_en} at {when}. {voice.place_en}{first}. {told}"
        f"Please get in touch or look in. Phone {write_local_number(voice.number)}"
    )


def _tell_unheard(voice: Voice, language: str) -> str:
    """What came in a call that raised no alarm: nothing, other keys, or words that nobody understood."""
    said = cut_quote(voice)
    if not said:
        return "没有说话也没有按键" if language == CHINESE else "A call without a word"
    if is_keys(said):
        pressed = said.replace("#", "井号").replace("*", "星号")
        return f"没有按井号9，按的是{pressed}" if language == CHINESE else "A call without #9"
    return f"没有按井号9，说的是：“{said}”" if language == CHINESE else "A call without #9"


def _add_comma(words: str, language: str) -> str:
    return words and words + ("，" if language == CHINESE else ", ")


ONE_SEGMENT, EACH_SEGMENT = 70, 67
"""Signs of a text with Chinese in it: of one segment, and of each of several."""


def count_segments(body: str) -> int:
    """How many SMS segments a text takes: 160/153 signs in GSM-7, 70/67 in UCS-2, as the carrier bills and paces."""
    if all(sign in _GSM7 for sign in body):
        length = sum(2 if sign in _GSM7_TWO else 1 for sign in body)
        single, many = 160, 153
    else:
        length = len(body.encode("utf-16-be")) // 2
        single, many = ONE_SEGMENT, EACH_SEGMENT
    return 1 if length <= single else -(-length // many)


_GSM7_TWO = frozenset("^{}\\[~]|€\f")
_GSM7 = (
    frozenset("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ÄÖÑÜ§¿äöñüà")
    | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    | _GSM7_TWO
)
