"""Rules of how a household stands in an incident, for those who watch."""
