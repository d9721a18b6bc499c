"""What may have been meant by a query that finds nothing."""
