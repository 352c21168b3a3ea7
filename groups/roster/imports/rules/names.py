"""The cell with a household's head: the name, and what people write beside it - a role, a number, whose wife it is."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from groups.rules.typed_text import tidy, without_invisible

_HAN = r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af\ue000-\uf8ff]"
_ROLE_WORD = (
    r"小?组长|联防长|队长|网格长|网格员|楼长|片长|村长|村民组长|负责人|联系人|责任人|户长|十户长|户主|书记|支书|主任|委员|代表|党员|会计|出纳|文书"
    r"|调解员|护林员|电工|民兵|志愿者|信息员|联络员|干部|户主本人|本人|房主|房东|业主|屋主|产权人|姓名"
)
_ONE_ROLE = (
    rf"(?:[正副代兼]|代理|临时|现任|原任?|本组|联防|互助|网格|村民|村|党小?组|支部|妇女)*(?:{_ROLE_WORD}|[正副]职?)"
)
_ROLE = rf"(?:{_ONE_ROLE}(?:\s*[兼、,/及和与+]\s*任?{_ONE_ROLE})*)"
_TITLE = rf"(?:[正副代]|代理|临时|本组|联防|互助|网格)?(?:{_ROLE_WORD})"
_ROLE_IN_FRONT = re.compile(
    rf"^(?:\(?{_ROLE}\)?\s*(?:[:、,\-—·/|]|(?<=\)))|[正副代]\s*:)\s*(?=\S)|^(?:[-—·.、:]+)\s*(?={_HAN})"
)
_COUNTED = re.compile(r"^\s*(?:[(（]?\d{1,3}[.、)）．:：]|\d{1,3})\s*(?=[\u3400-\u9fff★☆])")
"""A number in front that counts the names: 1. 王建国."""
_LEADER_APART = re.compile(rf"^{_TITLE}\s+(?=\S)")
_LEADER_GLUED = re.compile(
    rf"^(?:[正副代]|代理)?(?:小?组长|联防长|十户长|联户长|队长|网格长|网格员|楼长)(?={_HAN}{{2,4}}$)"
)
"""组长李乙明: nobody's surname is 组."""
_ROLE_BEHIND = re.compile(rf"[-—,、/;:·|._]\s*{_TITLE}$|[-—,、/;:|]\s*[正副]$|(?<=\S\S)\s+{_TITLE}$|\s*[-—,、/;:·|]+$")
_LEADER_BEHIND = re.compile(rf"(?<={_HAN}{_HAN})\s*(?:正|副)?(?:小?组长|联防长|队长|网格长|网格员)$")
_ROLE_OF = re.compile(rf"^{_ROLE}\((?P<name>{_HAN}{{2,4}})\)$")
"""联防长（陈志强）."""
_ANY_BRACKETS = str.maketrans("[{<【〔〖「『《〈〘〚]}>】〕〗」』》〉〙〛", "((((((((((((" + "))))))))))))")
_IN_BRACKETS = re.compile(r"\s*\((?P<said>[^()]*)\)?\s*")
_IS_ROLE = re.compile(rf"兼?任?{_ROLE}|[\u2605\u2606*#]+|")
"""What stands in brackets and is no part of the name, whatever the brackets: (代组长), 〔组长〕, ()."""
_HOW_MANY = re.compile(r"\d{1,2}\s*[人口]|[男女]")
_OF_SOMEBODY = re.compile(
    r".*(独居|孤寡|空巢|留守|残疾|低保|五保|军属|烈属|退役|退休|老人|高龄|岁|外出|外地|在外|务工|打工|租|聋|哑|盲|重点|帮扶|脱贫|贫困|党员|代表"
    r"|委员|长期|常住|户籍|已搬|空房|小店|超市|店|老板|医生|老师|师傅|电工|负责|管理|值班|干部).*"
)
"""What a bracket tells of somebody, and no name is spoken with: （独居老人）."""
_ENUMERATED = re.compile("^\\s*[\u2460-\u249b\u24f5-\u24fe\u2776-\u2793\u3220-\u3229\u3280-\u3289]+")
_SEX_BEHIND = re.compile(rf"(?<={_HAN}{_HAN})(\s+|\s*[(/,（／，])\s*[男女][)）]?$")
_OPENS, _CLOSES = frozenset("([{<【〔〖「『《〈（［｛＜+"), frozenset(")]}>】〕〗」』》〉）］｝＞")
_OF_A_SPREADSHEET = frozenset("='")
"""What a spreadsheet has in front of a formula, and of a text that looks like one: a cell comes back as it was."""
_STANDS_FOR_A_SIGN = re.compile("[\u2e80-\u2fdf\ufe10-\ufe19]")
"""Radicals, and the signs by which GB18030 keeps rare characters: parts of names, though they count as signs."""
_SORTED_FIRST = re.compile(rf"^[Aa]{{1,4}}\s*(?={_HAN}{{2}})")
"""A王建国: what somebody puts in front of a name to have it first in a phone's list."""
_NUMBER = re.compile(
    r"[(\[【:,、/\s]*(?:(?:电话|手机|tel|号码)[:.\s]*)?\+?\d[\d\s\-]{5,}\d[)\]】]?(?:[、,/;\s]*\+?\d[\d\-]{6,}+[)\]】]?)*+",
    re.IGNORECASE,
)
_KIN = (
    r"(?:户主的?|其)?(?:妻子?|夫|丈夫|子|儿子?|女|女儿|长子|次子|三子|长女|次女|三女|媳妇?|儿媳|女婿|婿|孙子?|孙女|父亲?|母亲?|爸|妈|爷爷|奶奶"
    r"|兄|弟弟?|哥哥?|姐姐?|妹妹?|老婆|老公|老伴|爱人|配偶|家属|之子|之女|之妻|公公|婆婆|岳父|岳母|外公|外婆|侄子?|外甥|嫂子?)"
)
_KIN_BEHIND = re.compile(rf"(?P<name>.*?)\s*[(\[【]\s*{_KIN}\s*[)\]】]")
_KIN_IN_FRONT = re.compile(
    r"(?:户主的?)?(?:(?:妻子|丈夫|儿子|女儿|长子|次子|三子|长女|次女|三女|儿媳|媳妇|女婿|父亲|母亲|爸爸|妈妈|爷爷|奶奶|哥哥|弟弟|姐姐|妹妹|老婆"
    rf"|老公|老伴|爱人|配偶|家属)\s*[:、\s]?\s*|孙[子女](?=\s*[:、\s]|{_HAN}{{3}})[:、\s]*|{_KIN}\s*[:、]\s*)(?P<name>{_HAN}{{2,4}})"
)
"""儿子王磊, 妻：陈小妹. 孙子明 is a name."""
_KIN_IN_BRACKETS = re.compile(rf"\(\s*{_KIN}\s*\)\s*(?P<name>{_HAN}{{2,4}})")
_KIN_ALONE = re.compile(rf"[(\[【]?\s*{_KIN}\s*[)\]】]?[:]?")
_DOT = re.compile(rf"(?<={_HAN})\s*[·•‧∙⋅・･．.●﹒‐・\u00b7\u2022\u2027]\s*(?={_HAN})")
_NO_ONE = re.compile(
    r"空房?|空置(房|户)?|空户|空屋|空宅|无人(居住|住|在家)?|没人住?|出租(房|屋)?|租(房|户)|已?拆(迁|除)?(户|房)?|已拆|常年(在)?外(出|地|住)?"
    r"|长期(在外|外出|不在家?)|(全家)?外出(打工|务工)?|待定|待补|待填|户主?不详|户主未知|不详|未知|暂缺|暂无|缺|仓库|厂房|危房|老屋|废弃|在建(房)?|"
    r"无户主|姓名不详|未登记|未入住|无人应答|(全家|举家|整户|已)?(全部)?(搬|迁)(走|离|迁|出|家)了?"
    r"|(长期|常年)无人(居住|住|在家)?|无住户|闲置(房|户)?|待(租|售)|空关(房|户)?|倒塌|已?注销(户)?|销户|绝户"
)


