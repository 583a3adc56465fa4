"""What moto drops or gets wrong, put right."""
