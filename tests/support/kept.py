"""What a worker keeps from test to test, where every test has an app and a database of its own.

Compiled statements, templates and URL rules are the same each time, and making them takes longer than most tests do.
Nothing that a test could have changed is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from werkzeug.routing import Rule

from config.database import postgresql, sqlite


class _Templates(FileSystemBytecodeCache):
    """Compiled templates, by their source: of this worker, and in a folder that all workers of a run share."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self._codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        found = self._codes.get((bucket.key, bucket.checksum))
        if found is None:
            super().load_bytecode(bucket)
            self._codes[bucket.key, bucket.checksum] = bucket.code
        else:
            bucket.code = found

    def dump_bytecode(self, bucket: Bucket) -> None:
        super().dump_bytecode(bucket)
        self._codes[bucket.key, bucket.checksum] = bucket.code


class Engines:
    """An engine for each address, with the statements it has compiled."""

    def __init__(self) -> None:
        self._engines: dict[tuple[Any, ...], Engine] = {}

    def keeping(self, make: Callable[..., Engine]) -> Callable[..., Engine]:
        """`make`, which makes an engine only where there is none yet."""

        def kept(*address: Any) -> Engine:
            if address not in self._engines:
                self._engines[address] = make(*address)
            return self._engines[address]

        return kept

    def disconnect(self) -> None:
        """Close what earlier tests left open: another database will stand at the same address."""
        for engine in self._engines.values():
            engine.dispose()


_OF_A_RULE = ("_parts", "_trace", "_converters", "arguments", "_build", "_build_unknown")


def _keeping_rules(compile_rule: Callable[[Rule], None]) -> Callable[[Rule], None]:
    kept: dict[tuple[Any, ...], dict[str, Any]] = {}

    def compiled(rule: Rule) -> None:
        key = (rule.rule, rule.subdomain, rule.host, repr(rule.defaults), rule.merge_slashes, rule.map.host_matching)
        if key not in kept:
            compile_rule(rule)
            made = {name: getattr(rule, name) for name in _OF_A_RULE}
            kept[key] = made | {name: made[name].__func__ for name in ("_build", "_build_unknown")}
            return
        found = kept[key]
        rule.__dict__.update(found)
        rule._build, rule._build_unknown = (found[name].__get__(rule) for name in ("_build", "_build_unknown"))

    return compiled


@contextmanager
def keeping(folder: Path) -> Iterator[Engines]:
    """From here on they are kept; in `folder`, which all workers share, the compiled templates."""
    engines = Engines()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": _Templates(folder)})
        patch.setattr(Rule, "compile", _keeping_rules(Rule.compile))
        for module, make in ((sqlite, "make_sqlite_engine"), (postgresql, "make_postgresql_engine")):
            patch.setattr(module, make, engines.keeping(getattr(module, make)))
        yield engines
    engines.disconnect()
