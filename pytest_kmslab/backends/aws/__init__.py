"""A real account: it is observed, never mended."""
