"""The incident board."""
