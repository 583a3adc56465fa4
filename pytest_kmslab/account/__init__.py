"""What is known of an account: callers, keys, tables and policies."""
