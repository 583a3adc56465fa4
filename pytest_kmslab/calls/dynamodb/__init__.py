"""What an API call of DynamoDB and of its streams asks for."""
