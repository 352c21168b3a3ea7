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


def say_no_key_pressed(language: str) -> str:
    """The last words of a drill's call in which no key was pressed."""
    if language == CHINESE:
        return "没有收到您的按键。这是演练，再见。"
    return "No key was received. This was a drill. Goodbye."


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
