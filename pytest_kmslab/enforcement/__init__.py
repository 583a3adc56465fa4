"""The seam: every call is decided here before it reaches a backend."""
