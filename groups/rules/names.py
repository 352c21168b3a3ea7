"""What a house is called, and how a neighbour finds it: 户名 + 方位, in Chinese and in English.

Pinyin comes from `pypinyin`, whose dictionaries take 0.2 s to load: they are loaded at the first English name, or by
`load_pinyin` before anybody waits for one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

COMPOUND_SURNAMES = frozenset({
    "欧阳", "太史", "端木", "上官", "司马", "东方", "独孤", "南宫", "万俟", "闻人", "夏侯", "诸葛", "尉迟", "公羊",
    "赫连", "澹台", "皇甫", "宗政", "濮阳", "公冶", "太叔", "申屠", "公孙", "慕容", "仲孙", "钟离", "长孙", "宇文",
    "司徒", "鲜于", "司空", "闾丘", "子车", "亓官", "司寇", "巫马", "公西", "颛孙", "壤驷", "公良", "漆雕", "乐正",
    "宰父", "谷梁", "拓跋", "夹谷", "轩辕", "令狐", "段干", "百里", "呼延", "东郭", "南门", "羊舌", "微生", "公户",
    "公玉", "公仪", "梁丘", "公仲", "公上", "公门", "公山", "公坚", "左丘", "公伯", "西门", "公祖", "第五", "公乘",
    "贯丘", "公皙", "南荣", "东里", "东宫", "仲长", "子书", "子桑", "即墨", "淳于", "达奚", "褚师", "纳兰",
})  # fmt: skip

# How a character is read as a surname, where pypinyin gives its everyday reading.
SURNAME_READINGS = {
    "单": "shan", "解": "xie", "仇": "qiu", "区": "ou", "查": "zha", "翟": "zhai", "曾": "zeng", "盖": "ge",
    "缪": "miao", "朴": "piao", "乐": "yue", "覃": "qin", "种": "chong", "员": "yun", "秘": "bi", "黑": "he",
    "折": "she", "召": "shao", "洗": "xian", "繁": "po", "祭": "zhai", "郗": "chi", "乐正": "yuezheng",
    "卜": "bu", "重": "chong", "参": "shen", "乜": "nie", "郇": "xun", "厘": "xi", "便": "pian", "句": "gou",
    "长": "chang", "薄": "bo", "角": "jue", "都": "du", "藏": "zang", "术": "zhu", "称": "chen",
}  # fmt: skip

# A landmark (方位) as villages write it: a thing everybody knows, the side of it, the how-manieth house.
_LANDMARK = re.compile(r"(?P<thing>.+?)(?P<side>东|南|西|北|前|后|旁|边|下)?(?:第(?P<house>\d+)(?:家|户))?")
_THINGS = {
    "桥": "the bridge", "祠堂": "the ancestral hall", "村口": "the village entrance", "小店": "the shop",
    "晒场": "the drying ground", "樟树": "the camphor tree", "大樟树": "the camphor tree", "水井": "the well",
    "学校": "the school", "小学": "the school", "卫生室": "the clinic", "凉亭": "the pavilion", "菜场": "the market",
    "车站": "the bus stop", "球场": "the ball court", "池塘": "the pond", "水库": "the reservoir", "庙": "the temple",
    "村委会": "the village office", "老年活动室": "the seniors' club", "水闸": "the sluice", "碾坊": "the old mill",
    "茶厂": "the tea factory", "公园": "the park", "邮局": "the post office", "井头": "the well",
}  # fmt: skip
_SIDES = {
    "东": "east of", "南": "south of", "西": "west of", "北": "north of", "前": "in front of", "后": "behind",
    "旁": "beside", "边": "beside", "下": "below",
}  # fmt: skip
_NUMBERED_GROUP = re.compile(r"第?(\d+)(?:联防)?[组队]")
_VILLAGE_ENDINGS = re.compile(r"(居委会|社区|村委会|村)$")
_HEADS = 20_000
"""So many heads are kept as they were spelt: those of the longest list, which is spelt before it is written."""
_HAN = re.compile(r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")


def find_surname(head: str) -> str:
    """The surname of a Chinese name: 王 of 王建国, 欧阳 of 欧阳修; a foreign name whole."""
    if not _HAN.match(head):
        return head
    return head[:2] if head[:2] in COMPOUND_SURNAMES and len(head) > 2 else head[:1]


def name_household(head: str) -> str:
    """How neighbours call the house of `head`: 王建国家."""
    return f"{head}家"


@lru_cache(maxsize=4096)
def name_household_in_english(head: str) -> str:
    """How the house of `head` is called in English: the Wang Jianguo household."""
    return f"the {romanise(head)} household"


def romanise(name: str) -> str:
    """A person's name in pinyin, the surname as surnames are read: Shan Tianfang, Ouyang Xiu."""
    if not _HAN.match(name):
        return name
    family = find_surname(name)
    given = _spell_text(name[len(family) :]).capitalize()
    return f"{_spell_surname(family).capitalize()} {given}".rstrip()


