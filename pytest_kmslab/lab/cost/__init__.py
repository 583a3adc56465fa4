"""What a run costs in a real account."""
