"""The cell with a household's head: the name, and what people write beside it - a role, a number, whose wife it is."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from groups.rules.typed_text import tidy, without_invisible

_ROLE = (
    r"(?:正|副|本组|联防|互助|网格)?(?:组长|小组长|联防长|队长|楼长|片长|村长|村民组长|负责人|联系人|责任人|户长|十户长|户主|书记|主任|代表"
    r"|党员|网格员|户主本人|房主|业主|姓名)"
)
_ROLE_IN_FRONT = re.compile(rf"^[(\[【<]?{_ROLE}[)\]】>]?\s*(?:[:、,\-—]|(?<=[)\]】>]))\s*(?=\S)")
_COUNTED = re.compile(r"^\s*[(（]?\d{1,3}[.、)）．:：]\s*(?=[\u3400-\u9fff★☆])")
"""A number in front that counts the names: 1. 王建国."""
_HAN = r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af\ue000-\uf8ff]"
_LEADER_APART = re.compile(r"^(?:正|副)?(?:组长|联防长|队长)\s+(?=\S)")
_LEADER_GLUED = re.compile(rf"^(?:正|副)?(?:小?组长|联防长|队长|网格长|网格员|楼长)(?={_HAN}{{2,4}}$)")
"""组长李乙明: nobody's surname is 组."""
_ROLE_BEHIND = re.compile(rf"\s*[(\[【<]\s*兼?(?:任)?{_ROLE}\s*[)\]】>]\s*$|[-—,、/;:]\s*{_ROLE}$|(?<=\S\S)\s+{_ROLE}$")
_LEADER_BEHIND = re.compile(rf"(?<={_HAN}{_HAN})\s*(?:正|副)?(?:小?组长|联防长|队长|网格长|网格员)$")
_ROLE_OF = re.compile(rf"^{_ROLE}[(\[【](?P<name>{_HAN}{{2,4}})[)\]】]$")
"""联防长（陈志强）."""
_SEX_BEHIND = re.compile(rf"(?<={_HAN}{_HAN})(\s+|\s*[(/,（／，])\s*[男女][)）]?$")
_MARKS = re.compile(
    "^[\u2605\u2606\u25b2\u25b3\u25cf\u25cb\u25c6\u25c7\u25a0\u25a1\u203b\u2714\u2713\u221a*#\u2756\u2b50\ufe0f\\s]+"
    "|[\u2605\u2606\u25b2\u25b3\u25cf\u25cb\u25c6\u25c7\u25a0\u25a1\u203b\u2714\u2713\u221a*#\u2756\u2b50\ufe0f\\s]+$"
)
_NUMBER = re.compile(
    r"[(\[【:,、/\s]*(?:(?:电话|手机|tel|号码)[:.\s]*)?\+?\d[\d\s\-]{5,}\d[)\]】]?(?:[、,/;\s]*\+?\d[\d\-]{6,}+[)\]】]?)*+",
    re.IGNORECASE,
)
_KIN = (
    r"(?:户主的?)?(?:妻子?|夫|丈夫|子|儿子?|女|女儿|长子|次子|三子|长女|次女|三女|媳妇?|儿媳|女婿|婿|孙子?|孙女|父亲?|母亲?|爸|妈|爷爷|奶奶"
    r"|兄|弟弟?|哥哥?|姐姐?|妹妹?|老婆|老公|老伴|爱人|配偶|家属|之子|之女|之妻|公公|婆婆|岳父|岳母|外公|外婆|侄子?|外甥|嫂子?)"
)
_KIN_BEHIND = re.compile(rf"(?P<name>.*?)\s*[(\[【]\s*{_KIN}\s*[)\]】]")
_KIN_IN_FRONT = re.compile(
    r"(?:户主的?)?(?:(?:妻子|丈夫|儿子|女儿|长子|次子|三子|长女|次女|三女|儿媳|媳妇|女婿|父亲|母亲|爸爸|妈妈|爷爷|奶奶|哥哥|弟弟|姐姐|妹妹|老婆"
    rf"|老公|老伴|爱人|配偶|家属)\s*[:、\s]?\s*|孙[子女](?=\s*[:、\s]|{_HAN}{{3}})[:、\s]*|{_KIN}\s*[:、]\s*)(?P<name>{_HAN}{{2,4}})"
)
"""儿子王磊, 妻：陈小妹. 孙子明 is a name."""
_KIN_ALONE = re.compile(rf"[(\[【]?\s*{_KIN}\s*[)\]】]?[:]?")
_DOT = re.compile(rf"(?<={_HAN})\s*[·•‧∙⋅・･．.●﹒‐・\u00b7\u2022\u2027]\s*(?={_HAN})")
_NO_ONE = re.compile(
    r"空房?|空置(房|户)?|空户|空屋|空宅|无人(居住|住|在家)?|没人住?|出租(房|屋)?|租(房|户)|已?拆(迁|除)?(户|房)?|已拆|常年(在)?外(出|地|住)?"
    r"|长期(在外|外出|不在家?)|(全家)?外出(打工|务工)?|待定|待补|待填|户主?不详|户主未知|不详|未知|暂缺|暂无|缺|仓库|厂房|危房|老屋|废弃|在建(房)?|"
    r"无户主|姓名不详|未登记|未入住|无人应答|(全家|举家|整户|已)?(全部)?(搬|迁)(走|离|迁|出|家)了?"
    r"|(长期|常年)无人(居住|住|在家)?|无住户|闲置(房|户)?|待(租|售)|空关(房|户)?|倒塌|已?注销(户)?|销户|绝户"
)


