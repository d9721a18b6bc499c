"""
What the server writes to its log: one JSON line an entry, on standard error.

Tracebacks are plain. structlog's own default draws every local variable with them, and so tokens, e-mails and file
keys; none of those may be in a log.
"""

import sys

import structlog


def configure_logs() -> None:
    """Set the log up, once, before the first request."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
