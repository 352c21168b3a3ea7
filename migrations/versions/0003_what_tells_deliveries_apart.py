"""Deliveries: what tells them apart has columns of its own.

`occasion` was one number with six meanings: the round of a redial, how often somebody had a phone rung again, 1000
and the step of escalation, the alert of a second voice, a milestone of the news, 2000 and the step that it is about.

Revision 0003, after 0002. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OLD_KEY = "uq_deliveries_incident_id_number_channel_purpose_occasion"
_NEW_KEY = ("incident_id", "number", "channel", "purpose", "round", "step", "alert_id", "milestone")


def upgrade() -> None:
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("round", sa.SmallInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("step", sa.SmallInteger(), server_default="0", nullable=False))
        batch_op.add_column(
            sa.Column(
                "alert_id",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                server_default="0",
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("milestone", sa.String(length=20), server_default="none", nullable=False))
    for statement in (
        "UPDATE deliveries SET round = occasion WHERE purpose = 'redial'",
        "UPDATE deliveries SET round = occasion WHERE purpose IN ('alarm', 'widening') AND occasion < 1000",
        "UPDATE deliveries SET step = occasion - 1000 WHERE purpose IN ('alarm', 'widening') AND occasion >= 1000",
        "UPDATE deliveries SET alert_id = occasion WHERE purpose = 'second_voice'",
        "UPDATE deliveries SET step = occasion - 2000 WHERE purpose = 'news' AND occasion >= 2000",
        "UPDATE deliveries SET milestone = CASE occasion WHEN 1 THEN 'first' WHEN 3 THEN 'third' WHEN 1000 THEN 'last'"
        " WHEN 1060 THEN 'nobody' ELSE 'step' END WHERE purpose = 'news'",
    ):
        op.execute(statement)
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_constraint(_OLD_KEY, type_="unique")
        batch_op.drop_column("occasion")
        batch_op.create_unique_constraint("uq_deliveries_once", list(_NEW_KEY))
