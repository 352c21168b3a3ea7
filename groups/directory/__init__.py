"""The door through which joint_defense sees the roster: plain, frozen values and a few questions.

It answers from the roster as it is now; whoever needs it to stay so keeps a snapshot. Responders live in no household
of the roster: they have an id of their own, and neither a household's nor a phone's. It must not know
incidents, calls and texts.
"""

from __future__ import annotations

from groups.directory.callers import (
    Caller,
    HouseholdPhone,
    find_away,
    find_caller,
    find_overseers,
    find_phone,
    find_uncalled,
    find_village,
    is_of_account,
    is_overseer,
    list_by_ids,
    list_cameras,
    list_phones,
    list_recipients,
    lock_group,
    warm_up,
)
from groups.directory.failing_numbers import (
    FailingPhone,
    PhoneOnRecord,
    list_failing,
    list_other_phones,
    read_phones,
)
from groups.directory.number_changes import (
    ChangeablePhone,
    find_household_of,
    list_changeable,
    read_written_number,
    replace_number,
)
from groups.directory.phone_verdicts import (
    OPTED_OUT,
    Proof,
    Reached,
    clear_refused,
    find_opted_out,
    list_numbers_outside,
    mark_failed,
    mark_refused,
    note_reached,
)
from groups.directory.recipients import (
    Recipient,
    Role,
    find_households_at,
    find_village_code,
    list_backup,
    list_groups,
    list_leader_phones,
    list_members,
    list_neighbours,
    list_officers,
    list_on_duty,
)
from groups.directory.sign_in_notices import NewSignIn, end_notice, is_notice_owed, put_notice_back, take_notice
from groups.directory.testable import select_testable, select_with_proof
from groups.rules.phone import PhoneNumber, is_called, read_line_number

__all__ = [
    "OPTED_OUT",
    "Caller",
    "ChangeablePhone",
    "FailingPhone",
    "HouseholdPhone",
    "NewSignIn",
    "PhoneNumber",
    "PhoneOnRecord",
    "Proof",
    "Reached",
    "Recipient",
    "Role",
    "clear_refused",
    "end_notice",
    "find_away",
    "find_caller",
    "find_household_of",
    "find_households_at",
    "find_opted_out",
    "find_overseers",
    "find_phone",
    "find_uncalled",
    "find_village",
    "find_village_code",
    "is_called",
    "is_notice_owed",
    "is_of_account",
    "is_overseer",
    "list_backup",
    "list_by_ids",
    "list_cameras",
    "list_changeable",
    "list_failing",
    "list_groups",
    "list_leader_phones",
    "list_members",
    "list_neighbours",
    "list_numbers_outside",
    "list_officers",
    "list_on_duty",
    "list_other_phones",
    "list_phones",
    "list_recipients",
    "lock_group",
    "mark_failed",
    "mark_refused",
    "note_reached",
    "put_notice_back",
    "read_line_number",
    "read_phones",
    "read_written_number",
    "replace_number",
    "select_testable",
    "select_with_proof",
    "take_notice",
    "warm_up",
]
