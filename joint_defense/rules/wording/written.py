"""The conversation around an alarm, in writing: what callers and neighbours read, and what a text is answered with.

Each line in both languages; a phone that is not marked otherwise gets Chinese.

And what accounts' owners are told by text.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from joint_defense.rules.escalation import Whom
from joint_defense.rules.replies import Answer
from joint_defense.rules.triggers import Category
from joint_defense.rules.wording import calls
from joint_defense.rules.wording.alarm import CHINESE, ENGLISH, count_segments, say_also_dial, write_local_number

BROKEN_TEXT = "【十户联防】系统出故障了，请马上打110。The system has failed; dial 110."
KEPT_TEXT = (
    "【十户联防】求助已记下，系统一恢复就给邻居打电话；请马上打110。"
    "Your alarm is kept and will go out as soon as the system is back; dial 110 now."
)
KEPT_OTHER_TEXT = (
    "【十户联防】已收到，系统恢复后处理；情况紧急请马上打110。"
    "Received; it is dealt with as soon as the system is back. In danger, dial 110."
)
KEPT_ANSWER_TEXT = "【十户联防】已记下，系统一恢复就转告，谢谢您。Noted; it is passed on as soon as the system is back."
HELP_TEXT = {
    CHINESE: "【十户联防】需要邻居帮忙请回复9，或打本号码按#9。报警请打110。",
    ENGLISH: "[Joint Defence] To call your neighbours for help reply 9, or call this number and press #9. Police: 110.",
}
HOW_TO_ANSWER = {
    CHINESE: "【十户联防】收到。能来请回复1，不能来请回复2，到了请回复3。",
    ENGLISH: "[Joint Defence] Received. Reply 1 if you are coming, 2 if you cannot, 3 when you are there.",
}
"""To a neighbour whose words are no answer."""
NOTED = {
    CHINESE: "【十户联防】收到，已记下。情况有变请回复：能来1，不能来2，到了3。",
    ENGLISH: "[Joint Defence] Noted. If anything changes reply 1 coming, 2 cannot, 3 there.",
}
"""To a neighbour who has answered and writes more."""
STOPPED = {
    CHINESE: "【十户联防】已停发短信；有人求助时还是会打电话给您。要恢复请回复START。",
    ENGLISH: "[Joint Defence] No more texts; you are still called when somebody needs help. For texts again: START.",
}
STARTED = {
    CHINESE: "【十户联防】短信已恢复。",
    ENGLISH: "[Joint Defence] You get texts again.",
}
STOPPED_FOR_OVERSEER = {
    CHINESE: "【十户联防】已停发短信，有人求助时不再通知您。要恢复请回复START。",
    ENGLISH: "[Joint Defence] No more texts: you are not told of calls for help any more. For texts again: START.",
}
OVERSEER_NOTED = {
    CHINESE: "【十户联防】收到，已记在这起求助里。",
    ENGLISH: "[Joint Defence] Received, and noted with this call for help.",
}
"""To an overseer who writes back."""
STRANGER_TEXT = "您的号码不在联防名单上，没法通知邻居，情况紧急请打110。Your number is not on a list; dial 110."


def write_alarm_answer(households: int, language: str) -> str:
    """To a caller who raised the alarm by text."""
    if language == CHINESE:
        if not households:
            return "【十户联防】已收到求助，但您家还没有可以通知的邻居，请马上打110。"
        return f"【十户联防】已收到，马上呼叫{households}户邻居。按错了请回复0。报警请打110。"
    if not households:
        return "[Joint Defence] Received, but there are no neighbours to ring for you yet. Dial 110 now."
    return f"[Joint Defence] Received; {households} households are to be rung. False alarm: reply 0. Police: 110."


def write_device_alarm(households: int, language: str) -> str:
    """To a household whose detector has raised the alarm."""
    if language == CHINESE:
        if not households:
            return "【十户联防】您家的报警器响了，但您家还没有可以通知的邻居。需要帮忙请打110，着火请打119。"
        return f"【十户联防】您家的报警器响了，马上呼叫{households}户邻居。没事请回复0。着火打119，报警打110。"
    if not households:
        return "[Joint Defence] Your home's detector has gone off; no neighbours to ring yet. Fire 119, police 110."
    return (
        f"[Joint Defence] Your home's detector has gone off; {households} households are to be rung. "
        "All well: reply 0. Fire 119, police 110."
    )


def say_device_alarm(households: int, language: str) -> str:
    """The same by call."""
    if language == CHINESE:
        called = f"马上呼叫{households}户邻居" if households else "但您家还没有可以通知的邻居"
        return f"十户联防。您家的报警器响了，{called}。请看看家里。着火请打119。"
    called = f"{households} households are to be rung" if households else "there are no neighbours to ring yet"
    return f"Joint Defence. Your home's detector has gone off, and {called}. Please look. If there is a fire, dial 119."


def write_alarm_held(households: int, key: str, language: str) -> str:
    """To a caller who raised an alarm by text while their leader is asked first: what has all others called at once."""
    if language == CHINESE:
        return _from_us(
            f"求助已收到，先找联防长。是真的请回复{key}，就马上呼叫{households}户邻居；"
            f"不回复，{calls.LATEST_SECONDS}秒内也会呼叫。按错了请回复0。报警请打110。",
            language,
        )
    return _from_us(
        f"Received; your leader is asked first. If it is real reply {key}: {households} households are called at once, "
        f"without it within {calls.LATEST_SECONDS} seconds. False alarm: reply 0. Police: 110.",
        language,
    )


RELEASED = {
    CHINESE: "【十户联防】收到，马上呼叫各户邻居。按错了请回复0。报警请打110。",
    ENGLISH: "[Joint Defence] Received; all neighbours are to be called now. False alarm: reply 0. Police: 110.",
}
"""To a caller whose key has let the alarm go to all."""


def write_news(
    coming: Sequence[str],
    on_scene: Sequence[str],
    category: Category,
    language: str,
    called: Sequence[Whom] = (),
    turned_back: Sequence[str] = (),
) -> str:
    """To a caller who has hung up: who is coming, or that nobody has answered; and who is being called besides.

    `turned_back`: those of whom the caller has heard that they come, and who cannot after all.
    """
    sentences, official = calls.say_who_cannot_after_all(turned_back, language), ""
    if coming or on_scene:
        sentences += calls.say_who_comes(coming, on_scene, language)
        official = say_also_dial(category, language)
    else:
        say_nobody = calls.say_nobody_any_more if turned_back else calls.say_nobody_yet
        sentences.append(say_nobody(category, language))
    between = "" if language == CHINESE else " "
    return _from_us(between.join([*sentences, *calls.say_widened(called, language)]) + official, language)


def write_all_clear(callers: Sequence[str], outcome: str, language: str) -> str:
    """To everyone who was rung or texted: it is over."""
    if language == CHINESE:
        names = "、".join(callers)
        words = {
            "helped": f"{names}的事已解决，不用再去了。谢谢大家。",
            "police": f"{names}的求助已结束，已移交110，不用去了。谢谢大家。",
            "fire_brigade": f"{names}的求助已结束，已移交119，不用去了。谢谢大家。",
            "ambulance": f"{names}的求助已结束，已移交120，不用去了。谢谢大家。",
            "false_alarm": f"{names}没事，是误按，不用去了。谢谢大家。",
            "accidental": f"{names}没事，是误按，不用去了。谢谢大家。",
            "malicious": f"{names}的求助已结束，不用去了。",
            "drill": f"{names}的演练已结束，谢谢大家。",
        }
        return _from_us(words.get(outcome, words["helped"]), language)
    names = " and ".join(callers)
    words = {
        "helped": f"{_write_owners(names)} alarm is over: no need to go. Thank you all.",
        "police": f"{_write_owners(names)} alarm is over: 110 sees to it. No need to go. Thank you all.",
        "fire_brigade": f"{_write_owners(names)} alarm is over: 119 sees to it. No need to go. Thank you all.",
        "ambulance": f"{_write_owners(names)} alarm is over: 120 sees to it. No need to go. Thank you all.",
        "false_alarm": f"{_write_owners(names)} alarm is over: it was a false one. No need to go. Thank you all.",
        "accidental": f"{_write_owners(names)} alarm is over: it was raised by accident. No need to go. Thank you all.",
        "malicious": f"{_write_owners(names)} alarm is over: no need to go.",
        "drill": f"{_write_owners(names)} drill is over. Thank you all.",
    }
    return _from_us(words.get(outcome, words["helped"]), language)


def write_lapsed(callers: Sequence[str], language: str) -> str:
    """To a group's leader: nobody has closed the incident, so the clock has."""
    if language == CHINESE:
        return _from_us(f"{'、'.join(callers)}的求助一直没有人解除，系统已自动结束。请确认是否平安。", language)
    return _from_us(
        f"Nobody has closed the call for help of {' and '.join(callers)}, "
        "so it was closed automatically. Please check that all is well.",
        language,
    )


