"""Rules of subscriptions and bills: periods, months, shares. They must not know the database or pages."""
