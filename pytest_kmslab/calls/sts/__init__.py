"""The authorizations that a call of STS requires."""
