"""What a person was told: reading it, and choosing how. Telling is features/notify."""
