"""The lists of release 0.1 after the upgrade: what was written stays, what was under way is told and can go on."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

import sqlalchemy as sa

from groups.enrolment.carrier_lists.preview import rebuild_rows
from groups.errors.words import write_both
from groups.models.uploads import Upload, UploadKind, UploadState
from groups.uploads.uploads import KeptRows
from tests.contracts.conftest import Upgrade

MOMENT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
HOUSEHOLD = [7, 1, "墙下陶村", "3组", "3-1", "王建国", ["+8613900001000"]]
PICTURE = {
    "counts": {"error": 1, "doubtful": 1},
    "to_write": 1,
    "rows": [
        {
            "row": ["Sheet1", 4, ["139", "没有人", "别的村1-1", "平安联防", "2026-03-04", ""]],
            "read": ["", "没有人"],
            "verdict": "error",
            "household": None,
            "candidates": [],
            "findings": [["unknown_household", "名册中没有这户 nobody in the roster", None]],
        },
        {
            "row": ["Sheet1", 5, ["", "王建国", "", "平安联防", "2026-03-04", ""]],
            "read": ["", "王建国"],
            "verdict": "doubtful",
            "household": None,
            "candidates": [HOUSEHOLD],
            "findings": [],
        },
    ],
}
LAYOUTS = [
    {
        "sheet": "Sheet1",
        "at": 0,
        "columns": [
            {"index": 0, "heading": "号码", "samples": ["139"], "holds": "number"},
            {"index": 1, "heading": "甲", "samples": [], "holds": None},
        ],
    }
]


def _fill(connection: sa.Connection) -> None:
    """Lists in every state."""
    metadata = sa.MetaData()
    metadata.reflect(connection, only=["accounts", "villages", "carrier_lists", "roster_uploads"])
    tables = metadata.tables
    moment: Any = MOMENT.replace(tzinfo=None) if connection.dialect.name == "sqlite" else MOMENT
    connection.execute(tables["villages"].insert(), _row(tables["villages"], id=1, code="QX", name="墙下陶村"))
    account = _row(tables["accounts"], id=1, name="head", role="village_head", village_id=1, created_at=moment)
    connection.execute(tables["accounts"].insert(), account)
    carrier = {
        "file_name": "三月.csv",
        "brought_at": moment,
        "brought_by": "liaison",
        "content": b"x,y",
        "layouts": LAYOUTS,
        "rows": [],
        "length": 2,
        "decisions": {"Sheet1!5": 7},
        "picture": PICTURE,
        "outcome": {},
    }
    former: tuple[tuple[int, dict[str, Any]], ...] = (
        (3, {"written_at": moment, "asked_at": moment, "batch": "b", "outcome": {"error": 1, "doubtful": 1, "new": 5}}),
        (5, {"looked_at": moment}),
        (6, {"asked_at": moment, "asked_by": "liaison"}),
        (8, {"content": b"", "layouts": None, "picture": None}),
    )
    for number, given in former:
        connection.execute(tables["carrier_lists"].insert(), {"id": number} | carrier | given)
    for number, state in enumerate(("reading", "columns", "ready", "refused", "writing", "written", "broken"), 1):
        row = _row(
            tables["roster_uploads"],
            key=state,
            account_id=1,
            village_id=1,
            name="名单.csv",
            content=b"" if state == "written" else "户主,电话\n王一,13900001000\n".encode(),
            complete=number % 2 == 0,
            columns=[[0, 1, "mobile"]],
            state=state,
            reason="不是表格 not a workbook" if state == "refused" else "",
            layouts=[{"sheets": [0], "names": [""], "columns": []}],
            summary={"households": {"new": 150}} if state in {"ready", "written"} else {},
            preview=_packed(150) if state in {"ready", "written"} else b"",
            **dict.fromkeys(("asked_at", "created_at", "expires_at"), moment),
        )
        connection.execute(tables["roster_uploads"].insert(), row)


def _row(table: sa.Table, **values: Any) -> dict[str, Any]:
    """The values, and something for every other column that must not be empty."""
    plain: dict[type, Any] = {str: "", bytes: b"", int: 0, bool: False}
    for column in table.c:
        if not column.nullable and column.server_default is None and column.name != "id":
            values.setdefault(column.name, plain.get(column.type.python_type, MOMENT.replace(tzinfo=None)))
    return values


def _packed(many: int) -> bytes:
    """Rows as release 0.1 packed them: the index's length, the index, and pieces of a hundred."""
    rows = [
        {"row": at, "sheet": "", "verdict": "new", "change": "new", "household": f"王{at}", "findings": []}
        for at in range(many)
    ]
    pieces = [zlib.compress(json.dumps(rows[start : start + 100]).encode(), 3) for start in range(0, many, 100)]
    ends = list(accumulate(len(piece) for piece in pieces))
    index = zlib.compress(json.dumps({"kinds": [["new", "new"]], "of": [0] * many, "ends": ends}).encode(), 3)
    return b"".join([len(index).to_bytes(4, "big"), index, *pieces])


def test_a_list_of_before_is_where_it_was_and_none_is_taken_for_what_it_is_not(upgrade: Upgrade) -> None:
    database = upgrade(_fill)
    with database.begin() as session:
        found = {(each.kind, each.id if each.kind is UploadKind.CARRIER else each.key): each for each in _all(session)}
        states = {key: each.state for (_, key), each in found.items()}
        assert states == {
            3: UploadState.WRITTEN,
            5: UploadState.READING,
            6: UploadState.BROKEN,
            8: UploadState.REFUSED,
            "reading": UploadState.READING,
            "columns": UploadState.READING,
            "ready": UploadState.READING,
            "refused": UploadState.REFUSED,
            "writing": UploadState.BROKEN,
            "written": UploadState.WRITTEN,
            "broken": UploadState.BROKEN,
        }
        written = found[UploadKind.CARRIER, 3]
        assert (written.summary["counts"]["new"], written.content, written.created_at) == (5, b"", MOMENT)
        error, doubtful = rebuild_rows(row.data for row in KeptRows(3).page(session))
        assert (error.entry.row.number, error.findings[0].reason) == (4, "unknown_household")
        assert doubtful.candidates[0].label == "墙下陶村 3组 3-1 王建国"
        open_still = found[UploadKind.CARRIER, 5]
        assert (open_still.columns, open_still.decisions) == ([[0, 0, "number"], [0, 1, ""]], {"Sheet1!5": 7})
        refused = found[UploadKind.CARRIER, 8].reason
        assert refused is not None
        assert "load it again" in write_both(refused), "a text of before is told as it stands"
        roster = found[UploadKind.ROSTER, "written"]
        assert (roster.length, roster.summary["households"]["new"]) == (150, 150)
        assert [row.data["household"] for row in KeptRows(roster.id).page(session, 99, 2)] == ["王99", "王100"]
        assert found[UploadKind.ROSTER, "ready"].options == {"complete": False}
        made = Upload(key="next", kind=UploadKind.CARRIER, brought_by="", name="", content=b"", asked_at=MOMENT)
        made.created_at = MOMENT
        session.add(made)
        session.flush()
        assert made.id > max(each.id for each in found.values())


def _all(session: Any) -> list[Upload]:
    return list(session.scalars(sa.select(Upload).options(sa.orm.undefer(Upload.content))))
