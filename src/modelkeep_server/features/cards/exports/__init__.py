"""Files made of one card. Each takes the card and gives text or bytes; none asks the database."""
