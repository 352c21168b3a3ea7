"""Rules of slowing down when the carrier declines. They must not know the database or the carrier."""
