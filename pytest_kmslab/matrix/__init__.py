"""Who may do what: whole calls, decided without being made."""
