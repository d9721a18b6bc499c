"""What is offered while somebody types a query."""
