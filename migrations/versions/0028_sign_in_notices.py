"""Sign in notices.

Revision 0028, after 0027. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_notices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("browser", sa.String(length=64), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sign_in_notices_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_notices")),
    )
    # Sealed it is longer, by how much age decides.
    with op.batch_alter_table("second_factors", schema=None) as batch_op:
        batch_op.alter_column("secret", existing_type=sa.String(length=400), type_=sa.Text(), existing_nullable=False)
