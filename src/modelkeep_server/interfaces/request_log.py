"""
One line of log a request, where an operator asked for it (`log_requests`).

The address itself is not in it: addresses of links, invitations and first starts are secrets. The route's template says
what was asked for, and the model's address of which model; people stand under the pseudonym that the audit log has.
"""

import re
from collections.abc import Mapping
from typing import Any

import structlog

from modelkeep_server.rules.fields import NAME_PATTERN

log = structlog.get_logger()

_ADDRESS = re.compile(rf"{NAME_PATTERN}/{NAME_PATTERN}(:[0-9A-Za-z.+-]{{1,100}})?")


def log_request(scope: Mapping[str, Any], seconds: float) -> None:
    """Log a request that was answered."""
    state = scope["state"]
    circumstances, asking = state.get("circumstances"), state.get("asking")
    route = scope.get("route")
    actor = asking.actor if asking is not None and asking.actor.is_known else None
    told = {
        "method": scope["method"][:10],
        "route": None if route is None else route.path,
        "model": _address_of(scope.get("path_params", {})),
        "status": state["status"],
        "ms": round(seconds * 1000, 1),
        "actor": None if actor is None else actor.pseudonym,
        "source": None if circumstances is None else circumstances.source,
        "request_id": None if circumstances is None else circumstances.request_id,
    }
    log.info("request", **{name: value for name, value in told.items() if value is not None})


def _address_of(named: Mapping[str, Any]) -> str | None:
    model = "/".join(str(named[key]) for key in ("group", "name") if key in named)
    address = ":".join(part for part in (model, str(named.get("version", ""))) if part)
    return address if _ADDRESS.fullmatch(address) else None
