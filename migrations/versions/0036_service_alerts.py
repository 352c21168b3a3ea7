"""Service alerts.

Revision 0036, after 0035. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "service_alerts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_on_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_on_by", sa.String(length=80), server_default="", nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("incident_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_service_alerts_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_alerts")),
    )
    with op.batch_alter_table("service_alerts", schema=None) as batch_op:
        batch_op.create_index(
            "uq_service_alerts_open",
            ["kind", "subject"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index("ix_service_alerts_incident_id", ["incident_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_service_alerts_closed_at"), ["closed_at"], unique=False)
    op.create_table(
        "quiet_spans",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiet_spans")),
    )
    with op.batch_alter_table("quiet_spans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quiet_spans_ends_at"), ["ends_at"], unique=False)
