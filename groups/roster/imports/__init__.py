"""A list of households becomes a roster: opened, looked through, decided on, written.

It knows nothing of pages; `jobs` is what the bulk worker runs.
"""
