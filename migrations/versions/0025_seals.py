"""Seals over who issued a report and who settled a month, and when.

Revision 0025, after 0024. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What was kept before has none: a seal made now would vouch for what nobody has looked at.
    for table in ("issued_reports", "settled_months"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("seal", sa.String(length=64), server_default="", nullable=False))
