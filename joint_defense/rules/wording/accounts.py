"""What accounts' owners are told by text."""

from __future__ import annotations

from datetime import datetime

CHINESE = "zh"


def write_new_sign_in(account: str, browser: str, at: datetime, language: str) -> str:
    """Somebody has signed in from a browser that was not known. `at` is the town's time."""
    if language == CHINESE:
        device = f"（{browser}）" if browser else ""
        return (
            f"【十户联防】{account}的账号{at:%m月%d日%H:%M}在新设备{device}上登录。"
            "不是您本人，请马上改密码并告诉镇综治办。"
        )
    device = f" ({browser})" if browser else ""
    return (
        f"[Joint Defence] {account}'s account was signed in on a new device{device} at {at:%H:%M on %d %b}. "
        "Not you? Change the password now and tell the town's administrator."
    )
