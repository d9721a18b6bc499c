"""Limits that an operator may set; the values here are the guide's and product.md's."""

from dataclasses import dataclass

GIB = 1024**3


@dataclass(frozen=True)
class Limits:
    """What one installation allows. Sizes in bytes, times in seconds."""

    upload_bytes: int = 5 * GIB
    body_bytes: int = 1024 * 1024
    session_seconds: int = 12 * 3600
    session_idle_seconds: int = 12 * 3600
    invitation_seconds: int = 7 * 24 * 3600
    first_start_seconds: int = 3600
    sign_in_tries: int = 10
    sign_in_window_seconds: int = 300
    refusals_recorded_per_minute: int = 60
