"""No text of a stranger takes a pattern, or the making plain before it, more time than its length is worth.

For every repetition in every pattern of the project a text is made that reaches it, goes on as long as it likes, and
then does not fit. A pattern whose time grows with the square of such a text takes a hundred times as long as allowed.
"""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Iterator
from re import _constants as kinds
from re import _parser as parser
from typing import Any

from tests.contracts.sources import modules, name_of

LONG = 2_000
"""What whoever calls a pattern has cut its text to."""
SECONDS = 0.4
"""Of processor time for one text. One whose time grows with the square takes up to 0.1 s for 2,000 signs."""
LITTLE = 0.0005
"""Seconds: what takes less for 400 signs takes less than SECONDS for LONG ones, were it to grow with their cube."""
ENDS = ("\x00", "x", "")


Use = tuple[re.Pattern[str], frozenset[str]]
_METHODS = frozenset({"search", "match", "fullmatch", "sub", "subn", "findall", "finditer", "split"})


def _patterns() -> dict[str, Use]:
    """Every pattern that a module keeps, or names where it is used; and what it is asked to do there."""
    found: dict[str, Use] = {}
    for path, tree in modules():
        if {"tools", "simulator", "demo"} & {*path.parts} or path.name in {"__main__.py", "gunicorn.py"}:
            continue
        module = importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        asked: dict[str, set[str]] = {}
        for node in calls:
            whose, _, method = name_of(node.func).rpartition(".")
            given = node.args[0] if node.args else None
            if whose == "re" and isinstance(given, ast.Constant) and isinstance(given.value, str):
                found.setdefault(given.value, (re.compile(given.value), frozenset({method}) & _METHODS))
            asked.setdefault(whose, set()).add(method)
        for name, value in vars(module).items():
            for kept in _inside([value]):
                # What is kept in a table, or used elsewhere, may be asked anything.
                methods = asked.get(name, set()) & _METHODS if isinstance(value, re.Pattern) else set()
                found[kept.pattern] = kept, frozenset(methods or _METHODS)
    return found


def _inside(values: Any, depth: int = 3) -> Iterator[re.Pattern[str]]:
    for value in values:
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
            yield value
        elif isinstance(value, dict) and depth:
            yield from _inside([*value.keys(), *value.values()], depth - 1)
        elif isinstance(value, list | tuple | set | frozenset) and depth:
            yield from _inside(value, depth - 1)


def _example(items: Any) -> str:
    """The shortest text that fits these parts of a pattern."""
    return "".join(_one(kind, value) for kind, value in items)


def _one(kind: Any, value: Any) -> str:
    if kind is kinds.LITERAL:
        return chr(int(value))
    if kind is kinds.IN:
        return _of_a_set(value)
    if kind in {kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT}:
        return _example(value[2]) * int(value[0])
    if kind is kinds.SUBPATTERN:
        return _example(value[3])
    if kind is kinds.BRANCH:
        return _example(value[1][0])
    if kind in {kinds.ANY, kinds.NOT_LITERAL}:
        return "~"
    return ""


def _of_a_set(members: Any) -> str:
    signs = {
        kinds.CATEGORY_DIGIT: "1",
        kinds.CATEGORY_SPACE: " ",
        kinds.CATEGORY_WORD: "a",
        kinds.CATEGORY_NOT_DIGIT: "~",
        kinds.CATEGORY_NOT_SPACE: "~",
        kinds.CATEGORY_NOT_WORD: "~",
    }
    if members[0][0] is kinds.NEGATE:
        return "~"
    kind, value = members[0]
    return str(signs[value]) if kind is kinds.CATEGORY else chr(value if kind is kinds.LITERAL else value[0])


def _attacks(items: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """What leads to each repetition without a near end, and what it repeats."""
    for kind, value in items:
        if kind in {kinds.MAX_REPEAT, kinds.MIN_REPEAT}:
            if value[1] > 20 and (again := _example(value[2]) or "~"):
                yield before, again
            yield from _attacks(value[2], before)
        elif kind is kinds.SUBPATTERN:
            yield from _attacks(value[3], before)
        elif kind is kinds.BRANCH:
            for each in value[1]:
                yield from _attacks(each, before)
        before += _one(kind, value)


def _seconds(pattern: re.Pattern[str], methods: frozenset[str], text: str) -> float:
    begun = time.thread_time()
    if "match" in methods:
        pattern.match(text)
    if "fullmatch" in methods:
        pattern.fullmatch(text)
    if methods - {"match", "fullmatch"}:
        pattern.sub("", text)
    return time.thread_time() - begun


def _find_too_long(
    pattern: re.Pattern[str], methods: frozenset[str], before: str, again: str
) -> tuple[int, float] | None:
    """The length of a text that takes too long, and its seconds.

    First short ones: what doubles with every sign must not be waited for. The longest is only tried where four times
    the text took more than eight times as long: elsewhere it takes ten seconds of a suite to say nothing new.
    """
    took: dict[int, float] = {}
    for length in (24, 50, 100, 400, LONG):
        if length == LONG and took[400] < max(8 * took[100], LITTLE):
            return None
        made = [before + again * (length // len(again)) + end for end in ENDS]
        took[length] = max(_seconds(pattern, methods, each) for each in made)
        if took[length] > SECONDS:
            return length, round(took[length], 3)
    return None


def test_no_pattern_takes_longer_than_its_text_is_worth() -> None:
    slow = []
    for text, (pattern, methods) in _patterns().items():
        for before, again in set(_attacks(parser.parse(text, pattern.flags & ~re.UNICODE))):
            if found := _find_too_long(pattern, methods, before, again):
                slow.append((*found, text[:120], before[:20], again))
    assert slow == []


def test_whatever_is_made_plain_is_cut_before() -> None:
    """Making plain puts a run of accents in order, in a time that grows with the square of its length."""
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules()
        if "simulator" not in path.parts
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and name_of(node.func) == "unicodedata.normalize"
        and not any(isinstance(each, ast.Slice) and each.upper for each in ast.walk(node.args[1]))
    ]
    assert found == []
