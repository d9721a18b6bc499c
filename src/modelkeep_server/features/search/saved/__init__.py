"""Searches that people saved: named, shared, and told of new models that match. Each runs with its reader's rights."""
