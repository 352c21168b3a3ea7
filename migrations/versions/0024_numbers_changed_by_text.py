"""Numbers changed by text.

Revision 0024, after 0023. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "number_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("phone_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("household_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("new_number", sa.String(length=16), nullable=False),
        sa.Column("is_mobile", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("calls", sa.SmallInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("incident_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_number_changes_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_changes")),
    )
    with op.batch_alter_table("number_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_number_changes_household_id"), ["household_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_number_changes_incident_id"), ["incident_id"], unique=False)
        batch_op.create_index(
            "ix_number_changes_open",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_number_changes_phone_id"), ["phone_id"], unique=False)
