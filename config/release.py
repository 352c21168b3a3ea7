"""Which release this is."""

RELEASE = "0.1.0"
"""As in pyproject.toml, which an installed service does not have beside it."""
