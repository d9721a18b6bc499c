"""What one installation allows: first what an operator may set (settings/ holds the defaults), then what is fixed."""

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
    #: Stored bytes that the models of one group may have in all; None is no limit.
    group_quota_bytes: int | None = None
    #: Within this time every stored file is read through.
    check_days: float = 7
    sign_in_window_seconds: int = 300
    body_bytes: int = 1024 * 1024
    invitation_seconds: int = 7 * 24 * 3600
    first_start_seconds: int = 3600
    refusals_recorded_per_minute: int = 60
    open_uploads_of_one: int = 20
    upload_seconds: int = 24 * 3600
    #: How long the answer to an upload waits for the verdict; after that the file stands as PENDING.
    verdict_seconds: float = 10
