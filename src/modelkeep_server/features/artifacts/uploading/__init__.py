"""How files come in: in one go or in several, received, sealed, read back, counted against quotas."""
