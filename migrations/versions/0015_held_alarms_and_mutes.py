"""Incidents: until when only the leaders are called, and the key that has all called. Mutes of numbers.

Revision 0015, after 0014. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("held_until", moment, nullable=True))
        batch_op.add_column(sa.Column("release_key", sa.String(length=1), server_default="", nullable=False))
        batch_op.create_index(
            "ix_incidents_held_until",
            ["held_until"],
            sqlite_where=sa.text("held_until IS NOT NULL"),
            postgresql_where=sa.text("held_until IS NOT NULL"),
        )
    op.create_table(
        "mutes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("household_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("muted_at", moment, nullable=False),
        sa.Column("muted_by", sa.String(length=80), nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.Column("lifted_at", moment, nullable=True),
        sa.Column("lifted_by", sa.String(length=80), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mutes")),
    )
    op.create_index("ix_mutes_number_until", "mutes", ["number", "until"])
