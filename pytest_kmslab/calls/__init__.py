"""What an API call asks for: each operation of the enforced services, as authorization requests."""
