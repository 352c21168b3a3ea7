"""A function's name begins with its verb: what it does comes first, then with what."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.contracts.sources import modules, name_of

_WORDS = """
acknowledge add admit advance allow announce answer apply archive ask audit beat begin blank break bring build call
cancel carry change check choose claim clear close collect combine compare complete compress compute conclude
configure confirm connect continue copy correct count create cut decide declare decode decrypt delete derive
describe detect discard dispatch download drain draw drill drop edit empty encode encrypt end enlist enrol ensure
enter erase escape estimate evaluate examine exchange exhaust expand explain export extend extract fail fetch fill
filter find fix flush fold follow force forget format freeze gather generate get give go group guard guess hand hang
hash have hear help hide hold house hurry identify import insert insist inspect install invent invite issue join
judge keep key kill leave let lift limit link list load lock look make map mark mask match measure mend merge
migrate mint monitor move mute name normalise note notify offer omit open order pack pair parse partition pass pause
peel pick ping place plan play poll post prepare press prevent preview print protect prove provide prune publish
pull purge push put queue quote raise rank reach read rebuild receive recognise record redeem redial refresh refuse
register rehearse reject release reload remember remove rename render repair repeat replace replay reply report
reprint require reserve reset resolve respond restore restrict resume retain retry return revert revoke rewrite ring
romanise rotate round run save say scan schedule seal search see seed select send separate serve set settle share
shorten show sign simplify sleep slow sort speak spell split spread squeeze stamp stand start stop store stream
strip submit suggest sum summarise suspend switch take talk tell text thank throw tick tidy transfer translate trim
trust try turn understand undo unify unlock unpack unquote update upgrade use validate verify visit wait wake warm
watch weave widen wipe withdraw work wrap write
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
