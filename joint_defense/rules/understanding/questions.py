"""Questions: whether somebody who asks who comes says nothing else, so that the answer is all there is to do."""

from __future__ import annotations

import re

from joint_defense.rules.understanding.spelling import fold, squeeze

LONGEST = 16
"""Signs of a question in Chinese; whoever writes more says more."""
_CHINESE = (
    *("请问", "现在", "到底", "究竟", "谁", "有没有", "有无", "有", "没有", "没", "不", "无"),
    *("邻居", "大家", "你们", "他们", "村里", "哪几家", "哪家", "哪些", "哪位", "哪个", "几户", "几家", "几个", "多少"),
    *("人", "户", "个", "过来", "赶来", "出发", "路上", "现场", "赶到", "来", "去", "到", "在", "哪里", "哪儿", "哪"),
    *("什么时候", "啥时候", "多长时间", "多久", "几分钟", "几点", "怎么", "为什么", "帮忙", "帮我"),
    *("会", "要", "能", "可以", "已经", "都", "还", "快", "了", "啦", "吗", "么", "嘛", "呢", "吧", "啊", "呀", "的"),
)
_ONLY_CHINESE = re.compile(f"(?:{'|'.join(sorted(_CHINESE, key=len, reverse=True))})++")
_ENGLISH = re.compile(
    "who|whos|who's|is|are|s|will|coming|come|comes|there|here|on|the|way|their|anyone|anybody|someone|somebody|yet|"
    "already|now|how|many|long|soon|people|neighbours|neighbors|they|you|be|get|to|please|when|does|do|it|take|have|"
    "has|arrived|still"
)
_HAN = re.compile("[\u3400-\u9fff]")


def asks_nothing_else(words: str) -> bool:
    """Whether a text that asks who comes consists of this question alone: every word in it belongs to such a question.

    In doubt it does not: what is passed on for nothing costs a text, what is withheld may cost more.
    """
    signs = squeeze(words)
    if _HAN.search(signs):
        return len(signs) <= LONGEST and _ONLY_CHINESE.fullmatch(signs) is not None
    return bool(signs) and all(_ENGLISH.fullmatch(word) for word in re.findall(r"[a-z0-9']+", fold(words)))
