"""A carrier's list of subscribers: matched with households, shown, written as a whole."""
