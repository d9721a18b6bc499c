"""Gathering what a card says from what the registry holds."""
