"""Figures from dated rows: coverage, trends, changes, readiness, counts, exports.

Nothing is stored twice; it knows nothing of pages.
"""
