"""Uploads: why a list is refused is kept as a code and its values, which need more room than 400 signs.

Texts of an earlier release stay as they are, and are told as they stand (`groups.models.uploads.KeptMessage`).

Revision 0014, after 0013. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.alter_column("reason", existing_type=sa.String(400), type_=sa.Text(), nullable=True)
