"""A drawn graph as a picture of pixels."""

import structlog

from modelkeep_server.ports import Printer, PrinterDown, PrintingTooLong
from modelkeep_server.rules.errors import Unavailable

log = structlog.get_logger()


def print_png(printer: Printer, svg: str, *, of: str) -> bytes:
    """A drawing as PNG; `of` says for the log what it is of. Raises Unavailable."""
    try:
        return printer.draw_png(svg)
    except (PrinterDown, PrintingTooLong) as error:
        log.warning("graph not printed", node=of, reason=str(error))
        remedy = "Try again in a moment, or take the graph as SVG."
        raise Unavailable("The picture could not be made.", remedy=remedy) from error
