"""What whoever looks after the service is told about it, in both languages."""

from __future__ import annotations

from joint_defense.rules.upkeep.service_alerts import AlertKind

TAKE_ON_KEY = "1"
_WORDS = {
    AlertKind.WORKER: ("没有发送进程，由网页进程代发", "no sender lives, web sends in its place"),
    AlertKind.CLOCK: ("没有时钟进程，由网页进程代做", "no clock lives, web does its work"),
    AlertKind.PROCESS: ("有进程已停止", "a process has died"),
    AlertKind.ACCOUNT: ("运营商账号打不出去", "the carrier takes no calls and texts"),
    AlertKind.NUMBER: ("运营商说号码不是我们的", "the carrier says that a number is not ours"),
    AlertKind.OVERDUE: ("有电话或短信超过1分钟没有发出", "calls or texts wait for more than a minute"),
    AlertKind.SPOOL: ("有来电来信留在磁盘上没有处理", "calls or texts wait on a disk"),
    AlertKind.ASIDE: ("有来电来信被搁置，请回电", "calls or texts were set aside, call back"),
    AlertKind.DISK: ("磁盘快满了", "the disk is nearly full"),
    AlertKind.BACKUP: ("今天没有备份", "there is no copy of today"),
    AlertKind.RESTORE_DRILL: ("备份恢复演练没有成功", "the newest copy could not be restored"),
    AlertKind.NOBODY_COMES: ("有求助还没有人答应赶来", "nobody has said to come to a call for help"),
    AlertKind.BUDGET: ("本月费用已达预算", "the month's budget is reached"),
    AlertKind.BALANCE: ("运营商账号余额不足，请充值", "the account at the carrier is running out, top it up"),
    AlertKind.SUMMARY: ("一周小结", "the week"),
}


def name_alert(kind: AlertKind, detail: str, language: str) -> str:
    """What is wrong, in a line."""
    chinese = language == "zh"
    words = _WORDS[kind][0 if chinese else 1]
    if not detail:
        return words
    return f"{words}（{detail}）" if chinese else f"{words} ({detail})"


def write_alert(kind: AlertKind, detail: str, language: str) -> str:
    """The text to somebody whose turn it is."""
    said = name_alert(kind, detail, language)
    if language == "zh":
        return f"【十户联防】系统提醒：{said}。您来处理请回复1，否则稍后提醒下一位。"
    return f"[Joint Defence] Service: {said}. Reply 1 if you see to it; otherwise the next person is told."


def say_alert(kind: AlertKind, detail: str, language: str) -> str:
    """What a call says; the keys stand in a line of their own."""
    said = name_alert(kind, detail, language)
    if language == "zh":
        return f"十户联防系统提醒：{said}。\n您来处理请按1。"
    return f"Joint Defence, the service itself: {said}.\nPress 1 if you see to it."


def write_end(kind: AlertKind, detail: str, language: str) -> str:
    """It is over: to everybody who was told."""
    said = name_alert(kind, detail, language)
    return f"【十户联防】已恢复：{said}。" if language == "zh" else f"[Joint Defence] Over: {said}."


def describe_week(alarms: int, drills: int, requests: int, failed: int, alerts: int, language: str) -> str:
    """How the week was; `requests` are calls and texts."""
    if language == "zh":
        return f"求助{alarms}起，演练{drills}次，电话和短信{requests}个，其中出错{failed}个，系统提醒{alerts}次。"
    return f"{alarms} alarms, {drills} drills, {requests} calls and texts, {failed} with an error, {alerts} alerts."


def write_summary(said: str, language: str) -> str:
    """The week in one text."""
    return f"【十户联防】一周小结：{said}" if language == "zh" else f"[Joint Defence] The week: {said}"


def say_which_key(language: str) -> str:
    """The one key that there is."""
    return "您来处理请按1。" if language == "zh" else "Press 1 if you see to it."


def say_taken_on(language: str, *, is_open: bool) -> str:
    """The answer to whoever takes it on, by key or text."""
    if not is_open:
        return "这件事已经有人处理。" if language == "zh" else "Somebody sees to it already."
    return "谢谢，已记下由您处理。" if language == "zh" else "Thank you, it is noted that you see to it."
