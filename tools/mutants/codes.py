"""A fault in a process where the file is loaded already: its functions get the changed code, whoever holds them."""

from __future__ import annotations

import gc
import importlib.machinery
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tools.mutants.changes import ROOT, Fault

Key = tuple[str, int]


def find_changed(fault: Fault) -> dict[Key, CodeType] | None:
    """The changed code of functions, by their name and first line; None where what runs at import is changed."""
    path = ROOT / fault.path
    before = compile(path.read_text(), str(path), "exec", dont_inherit=True)
    after = compile(fault.tree, str(path), "exec", dont_inherit=True)
    changed: dict[Key, CodeType] = {}
    for old, new in _pair_up(before, after):
        if new is None or (_look_at(old) != _look_at(new) and not old.co_flags & _OF_A_FUNCTION):
            return None
        if not _is_same(old, new):
            changed[old.co_qualname, old.co_firstlineno] = new
    return changed


def put_into_process(path: str, changed: dict[Key, CodeType]) -> int:
    """Give the functions of a loaded file their changed code. Returns how many there were."""
    name, count = str(ROOT / path), 0
    gc.unfreeze()
    for each in gc.get_objects():
        if type(each) is FunctionType and each.__code__.co_filename == name:
            code = changed.get((each.__code__.co_qualname, each.__code__.co_firstlineno))
            if code is not None:
                each.__code__ = code
                count += 1
    return count


def put_into_imports(fault: Fault) -> None:
    """Whatever is imported from now on has the fault."""
    loader, path = importlib.machinery.SourceFileLoader, str(ROOT / fault.path)
    get_code = loader.get_code

    def get_changed(self: Any, fullname: str) -> CodeType | None:
        if self.path == path:
            return compile(fault.tree, path, "exec", dont_inherit=True)
        return get_code(self, fullname)

    loader.get_code = get_changed  # type: ignore[method-assign]


def list_loaded(modules: dict[str, ModuleType]) -> set[str]:
    """The files that these modules came from."""
    return {str(each.__file__) for each in modules.values() if getattr(each, "__file__", None)}


_OF_A_FUNCTION = 0x2
"""CO_NEWLOCALS: neither a module's code nor a class's."""


def _pair_up(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType | None]]:
    yield old, new
    olds, news = _list_inner(old), _list_inner(new)
    for place, inner in enumerate(olds):
        other = news[place] if place < len(news) else None
        if other is None or other.co_qualname != inner.co_qualname:
            if not old.co_flags & _OF_A_FUNCTION:
                yield inner, None
            continue
        yield from _pair_up(inner, other)


def _list_inner(code: CodeType) -> list[CodeType]:
    return [each for each in code.co_consts if isinstance(each, CodeType)]


def _look_at(code: CodeType) -> tuple[Any, ...]:
    consts = [(type(each), repr(each)) for each in code.co_consts if not isinstance(each, CodeType)]
    return code.co_code, code.co_names, code.co_varnames, code.co_freevars, consts, len(_list_inner(code))


def _is_same(old: CodeType, new: CodeType) -> bool:
    inner = zip(_list_inner(old), _list_inner(new), strict=False)
    return _look_at(old) == _look_at(new) and all(_is_same(*each) for each in inner)
