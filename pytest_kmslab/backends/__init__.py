"""Where calls go: moto in this process, an endpoint, or AWS."""
