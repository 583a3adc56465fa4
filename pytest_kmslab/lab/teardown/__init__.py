"""Removal of what was made, and the ledger of it."""
