"""The door through which joint_defense sees the roster: plain, frozen values and a few questions.

It answers from the roster as it is now; whoever needs it to stay so keeps a snapshot. Responders live in no household
of the roster: they have an id of their own, and neither a household's nor a phone's. It knows nothing of incidents,
calls and texts.
"""

from __future__ import annotations

from groups.directory.callers import (
    Caller,
    HouseholdPhone,
    away_of,
    cameras_of,
    find_caller,
    lock_group,
    phones_of,
    recipients_for,
    village_by_code,
    warm_up,
)
from groups.directory.overseers import find_overseers, is_of_account, is_overseer
from groups.directory.phone_verdicts import (
    OPTED_OUT,
    Proof,
    Reached,
    clear_refused,
    mark_failed,
    mark_refused,
    note_reached,
    opted_out,
)
from groups.directory.recipients import Recipient, Role
from groups.directory.reinforcements import backup_of, leader_phones, neighbours_of, officers, on_duty
from groups.rules.phone import read_line_number

__all__ = [
    "OPTED_OUT",
    "Caller",
    "HouseholdPhone",
    "Proof",
    "Reached",
    "Recipient",
    "Role",
    "away_of",
    "backup_of",
    "cameras_of",
    "clear_refused",
    "find_caller",
    "find_overseers",
    "is_of_account",
    "is_overseer",
    "leader_phones",
    "lock_group",
    "mark_failed",
    "mark_refused",
    "neighbours_of",
    "note_reached",
    "officers",
    "on_duty",
    "opted_out",
    "phones_of",
    "read_line_number",
    "recipients_for",
    "village_by_code",
    "warm_up",
]
