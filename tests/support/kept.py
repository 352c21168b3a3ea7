"""What a worker keeps from test to test, where every test has an app and a database of its own.

Compiled statements, templates and URL rules are the same each time, and making them takes longer than most tests do.
Nothing that a test could have changed is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from werkzeug.routing import Rule

from config.database import postgresql, sqlite


class _Templates(BytecodeCache):
    """Compiled templates, by their source."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
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


def _keeping_rules(compile_rule: Callable[[Rule, bool], Any]) -> Callable[..., Any]:
    kept: dict[tuple[Any, ...], Any] = {}

    def compiled(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, repr(rule.defaults), tuple(rule._trace), append_unknown)
        if key not in kept:
            kept[key] = compile_rule(rule, append_unknown)
        return kept[key]

    return compiled


@contextmanager
def keeping() -> Iterator[Engines]:
    """From here on they are kept."""
    engines = Engines()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": _Templates()})
        patch.setattr(Rule, "_compile_builder", _keeping_rules(Rule._compile_builder))
        for module, make in ((sqlite, "make_sqlite_engine"), (postgresql, "make_postgresql_engine")):
            patch.setattr(module, make, engines.keeping(getattr(module, make)))
        yield engines
    engines.disconnect()
