"""Responders have an id of their own, and the English names of whoever is called have a column.

A responder, who lives in no household, was a household and a phone with a negative id; the English name was parsed
back out of the Chinese one, here for the last time.

Revision 0008, after 0007. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from groups.rules import names

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DUTY_PHONE = "值班"
_TEAMS = {"治保": "security", "巡防": "patrol", "企事业保卫": "guards", "志愿者": "volunteers"}


def upgrade() -> None:
    for table in ("deliveries", "acknowledgements"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("responder_id", _BIG_ID, nullable=True))
            batch_op.add_column(sa.Column("household_name_en", sa.String(length=80), server_default="", nullable=False))
            batch_op.alter_column("household_id", existing_type=_BIG_ID, nullable=True)
            if table == "deliveries":
                batch_op.alter_column("phone_id", existing_type=_BIG_ID, nullable=True)
    with op.batch_alter_table("inbound_events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("responder_id", _BIG_ID, nullable=True))
    _name_in_english()
    for statement in (
        "UPDATE deliveries SET household_name_en = coalesce((SELECT english FROM english_names"
        " WHERE chinese = household_name AND of_responder = (household_id < 0)), '')",
        "UPDATE acknowledgements SET household_name_en = coalesce((SELECT english FROM english_names"
        " WHERE chinese = household_name AND of_responder = (household_id < 0)), '')",
        "DROP TABLE english_names",
        "UPDATE deliveries SET responder_id = -household_id, household_id = NULL, phone_id = NULL"
        " WHERE household_id < 0",
        "UPDATE acknowledgements SET responder_id = -household_id, household_id = NULL WHERE household_id < 0",
        "UPDATE inbound_events SET responder_id = -household_id, household_id = NULL WHERE household_id < 0",
    ):
        op.execute(statement)


def _name_in_english() -> None:
    """Put every name that was called down beside its English one; years of alarms have few names and many rows."""
    names_of = op.create_table(
        "english_names",
        sa.Column("chinese", sa.String(80), primary_key=True),
        sa.Column("of_responder", sa.Boolean, primary_key=True),
        sa.Column("english", sa.String(80), nullable=False),
        prefixes=["TEMPORARY"],
    )
    called = sa.union(
        *(
            sa.select(sa.column("household_name", sa.String), sa.column("household_id", sa.BigInteger) < 0)
            .select_from(sa.table(table))
            .distinct()
            for table in ("deliveries", "acknowledgements")
        )
    )
    for name, of_responder in op.get_bind().execute(called).all():
        english = _responder(name) if of_responder else _household(name)
        row = {"chinese": name, "of_responder": bool(of_responder), "english": english[:80]}
        op.execute(sa.insert(names_of).values(row))


def _household(name: str) -> str:
    return names.household_name_en(name.removesuffix("家"))


def _responder(name: str) -> str:
    if _DUTY_PHONE in name:
        return f"the duty phone of {names.romanised_name(name.partition(_DUTY_PHONE)[0])}".removesuffix(" of ")
    for chinese, english in _TEAMS.items():
        person = name.removeprefix(chinese)
        if person and person != name:
            return f"{names.romanised_name(person)} ({english})"
    return name
