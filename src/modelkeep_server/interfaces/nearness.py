"""Whether a request comes from this machine itself, or only seems to because a proxy on it passed it on."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers

#: What a proxy adds, and nobody who asks directly does.
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-host", "x-forwarded-proto", "via")
_LOOPBACK_NAME = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")


def is_from_here(scope: Mapping[str, Any], headers: Headers) -> bool:
    """
    Whether a request was sent on this machine, to a name of this machine, and through no proxy.

    The name counts as well: a page in a browser of this machine can be led here under a name of its own.
    """
    client = scope["client"]
    if client is None or any(name in headers for name in _FORWARDED):
        return False
    named = headers.getlist("host")
    if len(named) != 1 or not _LOOPBACK_NAME.fullmatch(named[0].lower()):
        return False
    try:
        address = ipaddress.ip_address(client[0].partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
