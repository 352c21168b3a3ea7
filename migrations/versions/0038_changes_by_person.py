"""The record of changes is searched by person.

Revision 0038, after 0037. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_changes_changed_by_id", "changes", ["changed_by", "id"], unique=False)
