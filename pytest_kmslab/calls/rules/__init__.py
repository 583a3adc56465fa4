"""What a service refuses for other reasons than permission, whatever the backend."""
