"""Create and tear down what the lab needs."""
