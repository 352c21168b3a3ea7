"""A good morning is changed without an end: what it was before, so that a change can be taken back. And the presses of
the last days are found by their time: they prove the line they came from.

Revision 0039, after 0038. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

PRESSED = sa.text("pressed_at IS NOT NULL")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "greeting_changes",
        sa.Column("id", ID, nullable=False),
        sa.Column("greeting_id", ID, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("minute", sa.SmallInteger(), nullable=False),
        sa.Column("contact_name", sa.String(length=40), nullable=False),
        sa.Column("contact_number", sa.String(length=16), nullable=False),
        sa.Column("contact_texts", sa.Boolean(), nullable=False),
        sa.Column("alarms", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["greeting_id"], ["greetings.id"], name=op.f("fk_greeting_changes_greeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_greeting_changes")),
    )
    with op.batch_alter_table("greeting_changes", schema=None) as batch_op:
        batch_op.create_index("ix_greeting_changes_greeting_id_id", ["greeting_id", "id"], unique=False)
    op.create_index(
        "ix_device_tests_pressed_at", "device_tests", ["pressed_at"], sqlite_where=PRESSED, postgresql_where=PRESSED
    )
