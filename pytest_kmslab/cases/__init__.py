"""Authorization cases in JSON: read, written, decided."""
