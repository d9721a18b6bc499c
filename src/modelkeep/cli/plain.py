"""Text that a terminal can be shown, whoever wrote it. Loads nothing, so that errors and help stay quick."""


def harmless(text: str) -> str:
    """Text in one line, without control characters, which a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)
