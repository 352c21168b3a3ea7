"""Devices are tested: the line of each, its monthly test, a press that is about to be raised, a silent one's task.

Revision 0037, after 0036. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("closed_at IS NULL")
PENDING = sa.text("raise_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("devices", sa.Column("phone_id", ID, nullable=True))
    op.create_index("ix_devices_phone_id", "devices", ["phone_id"], unique=False)
    op.create_table(
        "device_tests",
        sa.Column("id", ID, nullable=False),
        sa.Column("device_id", ID, nullable=False),
        sa.Column("phone_id", ID, nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pressed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_device_tests_device_id")),
        sa.ForeignKeyConstraint(["phone_id"], ["phones.id"], name=op.f("fk_device_tests_phone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_tests")),
    )
    with op.batch_alter_table("device_tests", schema=None) as batch_op:
        batch_op.create_index(
            "uq_device_tests_open", ["device_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
        )
        batch_op.create_index("ix_device_tests_device_id_asked_on", ["device_id", "asked_on"], unique=False)
        batch_op.create_index("ix_device_tests_phone_id", ["phone_id"], unique=False)
    op.create_table(
        "device_presses",
        sa.Column("id", ID, nullable=False),
        sa.Column("test_id", ID, nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("line_account", sa.String(length=64), nullable=False),
        sa.Column("pressed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raise_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_presses")),
        sa.UniqueConstraint("call_sid", name=op.f("uq_device_presses_call_sid")),
    )
    with op.batch_alter_table("device_presses", schema=None) as batch_op:
        batch_op.create_index(
            "ix_device_presses_raise_at", ["raise_at"], unique=False, sqlite_where=PENDING, postgresql_where=PENDING
        )
    op.add_column("phone_tasks", sa.Column("device_id", ID, server_default="0", nullable=False))
    op.drop_index("uq_phone_tasks_open", "phone_tasks")
    # It allows more than the one before: a release that knows no devices writes 0, and finds what it counts on.
    op.execute("CREATE UNIQUE INDEX uq_phone_tasks_open ON phone_tasks (phone_id, device_id) WHERE closed_at IS NULL")
