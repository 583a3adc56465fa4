"""Mutated input: nothing that is read from outside may crash the reader or open a door."""
