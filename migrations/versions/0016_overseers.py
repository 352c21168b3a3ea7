"""Overseers: texts with a link, whom a village has told, and accounts' phones that want no texts.

Revision 0016, after 0015. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "overseer_choices",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("village_id", BIG_ID, nullable=True),
        sa.Column("kinds", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overseer_choices")),
    )
    op.create_index("ix_overseer_choices_village_id_id", "overseer_choices", ["village_id", "id"])
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("with_link", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("account_id", BIG_ID, nullable=True))
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("text_refused_code", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("text_refused_at", sa.DateTime(timezone=True), nullable=True))
