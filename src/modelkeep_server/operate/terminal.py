"""What an operator's terminal is told where a command cannot be done."""

import sys
from typing import NoReturn

import typer


class OperationRefused(Exception):
    """Why an operator's command was not done. The text is for the terminal."""


def fail(sentence: str) -> NoReturn:
    """End the command with a sentence on standard error and exit code 1."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(1)
