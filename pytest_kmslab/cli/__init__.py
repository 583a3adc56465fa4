"""The `kmslab` command."""
