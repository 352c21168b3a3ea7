"""What is written and said about another number, in Chinese and English."""

from __future__ import annotations

from joint_defense.rules.number_changes import Unclear

CHINESE = "zh"


def _choose(language: str, chinese: str, english: str) -> str:
    return f"【十户联防】{chinese}" if language == CHINESE else f"[Joint Defence] {english}"


def write_checking(household: str, ending: str, language: str, *, now: bool) -> str:
    """To whoever says a number of which the phone is to be asked. `now`: it is called at once."""
    if now:
        return _choose(
            language,
            f"收到。马上打给尾号{ending}核对，那边按1，{household}的号码就改好。",
            f"Received. The phone ending {ending} is called now; key 1 there makes it the number of {household}.",
        )
    return _choose(
        language,
        f"收到。下个维护时段打给尾号{ending}核对，那边按1，{household}的号码就改好。",
        f"Received. The phone ending {ending} is called in the next permitted hours; key 1 there makes it the number "
        f"of {household}.",
    )


def write_broken(number: str, language: str) -> str:
    """To whoever writes what is no number."""
    return _choose(
        language,
        f"“{number}”不是能打的电话号码，没有改。请核对后再发，例如：改 13800138000",
        f"{number} is no number that can be called; nothing was changed. Please check and send it again.",
    )


def write_taken(number: str, language: str, *, same: bool) -> str:
    """The number stands on the roster: at this very household, or at another."""
    if same:
        return _choose(
            language, f"{number}已经是这家的号码，不用改。", f"{number} is a number of this household already."
        )
    return _choose(
        language,
        f"{number}已登记在别家，没有改。弄错了请找村干部。",
        f"{number} is on the list of another household; nothing was changed. The village office can put it right.",
    )


def write_too_many(language: str) -> str:
    """That phone's number was changed too often today."""
    return _choose(
        language,
        "没有改。这部电话今天改过多次，请明天再发，或找村干部。",
        "Nothing was changed: too many changes of this phone today. Try tomorrow, or ask the village office.",
    )


def write_not_allowed(language: str) -> str:
    """To whoever may change nobody's number."""
    return _choose(
        language,
        "没有改。只有这家人、联防长和村干部能改号码；您的号码不在名单上。",
        "Nothing was changed: only the household, its leader and the village office change numbers, and yours is on no "
        "list.",
    )


def write_unclear(why: Unclear, name: str, language: str) -> str:
    """It is not known which phone is meant."""
    if why is Unclear.WHOSE:
        return _choose(
            language,
            "没有改。请写上是哪一家，例如：改 李大明 13800138000",
            "Nothing was changed. Please say whose, like: NEW Li Daming 13800138000",
        )
    if why is Unclear.WHICH:
        return _choose(
            language,
            "没有改。这家有几部电话，请写上旧号码的后四位，例如：改 尾号1234 13800138000",
            "Nothing was changed. There are several phones: please give the old number's last four digits, like: "
            "NEW 1234 13800138000",
        )
    return _choose(
        language,
        f"没有改。您能改的人家里没有“{name}”。您可以改自己家的，联防长可以改本组的。",
        f"Nothing was changed: nobody you may change is called {name}. You change your own, a leader the group's.",
    )


def write_changed(household: str, old: str, new: str, language: str) -> str:
    """To whoever asked for it, and to the old number: by the last digits of both."""
    return _choose(
        language,
        f"{household}的联防电话已由尾号{old}改为尾号{new}。不对请告诉村干部。",
        f"The phone of {household} on the list is now the one ending {new}, no longer {old}. If that is wrong, tell "
        "the village office.",
    )


def write_denied(household: str, new: str, language: str) -> str:
    """To whoever asked for it: the new number is somebody else's."""
    return _choose(
        language,
        f"尾号{new}接电话的人说不是{household}的，没有改。请核对后再发。",
        f"Whoever answered at {new} says it is not a phone of {household}; nothing was changed. Please check it.",
    )


def write_unreached(household: str, new: str, language: str) -> str:
    """To whoever asked for it: nobody answers there."""
    return _choose(
        language,
        f"尾号{new}打了几次没有人按键，{household}的号码没有改。请核对后再发。",
        f"Nobody answered by key at {new}, so the number of {household} was not changed. Please check it.",
    )


def write_gone(household: str, new: str, language: str) -> str:
    """To whoever asked for it: the roster has changed meanwhile."""
    return _choose(
        language,
        f"{household}的名单刚才变了，尾号{new}没有登记。请找村干部。",
        f"The list of {household} has changed meanwhile; {new} was not entered. Please ask the village office.",
    )


def say_check(whose: str, language: str) -> str:
    """The call to a new number, said twice."""
    if language == CHINESE:
        return f"演练！这是十户联防核对号码，不是真的警情，不用出门。这部电话要登记为{whose}的联防电话。"
    return (
        "Drill! This is Joint Defence checking a number. It is not real, please stay at home. "
        f"This phone is to be listed as {whose}. "
    )


def say_entered(language: str, *, done: bool) -> str:
    """To whoever presses 1 there; not `done`: the roster has changed meanwhile."""
    if language == CHINESE:
        return "收到，谢谢。这部电话登记好了。再见。" if done else "名单刚才变了，没有登记。请找村干部。再见。"
    if done:
        return "Thank you: this phone is on the list now. Goodbye."
    return "The list has changed meanwhile; this phone was not entered. Please ask the village office. Goodbye."


def say_wrong_key(language: str) -> str:
    """To another key there."""
    return "按错了。是您家请按1，不是请按2。" if language == CHINESE else "If that is right press 1, if not press 2."
