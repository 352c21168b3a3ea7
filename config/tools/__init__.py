"""Tools for those who develop: the environment, vendored files, the catalogue of strings.

They must not know a room of the service: they run where nothing is installed yet.
"""
