"""Proofs of tests.

Revision 0030, after 0029. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("phone_checks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proven_on", sa.Date(), nullable=True))
        batch_op.create_index("ix_phone_checks_village_id", ["village_id"], unique=False)
