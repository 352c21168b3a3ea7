"""One call of the carrier's is one attempt; an attempt knows the account that it went out from.

Revision 0004, after 0003. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A look-up could take another's call for its own. Who asked for it first keeps it.
    op.execute(
        """
        UPDATE attempts SET sid = NULL
        WHERE sid IS NOT NULL AND EXISTS (
            SELECT 1 FROM attempts AS other
            WHERE other.sid = attempts.sid
              AND (other.delivery_id < attempts.delivery_id
                   OR (other.delivery_id = attempts.delivery_id AND other.number < attempts.number))
        )
        """
    )
    # Without an id nothing more can be asked of them.
    op.execute(
        """
        UPDATE deliveries SET state = 'unreached', failure = 'no_report', owner = NULL
        WHERE state = 'placed' AND EXISTS (
            SELECT 1 FROM attempts
            WHERE attempts.delivery_id = deliveries.id AND attempts.number = deliveries.attempt_count
              AND attempts.sid IS NULL
        )
        """
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("account", sa.String(length=64), server_default="", nullable=False))
        batch_op.alter_column(
            "sender",
            existing_type=sa.String(length=16),
            type_=sa.String(length=40),
            existing_nullable=False,
            existing_server_default="",
        )
        batch_op.drop_index("ix_attempts_sid")
        batch_op.create_index("ix_attempts_sid", ["sid"], unique=True)
