"""Room in an alarm's rows for whatever the roster holds, and what each process says of itself.

Revision 0010, after 0009. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_WIDER: dict[str, tuple[tuple[str, sa.types.TypeEngine[str], sa.types.TypeEngine[str], str | None], ...]] = {
    "alerts": (
        ("household_name", sa.String(80), sa.Text(), None),
        ("household_name_en", sa.String(80), sa.Text(), None),
        ("place", sa.String(200), sa.Text(), None),
        ("place_en", sa.String(200), sa.Text(), None),
    ),
    "deliveries": (
        ("household_name", sa.String(80), sa.Text(), None),
        ("household_name_en", sa.String(80), sa.Text(), ""),
    ),
    "acknowledgements": (
        ("household_name", sa.String(80), sa.Text(), None),
        ("household_name_en", sa.String(80), sa.Text(), ""),
    ),
    "inbound_events": (
        ("carrier_key", sa.String(80), sa.String(255), None),
        ("number", sa.String(32), sa.String(255), None),
    ),
}


def upgrade() -> None:
    for table, columns in _WIDER.items():
        with op.batch_alter_table(table) as altered:
            for name, before, after, default in columns:
                altered.alter_column(
                    name,
                    existing_type=before,
                    type_=after,
                    existing_nullable=False,
                    existing_server_default=default if default is not None else False,
                )
    with op.batch_alter_table("heartbeats") as heartbeats:
        heartbeats.add_column(sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
        heartbeats.add_column(sa.Column("spooled", sa.Integer(), server_default="0", nullable=False))
        heartbeats.add_column(sa.Column("set_aside", sa.Integer(), server_default="0", nullable=False))
