"""
The catalogue's index: what a document is, how it follows models within transactions, how it is written anew.

1. `projection` is told of each change by the transaction that makes it; `reindexing` writes all of it anew.
2. `gathering` reads the rows that feed it, and `documents` says what a document is.
3. `changes` finds what differs from what the index has, and `writing` writes that: `values` (packed as `codes`) and
   `texts`, many rows of a table by one statement (`row_writes`).
4. `checking` compares the whole, and `sweeping` takes out what no document needs any more.
"""
