"""A service that keeps customers: a Lambda function, and a job that exports them."""
