"""Where a role came from, as codes in the table of grants and in words."""

from collections.abc import Mapping

from modelkeep_server.ports import Issuer

SOURCES = {
    "FIRST_START": "the first start",
    "INVITATION": "an invitation",
    "OPERATOR": "an operator on the server's host",
    "ADMIN": "an Admin",
}

#: The filter's word for every source that is none of these; and how those begin: `ISSUER:<slug>:<value of the claim>`.
ISSUER = "ISSUER"


def is_by_hand(source: str) -> bool:
    """Whether people gave it, so that people can take it away; what an issuer's claims gave follows them alone."""
    return source in SOURCES


def source_of_claim(slug: str, value: str) -> str:
    """The code of a role that follows from a value of an issuer's claim."""
    return f"{ISSUER}:{slug}:{value}"


def issuer_of(source: str) -> str | None:
    """The slug of the issuer whose claims gave a role, or None where people did."""
    return None if is_by_hand(source) else source.partition(":")[2].partition(":")[0]


def say_source(source: str, issuers: Mapping[str, Issuer]) -> str:
    """The source in words, to follow "from" or "by": "an invitation", "the group ml-owners at Keycloak"."""
    if source in SOURCES:
        return SOURCES[source]
    slug, _, value = source.partition(":")[2].partition(":")
    name = issuers[slug].name if slug in issuers else slug or source
    return f"the group {value} at {name}" if value else f"the claims of {name}"
