"""Faults done to real processes, many times in a row: `make faults`. A few of them run in the suite as well."""
