"""Words passed on: a delivery names the last line of the timeline that it holds.

Revision 0005, after 0004. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KEY = ("incident_id", "number", "channel", "purpose", "round", "step", "alert_id", "milestone", "line_id")


def upgrade() -> None:
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="0", nullable=False
            )
        )
        batch_op.drop_constraint("uq_deliveries_once", type_="unique")
        batch_op.create_unique_constraint("uq_deliveries_once", list(_KEY))
