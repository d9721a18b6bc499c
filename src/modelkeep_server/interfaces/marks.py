"""Marks that pages and files share: the icons of states, and sizes as people read them."""

from collections.abc import Mapping

from modelkeep_server.rules.lifecycle import State

_ICONS: Mapping[State, str] = {
    State.DRAFT: "pencil-line",
    State.SUBMITTED: "scan-eye",
    State.CHANGES_REQUESTED: "message-square-warning",
    State.APPROVED_STAGING: "badge-check",
    State.STAGING: "flask-conical",
    State.APPROVED_PROD: "badge-check",
    State.PRODUCTION: "radio",
    State.DEPRECATED: "hourglass",
    State.RETIRED: "archive",
}


def icon_of(state: State) -> str:
    """The lucide icon of a state."""
    return _ICONS[State(state)]


def format_size(size_bytes: int) -> str:
    """A size in decimal units, three figures or four: 684 B, 18.4 MB, 1.29 GB."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    value = float(size_bytes)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5 or unit == "TB":
            break
    digits = 2 if unit in ("GB", "TB") and value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f} {unit}"
