<%!
    import re

    def plain(operations):
        """The operations without Alembic's own remarks around them."""
        return re.sub(r"\s*# ###.*", "", operations or "").strip() or "pass"
%>"""${message[0].upper() + message[1:]}.

Revision ${up_revision}${f", after {down_revision}" if down_revision else ", the first"}. There is no way back: a mistake is mended by the next one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${plain(upgrades)}
