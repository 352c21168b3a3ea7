"""Numbers to mend.

Revision 0022, after 0021. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_SUSPECT = "archived_at IS NULL AND (failures >= 2 OR call_refused_code IS NOT NULL OR text_refused_code IS NOT NULL)"


def upgrade() -> None:
    op.create_table(
        "holidays",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_holidays")),
    )
    op.create_table(
        "phone_tasks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("village_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("household_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("phone_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("closed_by", sa.String(length=80), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_tasks")),
    )
    with op.batch_alter_table("phone_tasks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_phone_tasks_household_id"), ["household_id"], unique=False)
        batch_op.create_index(
            "ix_phone_tasks_next_at",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index("ix_phone_tasks_village_id_closed_at", ["village_id", "closed_at"], unique=False)
        batch_op.create_index(
            "uq_phone_tasks_open",
            ["phone_id"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "upkeep_hours",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("village_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("spans", sa.String(length=64), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upkeep_hours")),
    )
    with op.batch_alter_table("upkeep_hours", schema=None) as batch_op:
        batch_op.create_index("ix_upkeep_hours_village_id_id", ["village_id", "id"], unique=False)

    op.create_table(
        "task_texts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("task_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("texted_on", sa.Date(), nullable=False),
        sa.Column("incident_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_task_texts_incident_id")),
        sa.ForeignKeyConstraint(["task_id"], ["phone_tasks.id"], name=op.f("fk_task_texts_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_texts")),
        sa.UniqueConstraint("task_id", "stage", "texted_on", name=op.f("uq_task_texts_task_id_stage_texted_on")),
    )
    with op.batch_alter_table("task_texts", schema=None) as batch_op:
        batch_op.create_index("ix_task_texts_incident_id", ["incident_id"], unique=False)

    with op.batch_alter_table("phones", schema=None) as batch_op:
        batch_op.create_index(
            "ix_phones_suspect",
            ["id"],
            unique=False,
            sqlite_where=sa.text(_SUSPECT),
            postgresql_where=sa.text(_SUSPECT),
        )
