"""The door to what the law on people's data asks for: what is over its time, a sheet of one's data, its erasure.

Apart from the alarm's own door, which every process loads.
"""

from __future__ import annotations

from groups.enrolment.consents import find_version
from groups.models.batch import Author, Batch
from groups.models.changes import ERASED, Action, Source
from groups.privacy.erasure import erase_former_duties, erase_from_lists, erase_household
from groups.privacy.person import SheetLine, Subject, find_subject, note_look, read_sheet, write_sheet
from groups.privacy.retention import make_dues
from groups.privacy.sealed import close_list_anew, close_secrets_anew, count_sealed, list_sealed_lists
from groups.privacy.words import Wanted, drop_open_lists, erase_from_words, find_wanted

__all__ = [
    "ERASED",
    "Action",
    "Author",
    "Batch",
    "SheetLine",
    "Source",
    "Subject",
    "Wanted",
    "close_list_anew",
    "close_secrets_anew",
    "count_sealed",
    "drop_open_lists",
    "erase_former_duties",
    "erase_from_lists",
    "erase_from_words",
    "erase_household",
    "find_subject",
    "find_version",
    "find_wanted",
    "list_sealed_lists",
    "make_dues",
    "note_look",
    "read_sheet",
    "write_sheet",
]
