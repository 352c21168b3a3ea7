"""One group, one name: 第一组, 1组, 一组, 第 1 组 and 1 are the same group to whoever writes them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from groups.rules.typed_text import strip_kind_of_village

_NUMBER = r"\d{1,3}|[零〇一二两三四五六七八九十百]{1,5}"
_NEIGHBOURS = r"(?:十户|联防|互助|平安|联户|邻里|守望)*"
_NAME = re.compile(
    rf"(?P<before>{_NEIGHBOURS})第?(?P<number>{_NUMBER})(?:号)?"
    rf"(?P<after>{_NEIGHBOURS})(?P<kind>村民|居民)?(?:小|大)?(?P<team>组|組|队|隊)?(?P<behind>{_NEIGHBOURS})"
)
_NUMBER_BEHIND = re.compile(
    rf"(?P<before>{_NEIGHBOURS})(?P<kind>村民|居民)?(?:小|大)?(?P<team>组|組|队|隊)第?(?P<number>{_NUMBER})号?"
    r"(?P<after>)(?P<behind>)"
)
"""联防小组一, 组1: the number stands last."""
_VILLAGE_IN_FRONT = re.compile(r"(?P<village>[\u3400-\u9fff\U00020000-\U000323af]{2,12}(?:村|社区|居委会|村委会))(?=.)")
_PLACE_IN_FRONT = re.compile(rf"(?P<place>\D{{1,12}}?)第?(?P<number>{_NUMBER})号?(?:小|大)?(?P<team>[组队])")
_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}


class GroupKey(NamedTuple):
    """What of a group's name tells it from others: its number and what kind of group it is; of others, the name."""

    number: int | None
    kind: str
    name: str = ""


def make_key(name: str, village: str = "") -> GroupKey:
    """The key of a group's name. Names without a number in one of the usual forms stand for themselves.

    `village`: the name of the village whose group it is, which may stand in front: 墙下陶村1组.
    """
    plain = _simplify(name)
    found = _match(plain) or _match(_drop_village(plain, village))
    number = _read_number(found["number"]) if found else None
    if found is None or number is None:
        return GroupKey(None, "", _write_numbers_alike(plain).casefold())
    kind = "联防" if found["before"] or found["after"] or found["behind"] else (found["kind"] or "")
    if found["team"] in {"队", "隊"}:
        kind += "队"
    return GroupKey(number, kind)


def _write_numbers_alike(plain: str) -> str:
    """A name with a place in front of its number, the number in figures: 东片第一组 and 东片 1 组 are 东片1组."""
    found = _PLACE_IN_FRONT.fullmatch(plain)
    number = _read_number(found["number"]) if found else None
    return f"{found['place']}{number}{found['team']}" if found and number is not None else plain


def _match(plain: str) -> re.Match[str] | None:
    return _NAME.fullmatch(plain) or _NUMBER_BEHIND.fullmatch(plain)


def _simplify(name: str) -> str:
    return re.sub(r"[\s【】\[\]()<>《》:]+", "", unicodedata.normalize("NFKC", name[:200]))


def _drop_village(plain: str, village: str) -> str:
    """A group's name without the village's own in front of it, and without the town's in front of that."""
    stem = strip_kind_of_village(_simplify(village))
    if not stem:
        return plain
    found = re.match(
        rf"(?:.{{1,12}}[省市县区镇乡]|.{{1,8}}街道)?{re.escape(stem)}"
        r"(?:村民委员会|居民委员会|村委会|居委会|社区|村|居)?",
        plain,
    )
    return plain[found.end() :] if found else plain


def unify_names(names: Iterable[str]) -> dict[str, str]:
    """By each name as it is written, the name that is used: one for all that mean the same group."""
    counted = Counter(name for name in names if name)
    alike: dict[GroupKey, list[str]] = {}
    for name in counted:
        alike.setdefault(make_key(name), []).append(name)
    for key in [key for key in alike if key.number is not None and key.kind == "联防"]:
        # Who writes 1组 beside 第1联防组 for the same number means the one group.
        alike[key] += alike.pop(key._replace(kind=""), [])
    return {name: _choose_best(key, written, counted) for key, written in alike.items() for name in written}


def _choose_best(key: GroupKey, written: list[str], counted: Mapping[str, int]) -> str:
    if len(written) == 1 or key.number is None:
        return max(written, key=lambda name: counted[name])
    usual = f"第{key.number}联防组" if key.kind == "联防" else f"{key.number}{key.kind or '组'}"
    return usual if key.kind in {"", "联防", "队"} else max(written, key=lambda name: counted[name])


def _find_village_throughout(names: Sequence[str]) -> str:
    """The one village by which all of a roster's groups are called: 墙下陶村1组; empty where there is none."""
    found = {match["village"] if (match := _VILLAGE_IN_FRONT.match(_simplify(name))) else "" for name in names}
    return found.pop() if len(found) == 1 else ""


def find_roster_names(names: Iterable[str], present: Iterable[str], village: str = "") -> dict[str, str]:
    """By each name of a list that the roster writes otherwise, the roster's name of that group.

    A list may leave out what kind of group it is (1组 for 第1联防组) where the roster has only one of that number, and
    either may have the `village`'s own name in front, or the roster the name of one village throughout. A name of the
    list that only adds the village's to another one of it is that one.
    """
    names = list(dict.fromkeys(names))
    known = list(dict.fromkeys(name for name in present if name))
    village = _find_village_throughout(known) or village
    by_key: dict[GroupKey, str] = {}
    by_number: dict[int | None, list[str]] = {}
    for name in known:
        key = make_key(name, village)
        by_key.setdefault(key, name)
        by_number.setdefault(key.number, []).append(name)
    found: dict[str, str] = {}
    bare = {make_key(name): name for name in reversed(names)}
    for name in names:
        key = make_key(name, village)
        same = by_key.get(key)
        alone = by_number.get(key.number, []) if key.number is not None else []
        # What kind of group it is may be left out on either side, as long as no other has the number.
        may_be_left_out = not key.kind or (
            key.kind == "联防" and len(alone) == 1 and not make_key(alone[0], village).kind
        )
        if same is None and len(alone) == 1 and may_be_left_out:
            same = alone[0]
        if same is None and key.number is not None and make_key(name).number is None:
            same = bare.get(key)
        if name and name not in known and same is not None:
            found[name] = same
    return found


def _read_number(text: str) -> int | None:
    """An Arabic or Chinese number up to 999; None where it is none: 十十."""
    if text.isdecimal():
        return int(text)
    total, waiting = 0, None
    for sign in text:
        if sign in _DIGITS:
            if waiting not in {None, 0}:
                return None
            waiting = _DIGITS[sign]
        else:
            unit = 10 if sign == "十" else 100
            if total % (unit * 10) and unit == 100:
                return None
            total += (1 if waiting is None else waiting) * unit
            waiting = None
    return total + (waiting or 0)
