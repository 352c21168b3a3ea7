"""After the first landing.

Revision 0002, after 0001. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("carrier_lists", schema=None) as batch_op:
        batch_op.add_column(sa.Column("content", sa.LargeBinary(), server_default="", nullable=True))
        batch_op.add_column(sa.Column("layouts", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("length", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("picture", sa.JSON(), nullable=True))

    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.create_index("ix_devices_given_on_id", ["given_on", "id"], unique=False)

    with op.batch_alter_table("households", schema=None) as batch_op:
        batch_op.add_column(sa.Column("initials", sa.String(length=64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("given", sa.String(length=64), server_default="", nullable=False))
        batch_op.drop_index(batch_op.f("ix_households_head"))
        batch_op.create_index(
            "ix_households_door_begins", ["door"], unique=False, postgresql_ops={"door": "varchar_pattern_ops"}
        )
        batch_op.create_index(
            "ix_households_given_begins", ["given"], unique=False, postgresql_ops={"given": "varchar_pattern_ops"}
        )
        batch_op.create_index(
            "ix_households_head_begins", ["head"], unique=False, postgresql_ops={"head": "varchar_pattern_ops"}
        )
        batch_op.create_index(
            "ix_households_initials_begins",
            ["initials"],
            unique=False,
            postgresql_ops={"initials": "varchar_pattern_ops"},
        )
        batch_op.create_index(
            "ix_households_landmark_begins",
            ["landmark"],
            unique=False,
            postgresql_ops={"landmark": "varchar_pattern_ops"},
        )

    with op.batch_alter_table("phones", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ending", sa.String(length=4), server_default="", nullable=False))
        batch_op.create_index(batch_op.f("ix_phones_ending"), ["ending"], unique=False)

    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index("ix_subscriptions_ends_on", ["ends_on"], unique=False)
        batch_op.create_index("ix_subscriptions_starts_on", ["starts_on"], unique=False)
