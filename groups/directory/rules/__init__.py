"""Rules of whom a ring reaches first. They must not know the database."""
