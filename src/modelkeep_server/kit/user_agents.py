"""What a User-Agent header tells of a browser, in the words of people: "Firefox 128", "Windows". RFC 9110, 10.1.5."""

import re

UNKNOWN = "unknown"
#: The first that fits: later ones name themselves in the headers of earlier ones too.
_BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/(\d+)"),
    ("Opera", r"OPR/(\d+)"),
    ("Samsung Internet", r"SamsungBrowser/(\d+)"),
    ("Firefox", r"(?:Firefox|FxiOS)/(\d+)"),
    ("Chrome", r"(?:Chrome|CriOS|HeadlessChrome)/(\d+)"),
    ("Safari", r"Version/(\d+)[\d.]* .*Safari/"),
    ("curl", r"^curl/([\d.]+)"),
)
_SYSTEMS = (
    ("iOS", r"iPhone|iPad"),
    ("Android", r"Android"),
    ("ChromeOS", r"CrOS"),
    ("Windows", r"Windows"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("Linux", r"Linux|X11"),
)


def browser_of(header: str) -> str:
    """The browser with its main version, or "unknown"."""
    for name, pattern in _BROWSERS:
        found = re.search(pattern, header[:1000])
        if found:
            return f"{name} {found[1]}"
    return UNKNOWN


def system_of(header: str) -> str:
    """The operating system, or "unknown"."""
    return next((name for name, pattern in _SYSTEMS if re.search(pattern, header[:1000])), UNKNOWN)
