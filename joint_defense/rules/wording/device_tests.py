"""What is said and written for the monthly test press of a #9 key or dedicated phone, in both languages."""

from __future__ import annotations

CHINESE = "zh"
KEY = "key"


def name_device(kind: str, language: str) -> str:
    """What a device is called."""
    if language == CHINESE:
        return "#9按键" if kind == KEY else "专用手机"
    return "#9 key" if kind == KEY else "dedicated phone"


def _say_device(kind: str) -> str:
    return "井号9按键" if kind == KEY else "专用手机的井号9"


def write_ask(kind: str, until_hour: int, language: str) -> str:
    """The text that asks for the press; until which hour of the day."""
    if language == CHINESE:
        return (
            f"【十户联防】演练，不是真的警情：请在今天{until_hour}点前按一次{name_device(kind, language)}，"
            "听到问话后按8，就是测试。不按8、挂机或超过时间再按，都当作真的求助"
        )
    return (
        f"[Joint Defence] DRILL, not real: before {until_hour}:00 today please press your "
        f"{name_device(kind, language)} once, and then key 8 when asked: that is the test. "
        "Without key 8, or later than that, it is a real call for help"
    )


def say_ask(kind: str, whose: str, until_hour: int, language: str) -> str:
    """What the call says, which it says twice."""
    if language == CHINESE:
        return (
            f"演练！这是十户联防的每月测试，不是真的警情。这部电话登记的是{whose}。"
            f"请挂机以后，在今天{until_hour}点前按一次{_say_device(kind)}，听到问话后按8。不按8就当作真的求助。"
        )
    return (
        f"Drill! This is the monthly test of Joint Defence, it is not real. This phone is on the list as {whose}. "
        f"Please hang up, and before {until_hour} o'clock today press your {name_device(kind, language)} once, "
        "then key 8 when asked. Without key 8 it is a real call for help. "
    )


def ask_whether_test(language: str) -> str:
    """To whoever presses while a test is waited for: only this key says that it is none."""
    if language == CHINESE:
        return "是测试请按8。真的求助请按9，或者不按键，马上通知邻居。"
    return "If this is the test press 8. If you need help press 9, or nothing: your neighbours are told at once."


def say_pressed(language: str) -> str:
    """Thanks for the test; help is still one key away."""
    if language == CHINESE:
        return "测试成功，已经记下，没有通知邻居。现在需要帮忙请按9。以后再按，都是真的求助。"
    return (
        "The test is on record, and nobody was called. If you need help now press 9. "
        "From now on each press is a real call for help."
    )


def say_taken_back(language: str) -> str:
    """The key of the test came after the alarm had been raised."""
    if language == CHINESE:
        return "测试已经记下。求助刚才已经发出，现在替您撤回，会告诉邻居不用来。"
    return "The test is on record. The alarm had gone out already: it is taken back, and your neighbours are told."


def say_may_be_pressed(language: str) -> str:
    """To whoever has a phone tested at which there is a device."""
    if language == CHINESE:
        return "测试以后，半小时内按一次井号9，听到问话后按8，按键也就测试了。"
    return " After that, press pound nine within half an hour, then 8 when asked: that tests the key as well."
