"""Waits and retries of the lab."""
