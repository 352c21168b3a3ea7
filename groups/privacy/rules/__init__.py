"""What is unusual, from figures alone."""
