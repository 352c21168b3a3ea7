"""Tests by themselves.

Revision 0027, after 0026. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "phone_checks",
        sa.Column(
            "phone_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("village_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rung_on", sa.Date(), nullable=True),
        sa.Column("missed", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("unsure", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("slot", sa.SmallInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("phone_id", name=op.f("pk_phone_checks")),
    )
    with op.batch_alter_table("phone_checks", schema=None) as batch_op:
        batch_op.create_index(
            "ix_phone_checks_planned",
            ["planned_on", "village_id", "slot"],
            unique=False,
            sqlite_where=sa.text("planned_on IS NOT NULL"),
            postgresql_where=sa.text("planned_on IS NOT NULL"),
        )

    op.create_table(
        "upkeep_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("planned", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_upkeep_days")),
    )
