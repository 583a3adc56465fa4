"""The seam for other processes and languages: HTTP in, the same decisions, HTTP out."""
