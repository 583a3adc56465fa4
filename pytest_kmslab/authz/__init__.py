"""The authorization engine: pure functions over policies, no clock, no I/O, standard library only."""
