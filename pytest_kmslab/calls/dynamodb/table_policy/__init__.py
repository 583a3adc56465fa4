"""Resource-based policies of tables and streams."""
