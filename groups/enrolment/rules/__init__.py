"""Rules of subscriptions and bills: periods, months, shares."""
