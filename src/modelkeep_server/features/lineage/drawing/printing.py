"""A drawn graph as a picture of pixels."""

import math

import structlog

from modelkeep_server.ports import Printer, PrinterDown, PrintingTooLong
from modelkeep_server.rules.errors import Unavailable

log = structlog.get_logger()


#: A picture has twice the width of its drawing, for sharp screens; less where it had more pixels than this, but not
#: less than the drawing.
PIXELS_WANTED = 16_000_000


def print_png(printer: Printer, svg: str, *, area: float, of: str) -> bytes:
    """A drawing of so many square units as PNG; `of` says for the log what it is of. Raises Unavailable."""
    scale = min(2.0, max(1.0, math.sqrt(PIXELS_WANTED / area)))
    try:
        return printer.draw_png(svg, scale=scale)
    except (PrinterDown, PrintingTooLong) as error:
        log.warning("graph not printed", node=of, reason=str(error))
        remedy = "Try again in a moment, or take the graph as SVG."
        raise Unavailable("The picture could not be made.", remedy=remedy) from error
