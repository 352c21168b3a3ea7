"""Tests compiled before the workers start: each of them would compile all of them at once, for ten seconds of a core.

pytest rewrites the assertions of a test file and keeps what comes of it beside the file. Which file that is, and how
it is written, only pytest's own module knows.
"""

from __future__ import annotations

import compileall
import multiprocessing
import os
import sys
from pathlib import Path

import pytest
from _pytest.assertion import rewrite

_ROOT = Path(__file__).parents[2]
_SOURCES = ("config", "groups", "joint_defense", "migrations", "tests/support", "tools")


def compile_all(config: pytest.Config) -> None:
    """Whatever is not compiled yet, on all cores; nothing where Python may keep nothing."""
    if sys.dont_write_bytecode:
        return
    cores = len(os.sched_getaffinity(0))
    # Children of ours: pytest's state, which they need, cannot be handed to another program.
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=_compile, args=(config, part, cores)) for part in range(cores)]
    for child in children:
        child.start()
    for child in children:
        child.join()


def _compile(config: pytest.Config, part: int, parts: int) -> None:
    tests = sorted({*_ROOT.glob("tests/**/test_*.py"), *_ROOT.glob("tests/**/conftest.py")})
    for test in tests[part::parts]:
        kept = rewrite.get_cache_dir(test) / (test.stem + rewrite.PYC_TAIL)
        if rewrite._read_pyc(test, kept) is None:
            kept.parent.mkdir(exist_ok=True)
            stat, code = rewrite._rewrite_test(test, config)
            rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, stat, kept)
    for number, source in enumerate(_SOURCES):
        if number % parts == part:
            compileall.compile_dir(_ROOT / source, quiet=2)
