"""moto, in this process: the backend, what it knows, and what of it is mended."""
