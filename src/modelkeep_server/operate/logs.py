"""
What the server writes to its log, on standard error: one JSON line an entry, and lines for people on a terminal.

Tracebacks are plain. structlog's own default draws every local variable with them, and so tokens, e-mails and file
keys; none of those may be in a log.
"""

import logging
import sys
from collections.abc import Sequence
from typing import Any

import structlog

_COMMON: tuple[Any, ...] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure_logs() -> None:
    """Set the log up, once, before the first request."""
    structlog.configure(
        processors=[*_COMMON, *_drawing()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def configure_web_server_logs() -> None:
    """Have what uvicorn itself says drawn as all else is."""
    handler = logging.StreamHandler(sys.stderr)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[remove, *_drawing()], foreign_pre_chain=[*_COMMON])
    )
    logger = logging.getLogger("uvicorn")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Whoever cuts an answer short says so with the reason (interfaces/sending.py); uvicorn only sees that it is."""
    return record.msg != "ASGI callable returned without completing response."


def _drawing() -> Sequence[Any]:
    if sys.stderr.isatty():
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