def reply_over(callers: Sequence[str], language: str) -> str:
    """To a neighbour who answers by text after the all-clear."""
    if language == CHINESE:
        return _from_us(f"{'、'.join(callers)}的事已解决，不用来了，谢谢您。", language)
    return _from_us(f"{_write_owners(' and '.join(callers))} alarm is over: no need to come. Thank you.", language)


def reply_over_and_help(callers: Sequence[str], language: str) -> str:
    """To a neighbour whose words after the all-clear may be an answer, or may be anything."""
    more = "您家如果也需要帮忙，请回复9。" if language == CHINESE else " If you need help yourself, reply 9."
    return reply_over(callers, language) + more


def reply_thanks(
    callers: Sequence[str],
    answer: Answer,
    others_open: int,
    language: str,
    category: Category = Category.UNSPECIFIED,
) -> str:
    """To a neighbour who answered by text; with several alarms open, the names say which it counted for."""
    more = ""
    if others_open:
        more = (
            f"（另有{others_open}起求助还没结束）"
            if language == CHINESE
            else f" ({others_open} more open: this counts for the newest)"
        )
    thanks = calls.say_thanks(callers, answer, language)
    return _from_us(f"{thanks}{say_also_dial(category, language)}{more}", language)


def reply_withdrawn(closed: bool, language: str) -> str:
    """To a caller who took the alarm back by text."""
    if language == CHINESE:
        return "【十户联防】已取消，正在通知邻居们。" if closed else "【十户联防】已取消您家的求助；另有一户还在求助。"
    return (
        "[Joint Defence] Cancelled; your neighbours are being told."
        if closed
        else "[Joint Defence] Yours is cancelled; another household still needs help."
    )