def make_keys(head: str) -> dict[str, Any]:
    """The columns that a household keeps beside its head so as to be found: `search`, `initials` and `given`."""
    given, initials = spell_given_name(head)
    return {"search": search_keys(head), "initials": initials, "given": given}


@lru_cache(maxsize=_HEADS)
def spell_given_name(head: str) -> tuple[str, str]:
    """The given name's pinyin and the whole name's initials: jianguo and ljg of 李建国. Nothing of a foreign name."""
    if not _HAN.match(head):
        return "", ""
    family = find_surname(head)
    given = _list_syllables(head[len(family) :])
    first = (syllable[:1] for syllable in (*_split_surname(family), *given))
    return "".join(given).casefold()[:64], "".join(first).casefold()[:64]


def spell(text: str) -> str:
    """The syllables of what somebody has typed, in one word; what is no Chinese character stays as it is."""
    return _spell_text(text)


@lru_cache(maxsize=_HEADS)
def search_keys(head: str) -> str:
    """What a household is searched by, each key behind a blank: its pinyin, name and initials, and the given name's.

    李建国 is found by ` lijianguo`, ` 李建国`, ` ljg`, ` jianguo` and ` jg`. The pinyin comes first, so that an index
    finds it. At most 200 characters.
    """
    family = find_surname(head)
    keys = [head]
    if _HAN.match(head):
        syllables = _list_syllables(head[len(family) :])
        given = "".join(syllables)
        first = "".join(syllable[:1] for syllable in syllables)
        initials = "".join(syllable[:1] for syllable in _split_surname(family))
        keys = [_spell_surname(family) + given, head, head[len(family) :], initials + first, given, first]
    return "".join(f" {key}" for key in dict.fromkeys(key.casefold() for key in keys) if key)[:200]


def write_place(village: str, group: str, landmark: str, door: str) -> str:
    """Where a neighbour goes: 墙下陶村3组·桥东第2家; by the door where nobody has noted a landmark."""
    spot = landmark or (f"门牌{door}" if door else "")
    return "·".join(part for part in (f"{village}{group}", spot) if part)


@lru_cache(maxsize=4096)
def write_place_in_english(village: str, village_en: str, group: str, landmark: str, door: str) -> str:
    """The place in English: Qiangxiatao Village, group 3, door 3-2, 2nd house east of the bridge."""
    parts = [_write_village_in_english(village, village_en), _write_group_in_english(group)]
    parts += [f"door {_spell_words(door)}" if door else "", _write_landmark_in_english(landmark)]
    return ", ".join(part for part in parts if part)


def load_pinyin() -> None:
    """Load the dictionaries now, so that the first caller does not wait for them."""
    _spell_text("王")


def _write_village_in_english(name: str, name_en: str) -> str:
    kind = "Neighbourhood" if name.endswith(("居委会", "社区")) else "Village"
    return f"{name_en or _spell_text(_VILLAGE_ENDINGS.sub('', name)).capitalize()} {kind}"


def _write_group_in_english(name: str) -> str:
    numbered = _NUMBERED_GROUP.fullmatch(name)
    return f"group {numbered[1]}" if numbered else _spell_words(name)


def _write_landmark_in_english(landmark: str) -> str:
    match = _LANDMARK.fullmatch(landmark)
    if not match or match["thing"] not in _THINGS:
        return _spell_words(landmark)
    where = f"{_SIDES[match['side']] if match['side'] else 'at'} {_THINGS[match['thing']]}"
    return f"{_write_ordinal(int(match['house']))} house {where}" if match["house"] else where


def _write_ordinal(number: int) -> str:
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _spell_surname(family: str) -> str:
    return SURNAME_READINGS.get(family) or _spell_text(family)


def _split_surname(family: str) -> list[str]:
    """A compound surname's characters are read one by one, unless it is read in a way of its own."""
    return [SURNAME_READINGS[family]] if family in SURNAME_READINGS and len(family) == 1 else _list_syllables(family)


def _spell_text(text: str) -> str:
    """The syllables of `text` in one word; what is no Chinese character stays as it is."""
    return "".join(_list_syllables(text))


def _list_syllables(text: str) -> list[str]:
    from pypinyin import lazy_pinyin  # noqa: PLC0415  0.2 s, and most processes never need it

    return list(lazy_pinyin(text))


def _spell_words(text: str) -> str:
    return _spell_text(text).capitalize() if _HAN.search(text) else text
