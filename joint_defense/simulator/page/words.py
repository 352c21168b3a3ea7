"""Every string of the page, in Chinese and in English. The application's catalogue is not this process's."""

from __future__ import annotations

CHINESE, ENGLISH = "zh", "en"
TAGS = {CHINESE: "zh-CN", ENGLISH: "en"}
"""The languages as HTML calls them."""

# key: (Chinese, English)
WORDS: dict[str, tuple[str, str]] = {
    "title": ("村庄模拟器", "The village simulator"),
    "skip": ("跳到话机", "Skip to the handsets"),
    "not_real": (
        "这里是模拟话机，不会接通真人。真有急事请拨打 110，火警 119，急救 120。",
        "These handsets are simulated and reach nobody. In a real emergency dial 110, fire 119, ambulance 120.",
    ),
    "other_language": ("English", "中文"),
    "village": ("村（居）", "Village"),
    "group": ("联防组", "Group"),
    "show": ("显示", "Show"),
    "any_number": ("其他号码（不在名单里的也行）", "Any other number, listed or not"),
    "take_handset": ("拿起这部话机", "Take this handset"),
    "bad_number": (
        "这不是一个电话号码，请写成 +8613805740001 的样子。",
        "No telephone number: write it like +8613805740001.",
    ),
    "no_phone_book": (
        "还没有名单：请在下面输入号码，或者用 PUT /sim/phone-book 交一份。",
        "There is no phone book yet: enter a number below, or hand one in with PUT /sim/phone-book.",
    ),
    "empty_group": ("这个组没有电话。", "This group has no telephone."),
    "others": ("不在名单里的话机", "Handsets in no list"),
    "numbers_only": ("只看号码", "Numbers only"),
    "whole_handsets": ("看话机", "Whole handsets"),
    "refresh": ("刷新", "Refresh"),
    "whole_group": ("回到全组", "Back to the group"),
    "sound_on": ("打开声音", "Sound on"),
    "sound_off": ("关闭声音", "Sound off"),
    "no_voice": ("这个浏览器没有中文语音，只响铃。", "This browser has no Chinese voice: it rings only."),
    "lost": ("连接中断，正在重试。最后更新", "Connection lost, trying again. Last update"),
    "ringing_now": ("响铃的话机：", "Handsets ringing: "),
    # A handset's labels.
    "leader": ("联防长", "leader"),
    "deputy": ("副组长", "deputy leader"),
    "landline": ("固话", "landline"),
    "former": ("已不在名册", "no longer in the roster"),
    "unknown": ("名单外的号码", "A number in no list"),
    "screen_of": ("屏幕：", "Screen of "),
    "calling_from": ("来电", "Call from"),
    "calling_to": ("打给", "Call to"),
    "pressed": ("按了", "Pressed"),
    "sent": ("发出", "Sent"),
    "received": ("收到", "Received"),
    "recording": ("（放录音）", "(a recording)"),
    "talking_together": ("（进入多方通话，彼此听得见）", "(in a conference, everybody hears each other)"),
    "connected": ("（接通）", "(connected)"),
    "nothing_yet": ("还没有通话和短信。", "No calls or texts yet."),
    # States, and how the last call ended.
    "idle": ("空闲", "Idle"),
    "ringing": ("来电", "Ringing"),
    "dialing": ("正在呼出", "Calling"),
    "in_call": ("通话中", "In a call"),
    "voicemail_now": ("语音信箱在录音", "Voicemail is recording"),
    "hung_up": ("已挂断", "Hung up"),
    "was_busy": ("占线，未响铃", "Was busy"),
    "missed": ("未接来电", "Missed call"),
    "stopped_ringing": ("来电已停", "Stopped ringing"),
    "was_unreachable": ("打不通", "Could not be reached"),
    "was_off": ("关机，未响铃", "Was switched off"),
    "was_voicemail": ("语音信箱接了", "Voicemail took it"),
    # Keys.
    "answer": ("接听", "Answer"),
    "call": ("拨打", "Call"),
    "hang_up": ("挂断", "Hang up"),
    "help": ("# 9 求助", "# 9 for help"),
    "quick_keys": ("常用键", "Keys often needed"),
    "key": ("按键", "Key"),
    "more": ("键盘、短信、状态", "Keypad, text, behaviour"),
    "keypad": ("键盘", "Keypad"),
    "text_label": ("短信内容", "Text"),
    "send": ("发送", "Send"),
    "behaviour": ("来电时", "When it is rung"),
    "set": ("设定", "Set"),
    # Behaviours.
    "by_hand": ("响铃，由我来接", "rings until I answer"),
    "comes": ("自动接听，按1（马上到）", "answers and presses 1 (coming)"),
    "cannot_come": ("自动接听，按2（不能来）", "answers and presses 2 (cannot)"),
    "listens_only": ("自动接听，不按键", "answers and presses nothing"),
    "busy": ("占线", "busy"),
    "off": ("关机", "switched off"),
    "no_answer": ("无人接听", "no answer"),
    "voicemail": ("语音信箱", "voicemail"),
    "no_such_number": ("空号", "no such number"),
    "scripted": ("按演示的安排", "as the demonstration has it"),
    # What could not be done.
    "not_now": ("话机的状态刚刚变了，请再看一眼。", "The handset's state has just changed: look again."),
    "rings_now": ("正在响铃：请先接听或挂断。", "It is ringing: answer or hang up first."),
    "not_connected": ("还没有接通，请稍等。", "Not connected yet: wait a moment."),
    "in_call_already": ("已经在通话中。", "It is in a call already."),
    "in_no_call": ("没有通话可以挂断。", "There is no call to hang up."),
    "call_first": ("没有通话：请先拨打或接听，再按键。", "No call: call or answer first, then press keys."),
    "no_such_key": ("电话上没有这个键。", "A telephone has no such key."),
    "empty_text": ("请先写短信内容。", "Write the text first."),
    "long_text": ("短信太长了，最多 500 字。", "The text is too long: 500 characters at most."),
    "nobody_answers": ("这个网络没有平台来接电话。", "No service answers calls in this network."),
    "unknown_action": ("没有这个操作。", "There is no such action."),
    "unreachable": ("模拟器没有回应。", "The simulator does not answer."),
}


def find_word(key: str, language: str) -> str:
    """A string in a language; Chinese where the language is not known."""
    chinese, english = WORDS[key]
    return english if language == ENGLISH else chinese
