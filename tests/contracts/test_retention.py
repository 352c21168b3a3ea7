"""Every table says how what it keeps about people ends, or why it stays; what ends has somebody who ends it."""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from zoneinfo import ZoneInfo

import groups.models
import joint_defense.models
from config.database import Base
from config.retention import DEFAULT_DAYS, TABLES, Kept
from groups.directory import people
from joint_defense.incidents import privacy


def test_every_table_is_on_the_list_of_what_ends_or_stays_and_the_list_names_no_other() -> None:
    modules = [
        importlib.import_module(each.name)
        for package in (groups.models, joint_defense.models)
        for each in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    ]
    names = {each.__name__ for each in modules}
    kept = {each.class_.__tablename__ for each in Base.registry.mappers if each.class_.__module__ in names}
    assert len(kept) > 50
    assert set(TABLES) == kept
    assert [name for name, why in TABLES.items() if isinstance(why, str) and len(why.split()) < 3] == []


def test_every_period_is_kept_by_somebody_who_deletes_from_a_table_that_it_is_said_of() -> None:
    deleted: dict[str, set[Kept]] = defaultdict(set)
    for due in (*people.make_dues(ZoneInfo("Asia/Shanghai")), *privacy.make_dues()):
        deleted[due.key.class_.__tablename__].add(due.kind)
    said = {name: why for name, why in TABLES.items() if not isinstance(why, str)}
    assert {kind for kinds in said.values() for kind in kinds} == set(Kept) == set(DEFAULT_DAYS)
    # What hangs on a row goes, or is blanked, with it.
    roots = {name: {key.column.table.name for key in Base.metadata.tables[name].foreign_keys} | {name} for name in said}
    ended = {name: set().union(*(deleted[root] for root in roots[name])) for name in said}
    assert {name: kinds - ended[name] for name, kinds in said.items() if kinds - ended[name]} == {}
    assert {
        name: kinds - said.get(name, set()) for name, kinds in deleted.items() if kinds - said.get(name, set())
    } == {}
