"""What the pages and the API share of lineage: how its graph is drawn in words and marks, and its files."""
