"""Docstrings and comments say what is meant: subject, verb, object, the field's word, no image."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from tests.contracts.sources import ROOT, modules

# What was said once, and what is said instead.
IMAGES = {
    "bites?": "portion",
    "errands?": "enquiry",
    "goodbye": "the last beat, an end",
    "swallow(s|ed)?": "takes in, catches",
    "storms?": "many at once",
    "leaves? the house": "is sent, other systems get it",
    "dead man": "watcher",
    "its tail": "comes back to itself",
    "(fell|falls?) silent": "sends no beat, stops ringing",
    "standing": "state",
    "babysit(s|ting)?|chaperones?|swarms?|hunts?": "the trade's word",
}
# Of texts of people, where the word means itself.
MEANT = {"joint_defense/rules/understanding/danger_words.py"}


def test_docstrings_and_comments_use_no_image() -> None:
    image = re.compile(rf"\b({'|'.join(IMAGES)})\b", re.IGNORECASE)
    found = [f"{where}: {said}" for where, said in _said() if image.search(said)]
    assert [line for line in found if line.split(":")[0] not in MEANT] == []


def _said() -> Iterator[tuple[str, str]]:
    for path, tree in modules():
        for node in ast.walk(tree):
            # Docstrings, also those of attributes: a text that stands alone.
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                yield f"{path}:{node.lineno}", node.value.value
        for token in tokenize.generate_tokens(io.StringIO((ROOT / path).read_text()).readline):
            if token.type == tokenize.COMMENT:
                yield f"{path}:{token.start[0]}", token.string
