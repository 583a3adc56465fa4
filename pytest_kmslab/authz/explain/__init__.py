"""A decision as text for a person."""
