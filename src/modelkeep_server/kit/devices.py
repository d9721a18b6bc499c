"""What a browser calls itself, in a few words by which its owner knows it again: no version, nothing that tracks."""

#: The first that stands in the text decides: nearly every browser names others behind its own name.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def say_device(user_agent: str | None) -> str | None:
    """`Firefox on Linux` for a User-Agent header (RFC 9110, section 10.1.5); None where it says neither."""
    sent = user_agent or ""
    browser = next((name for mark, name in _BROWSERS if mark in sent), None)
    system = next((name for mark, name in _SYSTEMS if mark in sent), None)
    return " on ".join(word for word in (browser, system) if word) or None
