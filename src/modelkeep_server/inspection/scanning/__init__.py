"""Whether a file brings code: allow-lists, and default deny."""
