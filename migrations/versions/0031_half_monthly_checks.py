"""Half-monthly checks.

Revision 0031, after 0030. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "village_checks",
        sa.Column("id", big, nullable=False),
        sa.Column("village_id", big, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_by", sa.String(length=80), nullable=False),
        sa.Column("stood_open", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_village_checks")),
        sa.UniqueConstraint("village_id", "due_on", name=op.f("uq_village_checks_village_id_due_on")),
    )
    op.create_index("ix_village_checks_due_on", "village_checks", ["due_on"])
    op.create_table(
        "village_check_texts",
        sa.Column("id", big, nullable=False),
        sa.Column("village_id", big, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.Column("incident_id", big, nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_village_check_texts_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_village_check_texts")),
        sa.UniqueConstraint(
            "village_id", "due_on", "told_on", name=op.f("uq_village_check_texts_village_id_due_on_told_on")
        ),
    )
    op.create_index("ix_village_check_texts_told_on", "village_check_texts", ["told_on"])
    op.create_index("ix_village_check_texts_incident_id", "village_check_texts", ["incident_id"])
