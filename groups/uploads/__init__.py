"""Lists that somebody brings: taken in, looked through, shown, confirmed, written; the same way for every kind.

Doors: `uploads` (what a page does with a list), `jobs` (the work of seconds, in bulk or in the request), `kinds` (what
a kind of list has to offer). Tables: `models.uploads`. It must not know what any list is about.
"""
