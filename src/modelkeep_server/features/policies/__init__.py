"""The rules that promotions are checked against."""
