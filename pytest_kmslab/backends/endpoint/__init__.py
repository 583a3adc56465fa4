"""Any endpoint that speaks AWS's APIs: the backend, what it knows, and what of it is mended."""
