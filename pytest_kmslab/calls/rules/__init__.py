"""What the services refuse for other reasons than permission, whatever backend answers."""
