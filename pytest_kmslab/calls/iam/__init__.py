"""What an API call of IAM asks for."""
