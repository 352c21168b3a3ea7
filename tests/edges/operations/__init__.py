"""Copies, restores, and the doctor."""
