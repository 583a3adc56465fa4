"""What earlier runs left in an account: found, and removed."""