def write_words_noted(helpers: int, language: str, *, untold: int = 0) -> str:
    """To a caller who writes more: how many households it is passed on to; with none, that it waits for them.

    `untold`: how many come whom no text reaches. Where there is nobody else the caller is to know that.
    """
    if language == CHINESE:
        if helpers:
            return _from_us(f"收到，会转告赶来的{helpers}户。没事了请回复0。", language)
        if untold:
            return _from_us(
                f"收到，已记下。赶来的{untold}户收不到短信，没法转告；紧急请打110。没事了请回复0。", language
            )
        return _from_us("收到，已记下，有人来就转告。现在还没有人赶来，请打110。没事了请回复0。", language)
    if helpers:
        whom = "the household that is coming" if helpers == 1 else f"the {helpers} households that are coming"
        return _from_us(f"Received; {whom} will be told. If it is over reply 0.", language)
    if untold:
        return _from_us(
            "Received and noted. No text reaches those who are coming, so they cannot be told; if urgent dial 110. "
            "If it is over reply 0.",
            language,
        )
    return _from_us(
        "Received and noted; whoever comes will be told. Until then dial 110. If it is over reply 0.", language
    )


def write_words_passed_on(said: Sequence[tuple[str, str]], language: str) -> tuple[str, int]:
    """What others said, (household, words) in order: a text within two segments, and how many of them it holds.

    At least one; the last that does not fit whole is left for the next text, and a single one is cut.
    """
    colon, between = ("：", "；") if language == CHINESE else (": ", "; ")
    whole, count = "", 0
    for household, words in said:
        name = "" if count and said[count - 1][0] == household else f"{household}{colon}"
        longer = f"{whole}{between if whole else ''}{name}{words}"
        if count_segments(_from_us(longer, language)) > 2:
            break
        whole, count = longer, count + 1
    if count:
        return _from_us(whole, language), count
    household, words = said[0]
    while count_segments(_from_us(f"{household}{colon}{words}…", language)) > 2:
        words = words[:-1]
    return _from_us(f"{household}{colon}{words}…", language), 1


