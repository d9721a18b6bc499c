"""What a query means: fields, the tree, how it is read from words, and how the words are edited."""
