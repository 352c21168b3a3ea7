"""One way for every list: rosters and carrier's lists share a table, their rows stand in another.

Revision 0009, after 0008. There is no way back: a mistake is mended by the next one.

What is written stays as it was. A list that waits for somebody to confirm it is looked through again when its page is
asked for; one that was being written is broken off, and can be tried again; a carrier's list of which no file was kept
has to be brought again, and says so. A carrier's list keeps its number.
"""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_AT_ONCE = 1000
_GONE = "没有保留这份名单的文件，请重新导入 its file was not kept: load it again"


def upgrade() -> None:
    uploads, rows = _new_tables()
    database = op.get_bind()
    for kept in _each(database, _CARRIER):
        database.execute(uploads.insert(), _carrier_upload(kept))
        if kept["written_at"] is not None:
            _put(database, rows, kept["id"], [_carrier_row(each) for each in (kept["picture"] or {}).get("rows", ())])
    if database.dialect.name == "postgresql":
        last = sa.select(sa.func.coalesce(sa.func.max(uploads.c.id), 0) + 1).scalar_subquery()
        database.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence("uploads", "id"), last, False)))
    for kept in _each(database, _ROSTER):
        made = database.execute(uploads.insert().returning(uploads.c.id), _roster_upload(kept)).scalar_one()
        if kept["state"] == "written":
            _put(database, rows, made, [_roster_row(each) for each in _unpacked(kept["preview"] or b"")])
    op.drop_table("roster_uploads")
    op.drop_table("carrier_lists")


def _each(database: sa.Connection, table: sa.TableClause) -> Iterator[dict[str, Any]]:
    """The rows one by one: each may hold 10 MB."""
    for number in database.scalars(sa.select(table.c.id).order_by(table.c.id)).all():
        yield dict(database.execute(sa.select(table).where(table.c.id == number)).mappings().one())


