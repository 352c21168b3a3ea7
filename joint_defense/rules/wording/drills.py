"""What is said and written in a drill, in Chinese and English: that it is one, first and last."""

from __future__ import annotations

CHINESE = "zh"


def write_announcement(place: str, language: str) -> list[str]:
    """The sentences of a drill's call; a call says them twice. `place`: village and group."""
    if language == CHINESE:
        return ["演练！", f"这是{place}十户联防演练，不是真的警情，不用出门。"]
    return ["Drill! ", f"This is a Joint Defence drill of {place}. It is not real, please stay at home. "]


def say_how_to_answer(language: str) -> str:
    """The key of a drill's call; the last word is that it is a drill."""
    return "听到请按1。这是演练。" if language == CHINESE else "If you hear this press 1. This is a drill."


def write_test(whose: str, language: str) -> str:
    """What a call to one phone says, which it says twice: that it is a test, and whose phone we think it is."""
    if language == CHINESE:
        return f"演练！这是十户联防测试电话，不是真的警情，不用出门。这部电话登记的是{whose}。"
    return (
        "Drill! This is a Joint Defence test call. It is not real, please stay at home. "
        f"This phone is on the list as {whose}. "
    )


NOT_THEIRS_KEY = "2"


def say_how_to_answer_test(language: str) -> str:
    """The keys of a test's call: whether that is so."""
    if language == CHINESE:
        return f"是您家请按1，不是请按{NOT_THEIRS_KEY}。这是演练。"
    return f"If that is right press 1, if it is not press {NOT_THEIRS_KEY}. This is a drill."


def say_not_theirs(language: str) -> str:
    """To whoever says that it is not theirs."""
    if language == CHINESE:
        return "记下了，会请人核对这个号码。这是演练，再见。"
    return "Noted: somebody will check this number. This was a drill. Goodbye."


def write_test_message(whose: str, language: str) -> str:
    """The same to a phone that takes no calls."""
    if language == CHINESE:
        return f"【十户联防】演练，不是真的警情：测试这部电话，登记的是{whose}。看到请回复1，不用出门。这是演练"
    return f"[Joint Defence] DRILL, not real: a test of this phone, listed as {whose}. Reply 1 and stay at home. Drill"


def say_test_follows(language: str) -> str:
    """To whoever has asked for a test of the own phone."""
    if language == CHINESE:
        return "好的。请挂机，马上打回来测试这部电话。"
    return "Very well. Please hang up: this phone is called back at once to test it."


def say_no_test(why: str, language: str) -> str:
    """Why the phone is not tested now, by the outcome; for `away`: the system could not look."""
    return _NO_TEST[why][0 if language == CHINESE else 1]


_NO_TEST = {
    "too_often": (
        "这部电话一小时内已经测试过，请过一小时再试。",
        "This phone was tested within the last hour. Please try again in an hour.",
    ),
    "under_way": (
        "正在打给这部电话测试，请挂机等一等。",
        "A test call to this phone is on its way. Please hang up and wait a moment.",
    ),
    "alarm_open": (
        "村里正有人求助，现在不测试电话，请过后再试。",
        "Somebody in the village needs help: no tests now. Please try again later.",
    ),
    "not_called": (
        "名单上写明这部电话不接来电，不能打回来。要改请找村干部。",
        "The list says not to call this phone, so it is not called back. The village office can change that.",
    ),
    "away": (
        "系统出故障了，现在不能测试电话，请过后再试。",
        "The system has failed: no tests now. Please try again later.",
    ),
}


def say_no_key_pressed(language: str) -> str:
    """The last words of a drill's call in which no key was pressed."""
    if language == CHINESE:
        return "没有收到您的按键。这是演练，再见。"
    return "No key was received. This was a drill. Goodbye."


CALLED_BACK_KEY = "1"


def say_missed(language: str) -> str:
    """To whoever calls back after a drill or test that they have missed: what it was, and what to press."""
    if language == CHINESE:
        return "十户联防。刚才打给您的是演练电话，不是真的警情。没事请按1。紧急求助请按井号9。"
    return (
        "Joint Defence. The call you missed was a drill, not real. If all is well press 1. For help press pound nine."
    )


def say_missed_again(language: str) -> str:
    """The same, where nothing that counts was pressed."""
    if language == CHINESE:
        return "刚才是演练电话：没事请按1，需要帮忙请按井号9。"
    return "That call was a drill: if all is well press 1, if you need help press pound nine."


def say_thanks(language: str) -> str:
    """To whoever answers, by key or by text."""
    if language == CHINESE:
        return "收到，谢谢。您的电话是通的。这是演练，不用出门。"
    return "Thank you, we have heard you: your phone works. This is a drill, please stay at home."


def write_message(place: str, language: str) -> str:
    """The text of a drill."""
    if language == CHINESE:
        return f"【十户联防】演练，不是真的警情：{place}试一试大家的电话。看到请回复1，不用出门。这是演练"
    return f"[Joint Defence] DRILL, not real: {place} is trying everybody's phones. Reply 1 and stay at home. Drill"
