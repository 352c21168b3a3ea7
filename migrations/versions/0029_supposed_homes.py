"""Homes that nobody noted, but that a subscription made necessary, are told apart from the others.

Revision 0029, after 0028. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_HOMES = sa.table(
    "residences",
    sa.column("id", sa.BigInteger()),
    sa.column("group_id", sa.BigInteger()),
    sa.column("grid_id", sa.BigInteger()),
    sa.column("starts_on", sa.Date()),
    sa.column("supposed", sa.Boolean()),
)
_CHANGES = sa.table(
    "changes",
    sa.column("id", sa.BigInteger()),
    sa.column("table", sa.String()),
    sa.column("row_id", sa.BigInteger()),
    sa.column("changed_on", sa.Date()),
    sa.column("before", sa.JSON(none_as_null=True)),
)
_PAID = sa.table("subscriptions", sa.column("id", sa.BigInteger()))
_SEQUENCE = sa.table("sqlite_sequence", sa.column("name", sa.String()), sa.column("seq", sa.BigInteger()))
_AT_ONCE = 500


def upgrade() -> None:
    with op.batch_alter_table("residences", schema=None, table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.add_column(sa.Column("supposed", sa.Boolean(), server_default=sa.false(), nullable=False))
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        _keep_ids_for_good()
    supposed = _find_supposed(connection)
    for start in range(0, len(supposed), _AT_ONCE):
        some = _HOMES.c.id.in_(supposed[start : start + _AT_ONCE])
        connection.execute(sa.update(_HOMES).where(some).values(supposed=True))


def _keep_ids_for_good() -> None:
    """Not even one of a row that was taken out: the record of changes knows rows by their ids.

    An earlier migration had made the subscriptions anew without this.
    """
    with op.batch_alter_table("subscriptions", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
        pass
    op.execute("DELETE FROM sqlite_sequence WHERE name IN ('residences', 'subscriptions')")
    for table in (_HOMES, _PAID):
        named = sa.select(sa.func.max(_CHANGES.c.row_id)).where(_CHANGES.c.table == table.name).scalar_subquery()
        given = sa.select(sa.func.max(table.c.id)).scalar_subquery()
        last = sa.func.max(sa.func.coalesce(named, 0), sa.func.coalesce(given, 0))
        op.execute(sa.insert(_SEQUENCE).from_select(["name", "seq"], sa.select(sa.literal(table.name), last)))


def _find_supposed(connection: sa.Connection) -> list[int]:
    """The homes in no group that the record first tells of on a later day than that from which they hold."""
    first = (
        sa.select(sa.func.min(_CHANGES.c.id).label("id"))
        .where(_CHANGES.c.table == "residences")
        .group_by(_CHANGES.c.row_id)
        .subquery()
    )
    rows = connection.execute(
        sa.select(_HOMES.c.id, _HOMES.c.starts_on, _CHANGES.c.changed_on, _CHANGES.c.before)
        .join(_CHANGES, _CHANGES.c.row_id == _HOMES.c.id)
        .join(first, first.c.id == _CHANGES.c.id)
        .where(_HOMES.c.group_id.is_(None), _HOMES.c.grid_id.is_(None))
    )
    return [number for number, starts_on, changed_on, before in rows if before is None and changed_on > starts_on]
