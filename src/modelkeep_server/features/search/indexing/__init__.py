"""The catalogue's index: what a document is, how it follows models within transactions, how it is written anew."""
