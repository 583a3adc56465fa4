"""CloudFormation templates as somebody gives them: read, and held to what is given with them."""
