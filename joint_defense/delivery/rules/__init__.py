"""Rules of slowing down when the carrier declines."""
