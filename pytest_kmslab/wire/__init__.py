"""Requests and responses by botocore's models."""
