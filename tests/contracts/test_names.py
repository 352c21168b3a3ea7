"""A function's name begins with its verb: what it does comes first, then with what."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.contracts.sources import modules, name_of

_WORDS = """
acknowledge add admit advance allow announce answer apply archive ask audit beat begin break bring build call cancel
carry change check choose claim clear close collect combine compare complete compress conclude configure confirm
connect continue copy correct count create cut decide declare decode decrypt describe dispatch download drain draw
drill drop edit empty end enlist enrol examine exchange exhaust explain export extend extract fail fetch fill filter
find flush fold follow force forget format freeze gather generate get give go group guard guess hand hang hash have
hear help hold house hurry identify import insert insist install invent invite issue join judge keep key kill leave
let lift limit link list load lock look make map mark mask match measure mend merge move mute name note notify offer
open order pack pair parse partition pass peel pick ping place plan play post press preview print provide publish
put queue raise rank read rebuild receive recognise record redeem redial refresh refuse register rehearse release
remember remove rename replace replay reply report reprint require reset restore restrict resume retry return revoke
ring romanise rotate round run save say search see select send serve set settle share shorten show sign simplify
slow sort speak spell split spread squeeze stamp stand start stop store stream strip submit sum summarise suspend
take talk tell text thank throw tick tidy try turn understand undo unify unpack unquote update upgrade use verify
normalise wait wake warm watch weave widen withdraw work write
"""
_VERBS = frozenset(_WORDS.split())
# Of a question that is answered with yes or no; and what turns one thing into another, as everywhere in Python.
_ASKS = frozenset({"is", "are", "was", "has", "have", "may", "can", "must", "needs", "names"})
_TURNS = frozenset({"as", "from", "to", "with", "without"})
# Gettext's name, gunicorn's, and the program's.
_GIVEN = frozenset({"N_", "on_starting", "main"})


def _functions(node: ast.AST, *, in_class: bool = False) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Those of modules and inside of functions; a method is named beside its object, which is read first."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
            if not in_class:
                yield inner
            yield from _functions(inner)
        else:
            yield from _functions(inner, in_class=isinstance(inner, ast.ClassDef) or in_class)


def _is_a_command(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Its name is the command's."""
    calls = (each.func if isinstance(each, ast.Call) else each for each in function.decorator_list)
    return any(name_of(each).endswith(".command") for each in calls)


def _answers_yes_or_no(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    returns = "" if function.returns is None else ast.unparse(function.returns)
    return bool(re.match(r"bool\b|ColumnElement\[bool\]", returns))


def _begins_with_a_verb(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    if function.name in _GIVEN or function.name.startswith("__"):
        return True
    first = function.name.lstrip("_").split("_")[0]
    if first in _VERBS | _ASKS | _TURNS:
        return True
    # He covers, she agrees: the verb of a question.
    return _answers_yes_or_no(function) and first.endswith("s")


def test_a_functions_name_begins_with_its_verb() -> None:
    functions = [(path, each) for path, tree in modules() for each in _functions(tree)]
    assert len(functions) > 2000
    assert [
        f"{path}:{each.lineno}: {each.name}"
        for path, each in functions
        if not _begins_with_a_verb(each) and not _is_a_command(each)
    ] == []
