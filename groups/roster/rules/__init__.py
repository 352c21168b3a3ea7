"""Rules of a roster on their own: door order, what is missing in a group. No database, no pages."""
