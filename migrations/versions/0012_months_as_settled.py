"""A month's bill is kept as it was settled.

Revision 0012, after 0011. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "settled_months",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_settled_months")),
    )
    op.create_table(
        "settled_lines",
        sa.Column("id", _ID, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("of_month", sa.Date(), nullable=False),
        sa.Column("village_id", _ID, nullable=False),
        sa.Column("village", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.String(length=32), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("unpriced", sa.Integer(), nullable=False),
        sa.Column("village_fen", sa.BigInteger(), nullable=False),
        sa.Column("carrier_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["month"], ["settled_months.month"], name=op.f("fk_settled_lines_month")),
        sa.ForeignKeyConstraint(["village_id"], ["villages.id"], name=op.f("fk_settled_lines_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settled_lines")),
        sa.UniqueConstraint(
            "month", "of_month", "village_id", "plan", name=op.f("uq_settled_lines_month_of_month_village_id_plan")
        ),
    )
