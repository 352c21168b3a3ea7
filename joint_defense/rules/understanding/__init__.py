"""What a text means: the words somebody wrote, and who they are, become one conclusion.

Doors: `understand.understand`. Tables of words stand apart from logic, in `*_words.py`; it must not know the
database. In order: `signs` (one script, one width), `theirs` (quotations and our own sentences are taken away),
`machines` (automatic replies, couriers, notices), `dangers` and `answers` (what the words say), `understand`.
"""
