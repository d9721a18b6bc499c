"""What one installation allows: first what an operator may set (settings.py holds the defaults), then what is fixed."""

from dataclasses import dataclass

GIB = 1024**3


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    upload_bytes: int
    session_seconds: int
    session_idle_seconds: int
    sign_in_tries: int
    #: Whether a second Admin confirms each grant of MRC, Security Architect and Admin.
    dual_control: bool = False
    sign_in_window_seconds: int = 300
    body_bytes: int = 1024 * 1024
    invitation_seconds: int = 7 * 24 * 3600
    first_start_seconds: int = 3600
    refusals_recorded_per_minute: int = 60
