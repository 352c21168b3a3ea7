"""A list of households becomes a roster: opened, looked through, decided on, written.

It must not know pages and other kinds of list; `jobs` is what the bulk worker runs.
"""
