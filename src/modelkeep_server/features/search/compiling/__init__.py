"""
A tree of the query language as SQL: how rows are come by, and in which order they stand.

1. `lookups` finds what values and wildcards stand for (query expansion).
2. `compiler` says each leaf as SQL, with `sqlite` and `postgresql` for what is each database's own: what a text looks
   for is a shape (`shapes`), words side by side are pairs (`pairs`), dates are months where the index has those
   (`months`), whatever was typed is bound (`binds`).
3. `ways` chooses among `starts` (access paths) the one that costs least, by the `shares` of all models that fit
   (selectivity).
4. `pages` reads rows that way, in an order; where they are ranked, `ranking` says by which steps.
"""
