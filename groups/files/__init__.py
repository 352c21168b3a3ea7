"""Files in and out: sheets, readers with their guards, table writing, typesetting with its font.

It must not know what a cell means: no household, no figure.
"""
