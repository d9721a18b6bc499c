"""What is thought of a file: its format, its verdict, who answers for it, what waits for an answer."""
