"""What a test says: denied(), allowed(), eventually()."""
