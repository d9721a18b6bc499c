"""Where a role came from, as codes in the table of grants and in words."""

SOURCES = {
    "FIRST_START": "the first start",
    "INVITATION": "an invitation",
    "OPERATOR": "an operator on the server's host",
    "ADMIN": "an Admin",
}

#: The filter's word for every source that is none of these.
ISSUER = "ISSUER"


def is_by_hand(source: str) -> bool:
    """Whether people gave it, so that people can take it away; what an issuer's claims gave follows them alone."""
    return source in SOURCES


def say_source(source: str) -> str:
    """The source in words, to follow "from" or "by"."""
    return SOURCES.get(source) or f"the claims of {source.partition(':')[2] or source}"
