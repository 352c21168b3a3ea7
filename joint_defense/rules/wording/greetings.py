"""What is said and written in a good morning, in Chinese and English: to them, their contact and their neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

CHINESE, ENGLISH = "zh", "en"
WORDS_VERSION = 1
CONSENT = {
    1: (
        "愿意每天在选定的时间接平安问候的电话或短信；没有回应时，同意先联系指定的联系人，再请联防长和邻居上门看望"
        "（选了才发出求助）。随时可以停止。",
        "They wish to be called or texted every day at the hour they chose. Without an answer the contact they named "
        "is asked, then the group's leader and neighbours look in; an alarm is raised only where they chose it. They "
        "may end it at any time.",
    )
}
"""What somebody agrees to, by the version that is kept with the consent: Chinese and English."""

WELL_KEY, AWAY_KEY, HELP_KEY = "1", "2", "9"
LOOK_IN_KEY = "2"
"""Of a contact: have the neighbours look in."""
ABOUT_SELF, ABOUT_OTHER = "self", "other"
"""In the address of such a call (`?about=`): for whom 9 calls for help, known while the database is away, too."""


def write_greeting(household: str, language: str) -> str:
    """What the call says; it says it twice."""
    if language == CHINESE:
        return f"您好，这是十户联防的平安问候，打给{household}。"
    return f"Good day. This is the Joint Defence good morning call to {household}. "


def say_how_to_answer(language: str) -> str:
    """The keys of that call."""
    if language == CHINESE:
        return f"平安请按{WELL_KEY}，要出门几天请按{AWAY_KEY}，需要帮忙请按{HELP_KEY}。"
    return f"If you are well press {WELL_KEY}. Going away press {AWAY_KEY}. If you need help press {HELP_KEY}."


def write_greeting_text(household: str, language: str) -> str:
    """The same as a text."""
    if language == CHINESE:
        return (
            f"【十户联防】平安问候：{household}，您好！平安请回复1。"
            "出门几天请回复：出门，或：出门到5号。需要帮忙请直接写出什么事"
        )
    return (
        f"[Joint Defence] Good day, {household}: are you well? Reply 1. Going away reply: away, or: away until 5. "
        "If you need help write what has happened"
    )


def say_thanks(language: str) -> str:
    """To whoever pressed the key."""
    return "收到，您平安就好。再见。" if language == CHINESE else "Thank you, good to know that you are well. Goodbye."


def write_thanks(language: str) -> str:
    """To whoever answered by text."""
    if language == CHINESE:
        return "【十户联防】收到，您平安就好。需要帮忙随时打本号码按#9"
    return "[Joint Defence] Thank you, good to know that you are well. For help call this number and press #9"


def write_words_kept(language: str, *, contact: bool) -> str:
    """To whoever answered in words that say more than that they are well; `contact`: they are passed on to one."""
    if language == CHINESE:
        told = "您的话会转告联系人。" if contact else ""
        return f"【十户联防】收到您的回复。{told}需要帮忙请打本号码按#9，或直接写：救命"
    told = "Your words are passed on to your contact. " if contact else ""
    return f"[Joint Defence] Received. {told}For help call this number and press #9, or write: help"


def write_looked_after(language: str) -> str:
    """To whoever answered in words that do not say that they are well, where leader and neighbours look in for it."""
    if language == CHINESE:
        return "【十户联防】收到，马上请联防长和邻居来看您。平安请回复1；要马上呼叫大家请写：救命"
    return "[Joint Defence] Received: your leader and neighbours look in on you. Well? Reply 1. For help at once: help"


def say_looked_after(language: str) -> str:
    """The same on a call."""
    if language == CHINESE:
        return "收到，马上请联防长和邻居来看您。要马上呼叫大家，请打本号码按#9。"
    return "Noted: your leader and neighbours are asked to look in on you. For help call this number and press #9."


def pass_on_words(household: str, words: str, language: str) -> str:
    """To the contact: what was answered."""
    if language == CHINESE:
        return f"【十户联防】{household}回复了平安问候：“{words}”。请您关心一下"
    return f'[Joint Defence] {household} answered the good morning: "{words}". Please ask after them'


def say_away(until: date, language: str) -> str:
    """To whoever pressed that they go away: until when nobody calls, and the key for another day."""
    if language == CHINESE:
        return (
            f"好的，{until.month}月{until.day}日起再问候您。要改天数，请现在按1到9的数字，表示出门几天。"
            "提前回来请发短信：回来。"
        )
    return (
        f"Very well: you are called again from {until:%d %B} on. For other days press a digit from 1 to 9 now: for how "
        "many days. Back sooner? Text us: back."
    )


def say_away_changed(until: date, language: str) -> str:
    """The day they chose besides."""
    if language == CHINESE:
        return f"好的，{until.month}月{until.day}日起再问候您。再见。"
    return f"Very well: you are called again from {until:%d %B} on. Goodbye."


def say_no_key_pressed(language: str) -> str:
    """The last words of a call in which no key was pressed."""
    if language == CHINESE:
        return "没有收到您的按键，过一会儿再打给您。再见。"
    return "No key was received. You are called again in a while. Goodbye."


def say_wrong_key(language: str) -> str:
    """To another key."""
    if language == CHINESE:
        return f"没有这个按键。{say_how_to_answer(language)}"
    return f"That is none of the keys. {say_how_to_answer(language)}"


def write_away(until: date, language: str) -> str:
    """To whoever wrote that they go away."""
    if language == CHINESE:
        return f"【十户联防】收到，{until.month}月{until.day}日起再问候您。提前回来请回复：回来"
    return f"[Joint Defence] Received: you are asked again from {until:%d %B} on. Back sooner? Reply: back"


def write_back(minute: str, language: str) -> str:
    """To whoever wrote that they are back; `minute` is the time of their good morning."""
    if language == CHINESE:
        return f"【十户联防】欢迎回来，明天{minute}起照常问候您"
    return f"[Joint Defence] Welcome back: from tomorrow you are asked at {minute} as ever"


def write_wrong_day(why: str, language: str) -> str:
    """To whoever wrote a day until which they cannot be left alone."""
    return f"【十户联防】{_WRONG_DAYS[why][0]}" if language == CHINESE else f"[Joint Defence] {_WRONG_DAYS[why][1]}"


_WRONG_DAYS = {
    "pause_unread": (
        "看不懂回来的日子，没有暂停。请写：出门到5号，或：出门到12月5日",
        "That day is not understood and nothing was changed. Write: away until 5, or: away until 12-5",
    ),
    "pause_past": (
        "这一天已经过去了，没有暂停。请写以后的日子，例如：出门到5号",
        "That day has gone by and nothing was changed. Write a day to come, like: away until 5",
    ),
    "pause_long": (
        "最多可以暂停三个月，没有暂停。请写近一点的日子",
        "A pause lasts three months at most; nothing was changed. Write a nearer day",
    ),
}


def say_to_contact(household: str, language: str) -> str:
    """What the call to the contact says; it says it twice."""
    if language == CHINESE:
        return f"这是十户联防。{household}今天三次平安问候都没有回应，请马上联系。"
    return f"This is Joint Defence. {household} has not answered three good morning calls today. Ring them now. "


def say_contacts_keys(language: str) -> str:
    """The keys of that call."""
    if language == CHINESE:
        return f"知道平安请按{WELL_KEY}，要请邻居上门看请按{LOOK_IN_KEY}，出了事要求助请按{HELP_KEY}。"
    return (
        f"If you know that they are well press {WELL_KEY}. To have neighbours look in press {LOOK_IN_KEY}. "
        f"To call for help press {HELP_KEY}."
    )


def write_to_contact(household: str, place: str, language: str) -> str:
    """The same as a text."""
    if language == CHINESE:
        return (
            f"【十户联防】{household}（{place}）今天三次平安问候都没有回应，请马上联系。"
            "知道平安请回复1，要请邻居上门看请回复2，出了事请直接写出什么事"
        )
    return (
        f"[Joint Defence] {household} ({place}) has not answered three good mornings today. Ring them now. "
        "Reply 1 if they are well, 2 to have neighbours look in, or write what has happened"
    )


def say_to_neighbour(household: str, place: str, language: str) -> str:
    """What the call says to a neighbour who takes no texts."""
    if language == CHINESE:
        return f"这是十户联防，不是警情。{household}，{place}，今天的平安问候没有报平安，请您上门看看。"
    return (
        f"This is Joint Defence. It is no alarm. {household}, {place}, has not said today that they are well. "
        "Please look in on them. "
    )


def say_neighbours_keys(language: str) -> str:
    """The keys of that call."""
    if language == CHINESE:
        return f"看过了、人平安请按{WELL_KEY}，要大家来帮忙请按{HELP_KEY}。"
    return f"If they are well press {WELL_KEY}. To call everybody for help press {HELP_KEY}."


def write_to_neighbour(household: str, place: str, language: str) -> str:
    """The quiet task of leader and neighbours."""
    if language == CHINESE:
        return (
            f"【十户联防】{household}（{place}）今天的平安问候没有报平安，请您上门看看。"
            "人平安请回复1；要大家来帮忙请直接写出什么事"
        )
    return (
        f"[Joint Defence] {household} ({place}) has not said today that they are well. Please look in on them. "
        "Reply 1 if they are well; to call for help write what has happened"
    )


def say_call_back(household: str, language: str) -> str:
    """To a contact or neighbour who calls back about a text."""
    if language == CHINESE:
        return (
            f"请您去看望的是{household}：人平安请按{WELL_KEY}，要大家去{household}帮忙请按{HELP_KEY}。"
            "您自己家要求助请按#9。"
        )
    return (
        f"You were asked to look in on {household}: if they are well press {WELL_KEY}, to call everybody to "
        f"{household} press {HELP_KEY}. For help at your own house press #9."
    )


def write_settled(household: str, language: str) -> str:
    """To those who were asked to look in: they need not any more."""
    if language == CHINESE:
        return f"【十户联防】{household}已确认平安，不用去看了，谢谢您"
    return f"[Joint Defence] {household} is known to be well. No need to look in; thank you"


def write_called_off(household: str, language: str, *, away: bool) -> str:
    """To those who were asked to look in: they need not, for nobody is at home (`away`), or the greeting has ended."""
    if language == CHINESE:
        why = "已登记外出" if away else "的平安问候已停止"
        return f"【十户联防】{household}{why}，不用去看了，谢谢您"
    why = "is registered as away" if away else "is greeted no more"
    return f"[Joint Defence] {household} {why}. No need to look in; thank you"


def say_no_need(settled: str, language: str) -> str:
    """The same on a call, to whoever takes no texts."""
    if language == CHINESE:
        return f"这是十户联防。{settled.removeprefix('【十户联防】')}。再见。"
    return f"This is Joint Defence. {settled.removeprefix('[Joint Defence] ')}. Goodbye."


def write_left_open(household: str, place: str, day: date, language: str, *, asked: bool) -> str:
    """The next morning, to the leader and whoever enrolled them: a day without an answer that was not gone through
    with. `asked`: a call or text has reached them then.
    """
    if language == CHINESE:
        home, on = f"{household}（{place}）", f"{day.month}月{day.day}日"
        if asked:
            return f"【十户联防】{home}{on}的平安问候没有收到回应，系统没有继续问完。请您今天早上看一看，谢谢"
        return f"【十户联防】{on}系统没能问候{home}，不知道是否平安。请您今天早上看一看，谢谢"
    home, on = f"{household} ({place})", f"{day:%d %B}"
    if asked:
        return (
            f"[Joint Defence] No answer is known to the good morning of {on} to {home}, and not everybody was asked. "
            "Please look in this morning; thank you"
        )
    return (
        f"[Joint Defence] On {on} we could not ask {home} whether they are well. Please look in this morning; thank you"
    )


def write_unasked(household: str, language: str) -> str:
    """To whoever enrolled them: they cannot be asked any more."""
    if language == CHINESE:
        return (
            f"【十户联防】{household}的平安问候已暂停：这家的电话现在不接系统的来电和短信。没有惊动联系人和邻居。"
            "请核对名单上的电话；不想再要问候的，请在网页上停止"
        )
    return (
        f"[Joint Defence] The good mornings of {household} are paused: their phone takes neither calls nor texts from "
        "us any more. Contact and neighbours were not disturbed. Check their phone on the roster, or end the greeting"
    )


def write_gone(household: str, language: str) -> str:
    """To whoever enrolled them: the household has left the roster, and nobody asks any more."""
    if language == CHINESE:
        return (
            f"【十户联防】{household}已不在名单上，平安问候已停止，以后不再问候。"
            "搬到别处还想要的，请那边的村干部登记；是误删的，请恢复名单后重新登记"
        )
    return (
        f"[Joint Defence] {household} is on the roster no more: the good mornings have ended, and nobody asks now. "
        "Moved elsewhere? The head there enrols them. Taken off by mistake? Put them back, and enrol them anew"
    )


def write_seen(household: str, language: str) -> str:
    """To whoever said that they are well."""
    if language == CHINESE:
        return f"【十户联防】收到：{household}平安，谢谢您"
    return f"[Joint Defence] Received: {household} is well. Thank you"


def say_seen(household: str, language: str) -> str:
    """The same on a call."""
    if language == CHINESE:
        return f"收到：{household}平安，谢谢您。再见。"
    return f"Noted: {household} is well. Thank you. Goodbye."


def write_no_need(household: str, language: str) -> str:
    """To whoever says that they are well when nobody is asked to look in any more."""
    if language == CHINESE:
        return f"【十户联防】收到，谢谢您。{household}现在不用去看了；再发现有事请写出什么事"
    return f"[Joint Defence] Received, thank you. No need to look in on {household} now; if anything is wrong write it"


def write_how_to_say(household: str, language: str) -> str:
    """To whoever was to look in, and wrote what says neither that they are well nor that they need help."""
    if language == CHINESE:
        return f"【十户联防】收到。{household}的人平安请回复1；要大家去帮忙请写出什么事，例如：摔倒了"
    return f"[Joint Defence] Received. Reply 1 if {household} is well; to call for help write what has happened"


def ask_which(households: Sequence[str], language: str, *, own: bool) -> str:
    """To whoever was asked about several households and wrote no name; `own`: about themselves besides."""
    if language == CHINESE:
        answers = [f"{each.removesuffix('家')}平安" for each in households] + ["我平安"] * own
        return f"【十户联防】您说的是哪一家，还没有记下。请回复：{'，或：'.join(answers)}"
    answers = [f"{each} is well" for each in households] + ["I am well"] * own
    return f"[Joint Defence] Which household? Nothing is noted yet. Reply: {', or: '.join(answers)}"


def write_called_for(household: str, language: str, *, raised: bool) -> str:
    """To whoever called for help for them."""
    if language == CHINESE:
        return (
            f"【十户联防】已收到，马上呼叫邻居去{household}。报警请打110，急救请打120"
            if raised
            else f"【十户联防】系统叫不了{household}的邻居，请马上打110或120"
        )
    if raised:
        return f"[Joint Defence] Received; the neighbours are called to {household}. Police: 110, ambulance: 120"
    return f"[Joint Defence] No neighbour of {household} can be rung from here. Dial 110 or 120 now"


def say_called_for(household: str, language: str, *, raised: bool) -> str:
    """The same on a call."""
    said = write_called_for(household, language, raised=raised)
    return said.removeprefix("【十户联防】").removeprefix("[Joint Defence] ")


def say_cry_kept(language: str) -> str:
    """To whoever calls for help for them while the database is away."""
    if language == CHINESE:
        return "求助已记下，系统一恢复就呼叫邻居。请马上打110，急救打120。"
    return "Your call for help is kept; neighbours are rung once the system is back. Dial 110 now, ambulance 120."


def write_neighbours_asked(household: str, language: str) -> str:
    """To a contact who has the neighbours look in."""
    if language == CHINESE:
        return f"【十户联防】收到，马上请联防长和邻居去{household}看"
    return f"[Joint Defence] Received: the group's leader and neighbours are asked to look in on {household}"


def say_neighbours_asked(household: str, language: str) -> str:
    """The same on a call."""
    if language == CHINESE:
        return f"好的，马上请联防长和邻居去{household}看。再见。"
    return f"Very well: the group's leader and neighbours are asked to look in on {household}. Goodbye."


def quote_unanswered(language: str) -> str:
    """Why an alarm was raised that nobody called for."""
    if language == CHINESE:
        return "今天的平安问候、联系人和邻居都没有回应，按本户意愿求助"
    return "No answer to today's good morning, nor from contact and neighbours; raised as the household wishes"


def quote_helper(helper: str, words: str, language: str) -> str:
    """Who raised an alarm for somebody who did not answer, and with which words (empty: a key)."""
    if language == CHINESE:
        return f"{helper}去看后求助" + (f"：{words}" if words else "")
    return f"{helper} calls for them" + (f": {words}" if words else "")
