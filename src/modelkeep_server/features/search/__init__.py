"""
Finding models: from what somebody types to a page of rows, each step in a room of its own.

1. `language` reads the query: text to tokens to one tree, or a mistake that says where and what to write instead.
2. `asking` joins the filters beside the query to that tree.
3. `compiling` makes SQL of the tree for either database, chooses the way to its rows, and ranks them.
4. `facets` counts what else the models found have.
5. `queries` is the door: it reads the filter, searches, and reads the rows that are shown (`rows`).

`indexing` writes what is searched, in the transaction of each change. `completion` offers what may come next in a
query, `likening` what may have been meant by one that finds nothing, `browsing` lists groups and tags, `exporting`
takes a whole result out, and `saved` keeps searches and tells people of new models that match.
"""
