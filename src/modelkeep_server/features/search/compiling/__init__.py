"""A tree of the query language as SQL: how rows are come by, in which order they stand, and what they add up to."""