_REMEMBERED = 30_000
"""So many names: a row's is read for the group, for the row below it, and for itself."""


class Named(NamedTuple):
    """What a cell says: the head's name, the numbers behind it, whether it is a member of the house above."""

    head: str
    numbers: str = ""
    is_member: bool = False
    left_out: tuple[str, ...] = ()
    """What stood beside it in brackets and was taken off, other than what somebody is to the group."""
    beside: tuple[str, ...] = ()
    """What stands beside it in brackets, and stays in the name because nobody knows what it is."""


@lru_cache(maxsize=_REMEMBERED)
def read_name(text: str) -> Named:
    """The head's name without the marks of a leader and without the numbers that somebody has written behind it."""
    text = _COUNTED.sub("", _ENUMERATED.sub("", text))
    spaced = _LEADER_APART.sub("", _take_off_marks(without_invisible(text).replace("\u3000", " ").strip()))
    plain = tidy(_LEADER_BEHIND.sub("", _SEX_BEHIND.sub("", spaced))).translate(_ANY_BRACKETS)
    if _KIN_ALONE.fullmatch(plain) and plain[:1] == "(":
        return Named("", "", is_member=True)
    numbers = ""
    if found := _NUMBER.search(plain):
        digits = re.sub(r"\D", "", found[0])
        if len(digits) >= 7 and not re.search(r"[^\W\d_]", plain):
            return Named("", plain)
        if len(digits) >= 7:
            numbers = found[0]
            plain = _take_off_marks(f"{plain[: found.start()]} {plain[found.end() :]}").strip(" :、,()")
    if role := _ROLE_OF.fullmatch(plain):
        plain = role["name"]
    said = _take_brackets_off(_SORTED_FIRST.sub("", plain))
    bare = _take_off_marks(_ROLE_BEHIND.sub("", _LEADER_GLUED.sub("", _ROLE_IN_FRONT.sub("", said.name))))
    if not bare:
        return Named(tidy_name(plain), numbers)
    if kin := _KIN_BEHIND.fullmatch(bare) or _KIN_IN_FRONT.fullmatch(bare) or _KIN_IN_BRACKETS.fullmatch(bare):
        return Named(tidy_name(kin["name"]), numbers, is_member=True)
    return Named(tidy_name(bare), numbers, left_out=said.left_out, beside=said.beside)


