"""Random authorization cases, decided by this engine and by independent ones."""