class Named(NamedTuple):
    """What a cell says: the head's name, the numbers behind it, whether it is a member of the house above."""

    head: str
    numbers: str = ""
    is_member: bool = False


def read_name(text: str) -> Named:
    """The head's name without the marks of a leader and without the numbers that somebody has written behind it."""
    text = _COUNTED.sub("", text)
    spaced = _LEADER_APART.sub("", _MARKS.sub("", without_invisible(text).replace("\u3000", " ").strip()))
    plain = tidy(_LEADER_BEHIND.sub("", _SEX_BEHIND.sub("", spaced)))
    if _KIN_ALONE.fullmatch(plain) and plain[:1] in "([【":
        return Named("", "", is_member=True)
    numbers = ""
    if found := _NUMBER.search(plain):
        digits = re.sub(r"\D", "", found[0])
        if len(digits) >= 7 and not re.search(r"[^\W\d_]", plain):
            return Named("", plain)
        if len(digits) >= 7:
            numbers = found[0]
            plain = _MARKS.sub("", f"{plain[: found.start()]} {plain[found.end() :]}").strip(" :、,()[]【】")
    if role := _ROLE_OF.fullmatch(plain):
        plain = role["name"]
    bare = _ROLE_BEHIND.sub("", _LEADER_GLUED.sub("", _ROLE_IN_FRONT.sub("", plain)))
    bare = _MARKS.sub("", bare)
    if not bare:
        bare = plain
    if kin := _KIN_BEHIND.fullmatch(bare) or _KIN_IN_FRONT.fullmatch(bare):
        return Named(tidy_name(kin["name"]), numbers, is_member=True)
    return Named(tidy_name(bare), numbers)


def tidy_name(text: str) -> str:
    """A name as it is kept: one sign (·) for all the dots between its parts."""
    return tidy(_DOT.sub("·", text.replace("\ue863", "\u4dae")))


def is_no_one(text: str) -> bool:
    """Whether it stands where a name should and says that nobody lives there, or that nobody knows who."""
    plain = re.sub(r"[\s()\[\]【】*]", "", unicodedata.normalize("NFKC", without_invisible(text[:40])))
    return bool(plain) and bool(_NO_ONE.fullmatch(plain))


def is_kin(text: str) -> bool:
    """Whether a cell says whose kin somebody is: 妻, 儿子."""
    return bool(_KIN_ALONE.fullmatch(re.sub(r"\s", "", unicodedata.normalize("NFKC", text[:20]))))


def has_private_signs(text: str) -> bool:
    """Whether a text has signs that mean something on one machine only."""
    return any("\ue000" <= sign <= "\uf8ff" or sign >= "\U000f0000" for sign in text)
