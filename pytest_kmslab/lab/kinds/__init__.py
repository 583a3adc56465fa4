"""The kinds of resources that a lab makes."""
