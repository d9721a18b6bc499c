"""Who makes PDF files and pictures: Typst, in a process of its own for each."""

from functools import cache

from modelkeep_server.adapters.pdf.press import Press
from modelkeep_server.ports import Printer


@cache
def open_printer() -> Printer:
    """The printer of this process. Nothing of it is loaded, and no process started, before something is printed."""
    return Press()
