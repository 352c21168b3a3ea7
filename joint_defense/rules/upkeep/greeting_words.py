"""Words about somebody else who did not answer a good morning: whether they are well, and of whom a text speaks.

Whoever was asked to look in says much that is no news of the other: "收到", "好的", "我在家". Only 1, or words about
the other person, say that they have been seen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from joint_defense.rules.understanding.danger_words import OWN_KIN

_KIN = (
    r"(?:(?:我们?|俺|咱们?)(?:家)?的?)?(?:老)?"
    r"(?:爸妈|爸爸?|妈妈?|爹|娘|爷爷?|奶奶?|外公|外婆|公公|婆婆|岳父|岳母|父母|父亲|母亲|舅舅|姑姑?|姨|叔叔?|伯伯?)"
    r"|my (?:father|mother|dad|mum|mom|parents|grandfather|grandmother|uncle|aunt)"
)
_SOMEBODY = (
    r"他(?:们|老人家|本人)?|她(?:们|老人家|本人)?|人|老人家?|老两口|老(?:头|太太?|爷子|奶奶|伯|婆婆|大爷|大妈)"
    r"|[\u4e00-\u9fff]?(?:大爷|大妈|大叔|大娘|大伯|大婶|大哥|大姐|叔叔?|阿姨|婶婶?|爷爷|奶奶|伯伯|伯母|嫂子?|老师)"
    r"|he|she|they|him|her|them|the old (?:man|woman|lady)"
)
_LEAD = r"(?:1|收到|好的?|嗯|是的|放心吧?|您好|你好|报告|回复|ok|yes| ){0,4}"
_FILL = (
    r"(?:家里?|都|很|挺|还|蛮|好好|一切|身体|现在|目前|今天|早上|是|已经|确实|在家里?|在屋里|在睡觉|刚起来?|"
    r"is|are|am|'s|'re|was|very|at home|all|and|just| ){0,6}"
)
_WELL = (
    r"(?:平安|安全|没事儿?|没问题|没(?:什么|啥)(?:事|问题)|好好的|挺好|好|不错|正常|健康|安好|无事|无恙|"
    r"okay|ok|fine|well|safe|good|all right|alright)"
)
_TAIL = r"(?:的|着|呢|啊|呀|了|哦|得很|请?放心吧?|不用担心|谢谢(?:您|你|你们|大家)?|thanks|thank you| ){0,4}"
_LE = r"(?:了| ){0,2}"
_I = r"(?:我们?|俺|咱们?|i|we|have|'ve|已经|已|刚才|刚刚|刚|也|都|去| ){0,6}"
_SAW = r"(?:看到|看见|见到|见着|见过|碰到|遇到|saw|seen|met)(?:了| ){0,2}"
_WENT = (
    r"(?:看过|看了|看望过|去过|看到|看见|见到|联系上|联系到|联系过|打通|通过|问过)(?:了| ){0,2}"
    r"(?:电话)?(?:了| ){0,2}"
)


def _make_pattern(somebody: str) -> re.Pattern[str]:
    saw = rf"{_I}{_SAW}(?:{somebody})(?:本人)?{_LE}"
    well = rf"(?:{somebody}){_FILL}{_WELL}"
    went = rf"{_I}{_WENT}(?:{somebody})?{_LE}{_FILL}{_WELL}"
    return re.compile(rf"{_LEAD}(?:{saw}(?:(?:{somebody})?{_FILL}{_WELL})?|(?:{saw}|{_I}{_WENT})?{well}|{went}){_TAIL}")


_OF_ANOTHER = _make_pattern(_SOMEBODY)
_OF_KIN = _make_pattern(f"{_SOMEBODY}|{_KIN}")
_SPEAKS_OF = re.compile(rf"(?:^|[^\w])(?:{_SOMEBODY})|[\u4e00-\u9fff](?:他|她|老人)|人.{{0,4}}(?:摔|倒|晕|没|不)")
_OWN_HOME = re.compile("(?:我|俺|咱)们?家(?!的?(?:爸|妈|爹|娘|爷|奶|老|父|母|公公|婆婆))|自家")
_ASKS = re.compile(r"[?？吗]|么\W*$")
_ONE = re.compile(r"(?:请|我)?(?:回复?|按|选)?1")
_LIES = re.compile(
    "(?<![车机])(?:动不了|动不得|动弹不|不能动|起不来|起不了|站不起来|爬不起来|下不了床|下不来床|走不动|走不了|没力气起)"
    "|(?:can't|cannot|cant|unable to) (?:get up|move|stand|walk)"
)
THEM = "他"


def fold_name(name: str) -> str:
    """A household's name as a text may write it: without 家, and without case."""
    return _fold(name).removesuffix("家").removesuffix(" household").strip()


def names(text: str, name: str) -> bool:
    """Whether a text names that household."""
    folded = fold_name(name)
    return bool(folded) and folded in _fold(text)


def is_well_key(text: str) -> bool:
    """Whether a text is the 1 of our question, and nothing else."""
    return _ONE.fullmatch(_fold(text).replace(" ", "")) is not None


def says_another_is_well(text: str, known_as: Collection[str] = (), *, kin: bool = False) -> bool:
    """Whether words say that somebody else is well or was seen: 1, 人平安, 他没事, 看到他了, 王建国平安.

    In doubt they do not. `known_as`: the names of the household that was asked about. `kin`: the writer is their
    contact, whose 我妈 they are.
    """
    if _ASKS.search(text):
        return False
    plain = _fold(text)
    for name in sorted({fold_name(each) for each in known_as} - {""}, key=len, reverse=True):
        plain = plain.replace(name, THEM)
    plain = re.sub(f"{THEM}家?[和与跟、 ]{{0,2}}(?={THEM})", "", plain).replace(f"{THEM}家", THEM).strip()
    if _ONE.fullmatch(plain.replace(THEM, "").replace(" ", "")):
        return True
    return (_OF_KIN if kin else _OF_ANOTHER).fullmatch(plain) is not None


def says_helpless(text: str) -> bool:
    """Whether somebody who was greeted says that they cannot get up or move."""
    return _LIES.search(_fold(text)) is not None and not _ASKS.search(text)


def speaks_of_another(text: str) -> bool:
    """Whether a text speaks of some other person."""
    return _SPEAKS_OF.search(_fold(text)) is not None


def speaks_of_kin(text: str) -> bool:
    """Whether the writer's kin is meant and not their own house: of a contact that may be whoever was greeted."""
    return re.search(f"{OWN_KIN}|(?:{_KIN})", _fold(text)) is not None and not _OWN_HOME.search(_fold(text))


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text[:120]).casefold()
    return re.sub(r"[\s,.;:!。，、；：！~…“”\"]+", " ", plain).strip()
