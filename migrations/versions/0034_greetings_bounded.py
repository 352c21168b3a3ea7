"""Greetings bounded.

Revision 0034, after 0033. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("not_after", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("by_others", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("greetings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unasked_on", sa.Date(), nullable=True))
