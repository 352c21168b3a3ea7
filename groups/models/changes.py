"""The record of changes: every row of the roster and of the enrolment as it was and as it became."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base, BigId, store_as_value
from groups.models.accounts import Account
from groups.models.roster import Group, Household, Village

ERASED = "已删除"
"""Stands in the place of what was erased: a name, a door, a number in the record of changes."""


class Source(StrEnum):
    """From where somebody changed something."""

    PAGE = "page"
    IMPORT = "import"
    COMMAND = "command"
    UNDO = "undo"
    TEXT = "text"
    """By a text from a phone that may."""
    SYSTEM = "system"
    """Nobody in person: what follows from something else, on a day that was set."""


class Action(StrEnum):
    """What was done in one batch, by the trade's verb. Its words stand in `web/history/words.py`."""

    ADD_HOUSEHOLD = "add_household"
    EDIT_HOUSEHOLD = "edit_household"
    ADD_NUMBER = "add_number"
    CHANGE_NUMBER = "change_number"
    MOVE_HOUSEHOLD = "move_household"
    MOVE_VILLAGE = "move_village"
    MARK_AWAY = "mark_away"
    BACK_HOME = "back_home"
    ARCHIVE_HOUSEHOLD = "archive_household"
    ERASE_HOUSEHOLD = "erase_household"
    ADD_GROUP = "add_group"
    EDIT_GROUP = "edit_group"
    SPLIT_GROUP = "split_group"
    DRAW_UP_GROUPS = "draw_up_groups"
    MERGE_GROUPS = "merge_groups"
    ARCHIVE_GROUP = "archive_group"
    REORDER_HOUSEHOLDS = "reorder_households"
    ADD_VILLAGE = "add_village"
    IMPORT_ROSTER = "import_roster"
    UNDO = "undo"
    ENROL = "enrol"
    CANCEL = "cancel"
    WITHDRAW_CONSENT = "withdraw_consent"
    SUSPEND = "suspend"
    RESUME = "resume"
    CHANGE_PLAN = "change_plan"
    CHANGE_BILLED = "change_billed"
    CORRECT = "correct"
    GIVE_DEVICE = "give_device"
    RETURN_DEVICE = "return_device"
    TIE_DEVICE = "tie_device"
    REPLACE_DEVICE = "replace_device"
    IMPORT_LIST = "import_list"
    SET_TARIFF = "set_tariff"
    REMOVE_TARIFF = "remove_tariff"
    SET_COUNT = "set_count"
    IMPORT_COUNTS = "import_counts"
    REMOVE_COUNT = "remove_count"
    SET_THRESHOLD = "set_threshold"
    REMOVE_THRESHOLD = "remove_threshold"
    ADD_ACCOUNT = "add_account"
    EDIT_ACCOUNT = "edit_account"
    CLOSE_ACCOUNT = "close_account"
    REOPEN_ACCOUNT = "reopen_account"
    EDIT_GRIDS = "edit_grids"
    EDIT_RESPONDERS = "edit_responders"
    EDIT_CAMERAS = "edit_cameras"
    INVITE = "invite"
    SIGN_IN_BY_TEXT = "sign_in_by_text"
    SET_PASSWORD = "set_password"  # noqa: S105 - a deed, no secret


class Change(Base):
    """A row of a table as it was and as it became. What was done in one go carries the same `batch`.

    `before` and `after` hold the columns that changed: all of them for a new row (`before` is None) and for one that
    was taken out (`after` is None). Moments and days are ISO texts. `village_id`, `group_id` and `household_id` say
    whose history it belongs to. `affects_from` is the first day whose figures it may change.
    """

    __tablename__ = "changes"
    __table_args__ = (
        Index("ix_changes_batch", "batch"),
        Index("ix_changes_village_id_id", "village_id", "id"),
        Index("ix_changes_group_id_id", "group_id", "id"),
        Index("ix_changes_household_id_id", "household_id", "id"),
        Index("ix_changes_table_row_id", "table", "row_id"),
        Index("ix_changes_changed_on", "changed_on"),
        Index("ix_changes_changed_by_id", "changed_by", "id"),
        # What was known at a moment: whatever was written down after it is passed over.
        Index("ix_changes_changed_at", "changed_at"),
        # What an undo took back: who may take the undo back depends on it.
        Index(
            "ix_changes_undone_by",
            "undone_by",
            sqlite_where=text("undone_by <> ''"),
            postgresql_where=text("undone_by <> ''"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch: Mapped[str] = mapped_column(String(36))
    changed_at: Mapped[datetime]
    changed_on: Mapped[date]
    changed_by: Mapped[str] = mapped_column(String(64))
    """The account's name as it was then, or that of a command."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey(Account.id))
    source: Mapped[Source] = mapped_column(store_as_value(Source))
    action: Mapped[str] = mapped_column(String(32))
    """An `Action`; what another release has written may be none of ours."""
    table: Mapped[str] = mapped_column(String(32))
    row_id: Mapped[int]
    village_id: Mapped[int | None] = mapped_column(ForeignKey(Village.id))
    group_id: Mapped[int | None] = mapped_column(ForeignKey(Group.id))
    household_id: Mapped[int | None] = mapped_column(ForeignKey(Household.id))
    affects_from: Mapped[date | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    undone_by: Mapped[str] = mapped_column(String(36), default="", server_default="")
    """The batch that took it back."""
