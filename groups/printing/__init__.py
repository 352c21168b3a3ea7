"""The printed directory (十户联防通讯录): what stands on it, and its PDF.

Doors: `contents.read_groups` gives the pages' contents, `compose.as_pdf` the PDF, `glyphs.missing_from` the characters
that the vendored font lacks. Tables: none of its own.
"""
