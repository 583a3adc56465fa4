"""The calls of botocore clients in this process."""
