"""IAM's policy simulator, answered by the engine."""
