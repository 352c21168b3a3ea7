"""Rules of whom a ring reaches first."""
