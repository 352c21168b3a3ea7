"""Tools for those who develop: the environment, vendored files, the catalogue of strings."""
