"""How a file that goes out is called, in a header that nothing in its name can break out of."""

from urllib.parse import quote

#: What RFC 8187 lets stand as it is beside letters and digits, which `quote` knows.
_AS_IT_IS = "!#$&+^`|"
#: What is no trouble in quotes; "%" and what may look like an escape of the other form are not among it.
_TROUBLE = frozenset('"\\%')


def attachment(file_name: str) -> str:
    """
    The value of Content-Disposition for a file that is to be saved under this name.

    Old clients get the name in ASCII, with `_` for what has none; others the whole of it, percent-encoded UTF-8.
    Source: RFC 6266, sections 4.3 and 5 and appendix D; RFC 8187, section 3.2.
    """
    plain = "".join(c if c.isascii() and c.isprintable() and c not in _TROUBLE else "_" for c in file_name)
    encoded = quote(file_name.encode("utf-8", "replace"), safe=_AS_IT_IS)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
