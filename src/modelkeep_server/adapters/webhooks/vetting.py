"""
Which addresses may be connected to: those of the public internet, and of the networks that an operator named.

Names are looked up by the caller, once, and what this page let through is what is connected to: a name that answers
otherwise a moment later changes nothing. Sources: the IANA registries of special-purpose addresses (RFC 6890), and for
how programs read numbers as hosts the URL standard, section "host parsing".
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Public by the letter, or by Python's older lists, and yet they lead elsewhere: relays and tunnels into IPv4, what
#: clouds answer at beside 169.254.169.254, and documentation.
_LEADING_ELSEWHERE: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocols of the IETF; one cloud tells its metadata here
        "192.31.196.0/24",  # AS112, answered by whatever is near
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # relays of 6to4
        "192.175.48.0/24",  # AS112
        "2001::/23",  # Teredo, ORCHID and others of the IETF's protocols
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",
    )
)
#: The only IPv6 that is given out (RFC 4291): neither mapped, compatible, translated (NAT64) nor local addresses.
_GIVEN_OUT = IPv6Network("2000::/3")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_HOST_CHARS = 253


def find_host_fault(host: str) -> str | None:
    """What is wrong with a host as it is written, as a sentence, or None. `host` is without brackets."""
    if ":" in host:
        return None if read_address(host) else "The host is no IPv6 address."
    labels = host.removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return None if read_address(host) else "Write an IPv4 address as four decimal numbers, or name a host."
    if len(host) > _HOST_CHARS or not all(_LABEL.fullmatch(label) for label in labels):
        return "The host is no name: letters, digits and hyphens, with full stops between."
    return None


def read_address(text: str) -> Address | None:
    """The IP address that this is, in its usual spelling, or None. One with a zone is none."""
    if "%" in text:
        return None
    try:
        return ip_address(text)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet."""
    if isinstance(address, IPv6Address) and address not in _GIVEN_OUT:
        return False
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not is_within(address, _LEADING_ELSEWHERE)


def is_within(address: Address, networks: Sequence[Network]) -> bool:
    """Whether an address is in one of these networks."""
    return any(address.version == network.version and address in network for network in networks)
