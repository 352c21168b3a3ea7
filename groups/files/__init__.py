"""Files in and out: sheets, readers with their guards, table writing, typesetting with its font.

It knows cells and pages, never what they mean.
"""
