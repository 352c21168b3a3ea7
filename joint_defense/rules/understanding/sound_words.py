"""Phrases that are known by their sound, and of each the signs that must be written right, the surest first."""

from __future__ import annotations

# fmt: off
HEARD: dict[str, str] = {
    **dict.fromkeys(("马上到", "马上来", "马上就到", "马上就来", "马上过来", "马上过去", "马上去"), "上"),
    **{"马上": "马", "这就来": "来", "这就去": "去", "这就过来": "来", "过来了": "来", "在路上": "路", "已经出发": "出", "出发了": "出", "出门了": "出"},
    **{"来不了": "来了", "去不了": "去了", "赶不过来": "不", "走不开": "开", "不在家": "家", "没在家": "家", "在外地": "外", "没时间": "时", "不方便": "便", "不能来": "来", "不能去": "去"},
    **{"到门口了": "门", "到现场了": "现", "已到现场": "现", "已经到了": "已"},
    **{"救命": "救", "着火了": "火", "着火啦": "火", "起火了": "火"},
    **{"煤气": "煤", "液化气": "液", "报警": "警", "小偷": "偷", "强盗": "盗", "抢劫": "抢"},
    **{"晕倒": "晕", "昏倒": "昏", "摔倒": "摔", "受伤": "伤", "流血": "血", "中毒": "毒", "昏迷": "昏", "骨折": "骨", "救护车": "救"},
    **{"按错": "错", "误报": "误", "误触": "误", "没事了": "没", "不用来": "用"},
}
"""What is heard as it is written here. Left out is what sounds like an everyday word: 到了 (倒了), 撬门 (敲门), 失火了
(是火了), 触电 (厨电), 跌倒 (跌到)."""
MISTYPED: dict[str, str] = {
    r"(?<![\u4e00-\u9fff])就命(?![令中名题运])": "救命",
    "(?<![找打搭散合伙执])([着失起])(?:伙|活|或)了": r"\1火了",
    "(?<![不前推后先])进则(?=了|$|啊)": "进贼",
    "(?<!附)(?<!最)近贼(?=了|$|啊)": "进贼",
    r"(?<![\u4e00-\u9fff])报井(?![盖口])": "报警",
    r"(?<![a-z0-9])s[. \-]o[. \-]s(?![a-z0-9])": "sos",
}
"""What the keys of Chinese offer beside the word that was meant, where no sign of it is right; patterns."""
READINGS = {"了": {"le", "liao"}, "着": {"zhao"}, "血": {"xue", "xie"}, "便": {"bian"}}
"""How our own signs are read where a dictionary would offer more."""
