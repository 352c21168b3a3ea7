"""From which day a town that had households before them is asked for half-monthly checks.

Revision 0033, after 0032. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    made = op.create_table(
        "checks_begin",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("begin_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checks_begin")),
    )
    bind = op.get_bind()
    if bind.scalar(sa.text("SELECT 1 FROM residences LIMIT 1")) is None:
        return  # A new town: a village's checks begin with its households.
    checks = sa.table("village_checks", sa.column("due_on", sa.Date()))
    first = bind.scalar(sa.select(sa.func.min(checks.c.due_on)))
    op.bulk_insert(made, [{"id": 1, "begin_on": first or datetime.now(UTC).date()}])
