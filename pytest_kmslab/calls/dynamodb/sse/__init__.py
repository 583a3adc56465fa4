"""Server-side encryption of tables: the key that is chosen and the key that is used."""
