"""What a text means: the words somebody wrote, and who they are, become one conclusion.

Doors: `understand.understand`. Tables of words stand apart from logic, in `*_words.py`; nothing here has a table in the
database. In order: `signs` (one script, one width), `theirs` (quotations and our own sentences are taken away),
`machines` (automatic replies, couriers, notices), `dangers` and `answers` (what the words say), `understand`.
"""
