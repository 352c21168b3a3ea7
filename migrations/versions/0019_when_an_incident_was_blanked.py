"""When an incident was blanked.

Revision 0019, after 0018. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("blanked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            "ix_incidents_to_blank",
            ["closed_at"],
            unique=False,
            sqlite_where=sa.text("blanked_at IS NULL"),
            postgresql_where=sa.text("blanked_at IS NULL"),
        )
