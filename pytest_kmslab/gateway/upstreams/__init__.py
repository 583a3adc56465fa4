"""What stands behind the gateway."""
