"""What several test files set up the same way."""
