"""pytest fixtures that prove who can read a DynamoDB table encrypted with a KMS key."""
