"""What an operator's terminal is told: on standard error what happens, or why a command cannot be done."""

import sys
from typing import NoReturn

import typer


class OperationRefused(Exception):
    """Why an operator's command was not done. The text is for the terminal."""


def say_aside(sentence: str) -> None:
    """A line on standard error, so that standard output holds the result alone."""
    print(sentence, file=sys.stderr, flush=True)


def fail(sentence: str, code: int = 1) -> NoReturn:
    """End the command with a sentence on standard error."""
    say_aside(sentence)
    raise typer.Exit(code)
