"""What is unusual, from figures alone. They must not know people, pages or the database."""
