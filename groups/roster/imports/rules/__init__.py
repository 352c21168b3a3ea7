"""Rules of reading a list of households: columns, rows, numbers, verdicts.

They must not know the database or pages.
"""
