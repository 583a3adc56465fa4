"""The expressions of DynamoDB: read into trees, and held to what DynamoDB takes."""
