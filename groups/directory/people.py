"""The door to what the law on people's data asks for: what is over its time, a sheet of one's data, its erasure.

Apart from the alarm's own door, which every process loads.
"""

from __future__ import annotations

from groups.enrolment.consents import find_version
from groups.models.batch import Author, Batch
from groups.models.changes import ERASED, Action, Source
from groups.privacy.erasure import erase_from_lists, erase_household
from groups.privacy.person import SheetLine, Subject, find_subject, note_look, read_sheet, write_sheet
from groups.privacy.retention import make_dues
from groups.privacy.sealed import close_list_anew, close_secrets_anew, count_sealed, list_sealed_lists

__all__ = [
    "ERASED",
    "Action",
    "Author",
    "Batch",
    "SheetLine",
    "Source",
    "Subject",
    "close_list_anew",
    "close_secrets_anew",
    "count_sealed",
    "erase_from_lists",
    "erase_household",
    "find_subject",
    "find_version",
    "list_sealed_lists",
    "make_dues",
    "note_look",
    "read_sheet",
    "write_sheet",
]
