"""What an API call of KMS asks for."""
