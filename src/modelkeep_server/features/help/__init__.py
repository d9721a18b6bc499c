"""The user guide: its chapters as pages, the search in them, and where to ask people."""