class _Beside(NamedTuple):
    """A name, and what stood beside it in brackets."""

    name: str
    left_out: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


def _take_brackets_off(plain: str) -> _Beside:
    """The name without the brackets that say what somebody is."""
    if "(" not in plain:
        return _Beside(plain)
    if (whole := _IN_BRACKETS.fullmatch(plain)) and whole["said"].strip():
        return _Beside(whole["said"].strip())
    left_out: list[str] = []
    beside: list[str] = []

    def take(found: re.Match[str]) -> str:
        said = found["said"].strip()
        if _KIN_ALONE.fullmatch(said):
            return f"({said})"
        is_said_twice = bool(said) and plain.count(said) > 1
        if is_said_twice or _IS_ROLE.fullmatch(said) or _HOW_MANY.fullmatch(said):
            return " "
        if _OF_SOMEBODY.fullmatch(said):
            left_out.append(said)
            return " "
        beside.append(said)
        return found[0]

    name = tidy(_IN_BRACKETS.sub(take, plain))
    return _Beside(name, tuple(left_out), tuple(beside)) if name else _Beside(plain)


def _take_off_marks(text: str) -> str:
    """The text without the signs at either end of it, of whatever kind: ★ ▲ ※ 🚩. A name that is masked stays: 王*."""
    begin, end = 0, len(text)
    while begin < end and text[begin] not in _OPENS and _is_a_mark(text[begin]):
        begin += 1
    while end > begin and text[end - 1] not in _CLOSES and _is_a_mark(text[end - 1]):
        end -= 1
    is_masked = end - begin == 1 and text[end : end + 1] == "*"
    return text[begin:] if is_masked else text[begin:end]


def _is_a_mark(sign: str) -> bool:
    if sign.isalnum() or _STANDS_FOR_A_SIGN.match(sign) or sign in _OF_A_SPREADSHEET:
        return False
    return sign.isspace() or sign == "\ufe0f" or unicodedata.category(sign)[0] in "PS"


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