def _new_tables() -> tuple[sa.Table, sa.Table]:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    uploads = op.create_table(
        "uploads",
        sa.Column("id", number, nullable=False),
        sa.Column("key", sa.String(length=43), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("account_id", number, nullable=True),
        sa.Column("village_id", number, nullable=True),
        sa.Column("brought_by", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("decisions", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.String(length=64), nullable=False),
        sa.Column("confirmed_account_id", number, nullable=True),
        sa.Column("once_more", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("changed_meanwhile", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("layouts", sa.JSON(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("batch", sa.String(length=36), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_uploads_account_id")),
        sa.ForeignKeyConstraint(
            ["confirmed_account_id"], ["accounts.id"], name=op.f("fk_uploads_confirmed_account_id")
        ),
        sa.ForeignKeyConstraint(["village_id"], ["villages.id"], name=op.f("fk_uploads_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("key", name=op.f("uq_uploads_key")),
    )
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_uploads_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_uploads_expires_at"), ["expires_at"], unique=False)
    rows = op.create_table(
        "upload_rows",
        sa.Column("upload_id", number, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("change", sa.String(length=20), nullable=False),
        sa.Column("noted", sa.Boolean(), nullable=False),
        sa.Column("decided", sa.Boolean(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name=op.f("fk_upload_rows_upload_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", "place", name=op.f("pk_upload_rows")),
    )
    return uploads, rows


_MOMENT = sa.DateTime(timezone=True)
_CARRIER = sa.table(
    "carrier_lists",
    *(sa.column(name) for name in ("id", "file_name", "brought_by", "content", "asked_by", "batch")),
    *(sa.column(name, sa.JSON()) for name in ("layouts", "decisions", "picture", "outcome")),
    *(sa.column(name, _MOMENT) for name in ("brought_at", "asked_at", "written_at")),
)
_ROSTER = sa.table(
    "roster_uploads",
    *(sa.column(name) for name in ("id", "key", "account_id", "village_id", "name", "content", "state", "reason")),
    *(sa.column(name) for name in ("preview", "batch", "digest")),
    *(sa.column(name, sa.Boolean()) for name in ("complete", "undone")),
    *(sa.column(name, sa.JSON()) for name in ("columns", "layouts", "summary")),
    *(sa.column(name, _MOMENT) for name in ("created_at", "expires_at")),
)
_ANEW: Mapping[str, Any] = {
    "progress": 0,
    "taken_at": None,
    "confirmed_by": "",
    "confirmed_account_id": None,
    "once_more": False,
    "reason": "",
    "changed_meanwhile": False,
    "digest": "",
    "layouts": [],
    "length": 0,
    "summary": {},
    "undone": False,
    "decisions": {},
    "written_at": None,
}


def _carrier_upload(kept: Mapping[str, Any]) -> dict[str, Any]:
    content, written = kept["content"] or b"", kept["written_at"] is not None
    lost = not written and not content
    state = "written" if written else "refused" if lost else "broken" if kept["asked_at"] is not None else "reading"
    shown = [
        {"sheets": [place], "names": [layout["sheet"]], "columns": [_column(each) for each in layout["columns"]]}
        for place, layout in enumerate(kept["layouts"] or ())
    ]
    said = [[place, each["index"], each["field"]] for place, layout in enumerate(shown) for each in layout["columns"]]
    picture = kept["picture"] or {}
    return {
        **_ANEW,
        "id": kept["id"],
        "key": secrets.token_urlsafe(32),
        "kind": "carrier",
        "account_id": None,
        "village_id": None,
        "brought_by": kept["brought_by"],
        "name": kept["file_name"],
        "content": b"" if written else content,
        "options": {},
        "columns": said,
        "layouts": shown,
        "decisions": kept["decisions"] or {},
        "state": state,
        "asked_at": kept["asked_at"] or kept["brought_at"],
        "confirmed_by": kept["asked_by"] if written else "",
        "reason": _GONE if lost else "",
        "length": len(picture.get("rows", ())) if written else 0,
        "summary": {"counts": kept["outcome"] or {}, "to_write": 0} if written else {},
        "batch": kept["batch"],
        "created_at": kept["brought_at"],
        "written_at": kept["written_at"],
        "expires_at": None,
    }


def _column(each: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "index": each["index"],
        "heading": each["heading"],
        "field": each["holds"] or "",
        "samples": list(each["samples"]),
    }


def _carrier_row(kept: Mapping[str, Any]) -> dict[str, Any]:
    sheet, number, texts = kept["row"]
    billed, name = kept["read"]
    entry = {
        "row": {"sheet": sheet, "number": number, "texts": texts},
        "number": billed,
        "name": name,
        "address": texts[2],
        "plan": texts[3],
        "starts_on": "1990-01-01",
        "ends_on": None,
        "errors": [],
        "warnings": [],
    }
    data = {
        "entry": entry,
        "verdict": kept["verdict"],
        "household": _household(kept["household"]) if kept["household"] else None,
        "candidates": [_household(each) for each in kept["candidates"]],
        "findings": [dict(zip(("reason", "message", "value"), each, strict=True)) for each in kept["findings"]],
    }
    noted = bool(kept["findings"])
    return {"verdict": kept["verdict"], "change": "", "noted": noted, "decided": False, "data": data}


def _household(kept: Sequence[Any]) -> dict[str, Any]:
    names = ("id", "village_id", "village", "group", "door", "head", "numbers")
    return dict(zip(names, kept, strict=True)) | {"people": []}


def _roster_upload(kept: Mapping[str, Any]) -> dict[str, Any]:
    state = kept["state"]
    is_over = state in {"written", "refused"}
    return {
        **_ANEW,
        **{name: kept[name] for name in ("key", "account_id", "village_id", "name", "columns", "reason", "undone")},
        "kind": "roster",
        "brought_by": "",
        "content": kept["content"] or b"",
        "options": {"complete": kept["complete"]},
        "state": state if is_over else "broken" if state in {"writing", "broken"} else "reading",
        "asked_at": kept["created_at"],
        "layouts": kept["layouts"] if is_over else [],
        "length": len(_unpacked(kept["preview"] or b"")) if state == "written" else 0,
        "summary": kept["summary"] if is_over else {},
        "digest": kept["digest"] if is_over else "",
        "batch": kept["batch"],
        "created_at": kept["created_at"],
        "written_at": kept["created_at"] if state == "written" else None,
        "expires_at": kept["expires_at"],
    }


def _unpacked(kept: bytes) -> list[dict[str, Any]]:
    """The rows of a preview as release 0.1 kept them: the index's length, the index, pieces of a hundred rows."""
    if not kept:
        return []
    start = 4 + int.from_bytes(kept[:4], "big")
    ends: list[int] = json.loads(zlib.decompress(kept[4:start]))["ends"]
    pieces = [kept[start + begin : start + end] for begin, end in zip([0, *ends], ends, strict=False)]
    return [row for piece in pieces for row in json.loads(zlib.decompress(piece))]


def _roster_row(kept: dict[str, Any]) -> dict[str, Any]:
    of = {"verdict": kept["verdict"], "change": kept["change"], "noted": bool(kept["findings"]), "decided": False}
    return of | {"data": kept}


def _put(database: sa.Connection, rows: sa.Table, upload_id: int, seen: Sequence[dict[str, Any]]) -> None:
    placed = [{"upload_id": upload_id, "place": place, **row} for place, row in enumerate(seen)]
    for start in range(0, len(placed), _AT_ONCE):
        database.execute(rows.insert(), placed[start : start + _AT_ONCE])
