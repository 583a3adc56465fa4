"""The pipeline over HTTP, for other processes and languages."""
