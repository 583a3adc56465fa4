"""What somebody needs at least: the smallest policies that allow what was done, and the proof of it."""