def write_where_it_is(names: str, place: str, door: str, number: str, what: str, language: str) -> str:
    """To a neighbour who asks where, or what has happened."""
    if language == CHINESE:
        more = f"，{what}" if what else ""
        at = f"，门牌{door}" if door and door not in place else ""
        return _from_us(
            f"{names}求助{more}：{place}{at}，电话{write_local_number(number)}。能来请回复1，不能来请回复2。", language
        )
    more = f" ({what})" if what else ""
    return _from_us(
        f"{names} needs help{more}: {place}. Phone {write_local_number(number)}. Reply 1 coming, 2 cannot.", language
    )


def write_who_is_coming(coming: Sequence[str], on_scene: Sequence[str], language: str) -> str:
    """To a neighbour who asks who comes."""
    if coming or on_scene:
        between = "" if language == CHINESE else " "
        return _from_us(between.join(calls.say_who_comes(coming, on_scene, language)), language)
    return _from_us(
        "还没有人回应。能来请回复1。" if language == CHINESE else "Nobody has answered yet. Reply 1 if you are coming.",
        language,
    )


def _write_owners(names: str) -> str:
    """Whose, at the beginning of a sentence: the Wang household -> The Wang household's."""
    return f"{names[:1].upper()}{names[1:]}'s"


def _from_us(words: str, language: str) -> str:
    """A text begins with who sends it."""
    return f"【十户联防】{words}" if language == CHINESE else f"[Joint Defence] {words}"


MUTED = {language: _from_us(words, language) for language, words in calls.MUTED.items()}
"""To a number that an operator has muted."""


CHINESE = "zh"


def write_new_sign_in(account: str, browser: str, at: datetime, language: str) -> str:
    """Somebody has signed in from a browser that was not known. `at` is the town's time."""
    if language == CHINESE:
        device = f"（{browser}）" if browser else ""
        return (
            f"【十户联防】{account}的账号{at:%m月%d日%H:%M}在新设备{device}上登录。"
            "如不是您本人登录，请马上改密码并告诉镇综治办。"
        )
    device = f" ({browser})" if browser else ""
    return (
        f"[Joint Defence] {account}'s account was signed in on a new device{device} at {at:%H:%M on %d %b}. "
        "Not you? Change the password now and tell the town's administrator."
    )


def write_sign_in_code(code: str, language: str) -> str:
    """The digits that somebody has asked for to sign in with."""
    if language == CHINESE:
        return f"【十户联防】登录码{code}，10分钟内有效，只能用一次。请不要告诉任何人；如不是您本人要的，请不用理会。"
    return f"[Joint Defence] Code {code} signs you in once, within 10 minutes. Tell nobody; not yours? Ignore it."
