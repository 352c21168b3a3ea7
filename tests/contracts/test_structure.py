"""Structure held by tests: imports, commits, the environment, jobs and queues, settings and their page."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

from config.database import Base
from config.settings import Settings
from groups import directory
from joint_defense.demo.launch import read_procfile
from joint_defense.processes import queues
from joint_defense.rules.states import Role
from joint_defense.rules.timeline import UpdateKind
from joint_defense.web import timeline_words
from tests.contracts.sources import ROOT, modules, name_of

# Where a transaction may begin and end: rooms of webhooks, views, commands, processes, back-ups, and what bulk runs
# (`jobs.py`).
EDGES = re.compile(
    r"app\.py|config/.*|(groups|joint_defense)/(web|webhooks|commands|processes|operations|demo)/.*|.*/(cli|jobs)\.py"
)


def test_imports_go_one_way() -> None:
    command = [Path(sys.executable).parent / "lint-imports"]
    ended = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout


def test_only_the_edges_begin_and_commit() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules()
        if not EDGES.fullmatch(str(path))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and name_of(node.func).endswith((".commit", ".begin", ".rollback"))
    ]
    assert found == []


def test_a_table_brings_along_the_tables_that_it_points_to() -> None:
    """Commands import few modules: a key to a table that none of them has brought fails at the first query."""
    imported = {
        ".".join(path.with_suffix("").parts).removesuffix(".__init__"): {
            brought
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            for brought in (str(node.module), f"{node.module}.{alias.name}")
        }
        for path, tree in modules()
    }

    def brings(module: str, wanted: str, seen: set[str]) -> bool:
        seen.add(module)
        return module == wanted or any(
            brings(each, wanted, seen) for each in imported.get(module, ()) if each not in seen
        )

    home = {str(mapper.class_.__tablename__): mapper.class_.__module__ for mapper in Base.registry.mappers}
    missing = [
        f"{table.name} -> {key.column.table.name}"
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if not brings(home[table.name], home[key.column.table.name], set())
    ]
    assert missing == []


def test_no_migration_knows_the_product() -> None:
    """A step of the schema does tomorrow what it did when it was written."""
    found = [
        f"{path.name}:{node.lineno}"
        for path in sorted((ROOT / "migrations" / "versions").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
        if name.partition(".")[0] in {"app", "config", "groups", "joint_defense"}
    ]
    assert found == []


def test_only_one_place_moves_a_delivery() -> None:
    """The states of a delivery are set by `delivery.plan`: when one is planned, and by its `move`."""
    found = []
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                values, targets = [node.value], [name_of(each) for target in node.targets for each in ast.walk(target)]
                sets = any(each.endswith(".state") for each in targets)
            elif isinstance(node, ast.Call) and name_of(node.func).rpartition(".")[2] in {"", "values", "setattr"}:
                values = [each.value for each in node.keywords if each.arg == "state"]
                sets = bool(values)
            else:
                continue
            named = {name_of(each).partition(".")[0] for value in values for each in ast.walk(value)}
            if sets and "DeliveryState" in named:
                found.append(f"{path}:{node.lineno}")
    assert found == []


def test_the_environment_is_read_in_one_place() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules()
        # The tools run before there is a service, and hand the environment on to pip, uv and apt-get.
        if path != Path("config/settings.py") and not path.is_relative_to("config/tools")
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and name_of(node) in {"os.environ", "os.environb", "os.getenv"})
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and {"environ", "getenv"} & _names(node))
    ]
    assert found == []


def test_what_an_app_keeps_is_asked_for_by_its_type() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules()
        if path != Path("config/services.py")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "extensions"
    ]
    assert found == []


def test_nothing_reads_a_naive_time() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and name_of(node.func) in {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
        and not (node.args or node.keywords)
    ]
    assert found == []


def test_every_job_is_enqueued_by_a_name_that_resolves() -> None:
    jobs = {name: value for name, value in vars(queues).items() if name.endswith("_JOB")}
    assert jobs
    for dotted in jobs.values():
        module, _, function = dotted.rpartition(".")
        assert callable(getattr(importlib.import_module(module), function)), dotted
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name_of(node.func).endswith((".enqueue", ".enqueue_call")):
                assert name_of(node.args[0]).rpartition(".")[2] in jobs, f"{path}:{node.lineno} enqueues no known job"


def test_every_queue_has_one_process_and_every_process_one_queue() -> None:
    served = [
        command[command.index("--queue") + 1] if "--queue" in command else queues.ALARM
        for command in read_procfile().values()
        if "worker" in command
    ]
    assert sorted(served) == sorted({queues.ALARM, queues.BULK})


def test_the_procfile_has_every_process_that_readiness_asks_for() -> None:
    assert set(read_procfile()) == {"release", "web", "worker", "bulk", "clock"}


def test_every_setting_stands_on_the_operators_page() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    assert [name for name in Settings.model_fields if f"`{name.upper()}`" not in page] == []


def _names(node: ast.ImportFrom) -> set[str]:
    return {alias.name for alias in node.names}


def test_every_role_of_the_roster_is_known_to_an_alarm() -> None:
    assert {role.value for role in directory.Role} == {role.value for role in Role} - {Role.CALLER}


def test_every_kind_of_a_line_of_the_timeline_has_words_and_a_drawing() -> None:
    assert set(timeline_words._SENTENCES) == set(UpdateKind)
    assert set(timeline_words._ICONS) | {UpdateKind.ANSWER} == set(UpdateKind)


def test_only_a_test_in_a_browser_may_be_tried_twice() -> None:
    """docs/testing.md says why these; anywhere else a second go would hide what is wrong."""
    paths = [path for folder in ("tests", "Makefile", ".ci") for path in [ROOT / folder, *(ROOT / folder).rglob("*")]]
    second_go = re.compile("--" + "reruns|mark[.]" + "flaky|" + "force" + "-reruns")
    found = [
        path.relative_to(ROOT).as_posix()
        for path in paths
        if path.suffix in {".py", ""} and path.is_file() and second_go.search(path.read_text())
    ]
    assert sorted(found) == ["tests/contracts/test_dependencies.py", "tests/journeys/browser/conftest.py"]
