"""Rules of reading a list of households: columns, rows, numbers, verdicts. No database, no files, no pages."""
