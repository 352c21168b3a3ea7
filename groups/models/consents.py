"""The texts that households agree to when they sign up: each version as it was, for as long as somebody's consent to it
is kept.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base


class ConsentText(Base):
    """A version of the text. Versions count from 1 and stay; the newest is what people agree to from then on."""

    __tablename__ = "consent_texts"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(64))
