"""PartiQL statements and the authorizations they require."""
