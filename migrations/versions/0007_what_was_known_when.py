"""What was known when: proofs say since when they are known.

Revision 0007, after 0006. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("reach_proofs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("noted_at", sa.DateTime(timezone=True), nullable=True))
