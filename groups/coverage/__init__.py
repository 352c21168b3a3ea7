"""Figures from dated rows: coverage, trends, changes, readiness, counts, exports.

Nothing is stored twice. It must not know pages, and whom a ring reaches.
"""
